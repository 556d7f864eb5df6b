"""The SageMaker jobs that a check runs or looks at: their role, how they ended, and what they wrote to CloudWatch Logs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from course.grading.errors import AnswerError
from course.grading.exercise.answer import Answer

DELAY = 0.2  # seconds between two looks at a job
UNDER_WAY = ("Pending", "InProgress", "Stopping")  # statuses of an execution of a monitoring schedule


def sagemaker_role(iam: Any) -> str:
    """The ARN of the learner's role for jobs: the first whose name has SageMaker. ``iam`` is a boto3 client."""
    return next(each["Arn"] for each in iam.list_roles()["Roles"] if "SageMaker" in each["RoleName"])


def ended(sagemaker: Any, kind: str, name: str, seconds: float = 60) -> dict[str, Any]:
    """The description of a job after it has ended, successfully or not.

    Parameters
    ----------
    sagemaker : boto3 client
    kind : str
        "training", "processing" or "transform".
    name : str
        Of the job.
    seconds : float
        The longest wait. A job that takes longer is described as it is then.
    """
    named = {f"{kind.title()}JobName": name}
    waiter = sagemaker.get_waiter(f"{kind}_job_completed_or_stopped")
    with contextlib.suppress(WaiterError):  # the job failed; its description says why
        waiter.wait(**named, WaiterConfig={"Delay": DELAY, "MaxAttempts": round(seconds / DELAY)})
    return getattr(sagemaker, f"describe_{kind}_job")(**named)


def started_or_requested(
    answer: Answer, function: str, arguments: tuple, find: Callable[[], dict[str, Any] | None], status: str
) -> tuple[dict[str, Any] | None, Any]:
    """Call a learner's function that starts a job with the SDK, or returns a request for boto3.

    Parameters
    ----------
    answer : Answer
    function : str
        Its name.
    arguments : tuple
    find : callable
        Returns the description of the job, or None if there is none.
    status : str
        The member of the description with the job's status.

    Returns
    -------
    (dict or None, object)
        The description of the job that was started, and what the function returned.

    Raises
    ------
    AnswerError
        The function raised an exception, and not because the job failed.
    """
    try:
        returned = answer.call(function, *arguments)
    except AnswerError:
        job = find()
        if job is None or job[status] != "Failed":
            raise
        return job, None  # the SDK raises an exception when a job fails; the job's description and log say more
    return find(), returned


def stop(sagemaker: Any, kind: str, name: str) -> None:
    """Stop a job that a check has no use for. One that has ended, or never began, cannot be stopped. The rest is as for `ended`."""
    with contextlib.suppress(ClientError):
        getattr(sagemaker, f"stop_{kind}_job")(**{f"{kind.title()}JobName": name})


def execution_ended(sagemaker: Any, schedule: str, seconds: float) -> dict[str, Any] | None:
    """The newest execution of a monitoring schedule, once it has ended. None if there is none, or it runs on, after ``seconds``."""
    for _ in range(round(seconds / DELAY)):
        found = sagemaker.list_monitoring_executions(MonitoringScheduleName=schedule, SortBy="ScheduledTime", SortOrder="Descending")
        executions = found["MonitoringExecutionSummaries"]
        if executions and executions[0]["MonitoringExecutionStatus"] not in UNDER_WAY:
            return executions[0]
        time.sleep(DELAY)
    return None


def log_streams(logs: Any, kind: str, name: str) -> dict[str, list[str]]:
    """The messages in each log stream of a job, by the stream's name. ``logs`` is a boto3 client; the rest is as for `ended`."""
    group = f"/aws/sagemaker/{kind.title()}Jobs"
    described = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")
    streams = {}
    for stream in (each["logStreamName"] for each in described["logStreams"]):
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, logStreamNames=[stream])
        streams[stream] = [event["message"] for page in pages for event in page["events"]]
    return streams
