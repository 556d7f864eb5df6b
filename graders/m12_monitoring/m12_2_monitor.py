"""Monitors of model quality that run once for a check, and what their executions left. The monitors are deleted afterwards."""

from __future__ import annotations

import contextlib
import json
import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from course.grading import Answer, AnswerError
from course.grading.jobs import execution_ended, log_streams

COMPLETED = ("Completed", "CompletedWithViolations")
LONGEST = 300  # seconds: the longest wait for an execution


@dataclass(frozen=True)
class Ended:
    """An execution that has ended.

    Attributes
    ----------
    scheduled : datetime
        When it was scheduled, by AWS's clock.
    status, reason : str
        Its status and failure reason; ``""`` if it did not fail.
    texts : list of str
        What it left to read: failure reason, exit message, logs, violations, and the environment of its last job.
    statistics : dict
        Its metrics of the model's quality; empty if it did not complete.
    """

    scheduled: datetime
    status: str
    reason: str = ""
    texts: list[str] = field(default_factory=list)
    statistics: dict[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """Its status, and the reason if it failed, as a part of a sentence."""
        return f"{self.status}: {self.reason}" if self.reason else self.status


def run_once(answer: Answer, name: str, request: dict[str, Any], since: datetime, until: datetime | None = None) -> Ended:
    """Create a definition and a schedule that runs once, now, over the traffic between two times; both are deleted.

    Parameters
    ----------
    answer : Answer
    name : str
        Of the definition and of the schedule.
    request : dict
        Of CreateModelQualityJobDefinition, without a name.
    since, until : datetime
        By AWS's clock, at most 24 hours apart. Without ``until``, all traffic until now.

    Raises
    ------
    ClientError, ParamValidationError
        AWS refuses the request.
    AnswerError
        The execution does not end.
    """
    sagemaker = answer.client("sagemaker")
    with contextlib.ExitStack() as made:
        sagemaker.create_model_quality_job_definition(JobDefinitionName=name, **request)
        made.callback(sagemaker.delete_model_quality_job_definition, JobDefinitionName=name)
        now = sagemaker.describe_model_quality_job_definition(JobDefinitionName=name)["CreationTime"]
        sagemaker.create_monitoring_schedule(
            MonitoringScheduleName=name,
            MonitoringScheduleConfig={
                "ScheduleConfig": {
                    "ScheduleExpression": "NOW",
                    "DataAnalysisStartTime": _offset(now, since),
                    "DataAnalysisEndTime": _offset(now, until or now),
                },
                "MonitoringJobDefinitionName": name,
                "MonitoringType": "ModelQuality",
            },
        )
        made.callback(sagemaker.delete_monitoring_schedule, MonitoringScheduleName=name)
        return ended(answer, name)


def _offset(now: datetime, moment: datetime) -> str:
    return f"-PT{math.ceil((now - moment).total_seconds())}S"


def ended(answer: Answer, schedule: str) -> Ended:
    """The last execution of a schedule, once it has ended. Raises AnswerError if it has not after `LONGEST` seconds."""
    execution = execution_ended(answer.client("sagemaker"), schedule, LONGEST)
    if execution is None:
        raise AnswerError(f"The execution of the schedule {schedule} has not ended after {LONGEST} seconds.")
    return _ended(answer, execution)


def _ended(answer: Answer, execution: dict[str, Any]) -> Ended:
    outcome = execution["ScheduledTime"], execution["MonitoringExecutionStatus"], execution.get("FailureReason", "")
    _, status, reason = outcome
    if "ProcessingJobArn" not in execution:
        return Ended(*outcome, [reason])
    job = answer.client("sagemaker").describe_processing_job(ProcessingJobName=execution["ProcessingJobArn"].rpartition("/")[2])
    texts = [reason, job.get("ExitMessage", "")]
    for lines in log_streams(answer.client("logs"), "processing", job["ProcessingJobName"]).values():
        texts += lines
    texts += [f"{name}={value}" for name, value in job["Environment"].items()]
    if status not in COMPLETED:
        return Ended(*outcome, texts)
    reports = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    found = read(answer, f"{reports}/constraint_violations.json")
    texts += [each["description"] for each in (found or {}).get("violations", [])]
    metrics = next((value for name, value in read(answer, f"{reports}/statistics.json").items() if name.endswith("_metrics")), {})
    return Ended(*outcome, texts, metrics)


def read(answer: Answer, uri: str) -> Any:
    """A JSON object in S3; None if it is not there."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        return json.loads(answer.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError:
        return None
