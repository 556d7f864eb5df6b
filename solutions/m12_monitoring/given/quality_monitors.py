"""Monitoring schedules: their executions, and all that these left to read."""

import json
import time
from typing import Any

import pandas as pd

RUNNING = ("Pending", "InProgress", "Stopping")
LOOK_EVERY, LONGEST = 0.1, 900  # seconds


def executions(sagemaker: Any, schedule: str, number: int = 1) -> list[dict]:
    """The executions of a schedule, the oldest first, once at least so many have ended and none runs.

    Raises
    ------
    TimeoutError
        When that takes more than 15 minutes.
    """
    order = {"SortBy": "ScheduledTime", "SortOrder": "Ascending"}
    for _ in range(int(LONGEST / LOOK_EVERY)):
        found = sagemaker.list_monitoring_executions(MonitoringScheduleName=schedule, **order)
        found = found["MonitoringExecutionSummaries"]
        if len(found) >= number and not any(each["MonitoringExecutionStatus"] in RUNNING for each in found):
            return found
        time.sleep(LOOK_EVERY)
    raise TimeoutError(f"the schedule {schedule} has {len(found)} executions, and not {number} that have ended.")


def shown(found: list[dict]) -> pd.DataFrame:
    """Scheduled time, status and failure reason of executions."""
    rows = [
        {
            "scheduled": f"{each['ScheduledTime']:%d %H:%M}",
            "status": each["MonitoringExecutionStatus"],
            "reason": each.get("FailureReason", ""),
        }
        for each in found
    ]
    return pd.DataFrame(rows)


def run_once(sagemaker: Any, schedule: str, definition: dict, hours_ago: int) -> None:
    """Create a monitor of a definition that runs once, now, over 24 hours of traffic, the most that a run may have. These hours ended
    ``hours_ago``. The monitor has the definition's own name."""
    sagemaker.create_model_quality_job_definition(JobDefinitionName=schedule, **definition)
    window = {"DataAnalysisStartTime": f"-PT{hours_ago + 24}H", "DataAnalysisEndTime": f"-PT{hours_ago}H"}
    config = {"ScheduleConfig": {"ScheduleExpression": "NOW", **window}}
    config |= {"MonitoringJobDefinitionName": schedule, "MonitoringType": "ModelQuality"}
    sagemaker.create_monitoring_schedule(MonitoringScheduleName=schedule, MonitoringScheduleConfig=config)


def reports(aws: Any, execution: dict) -> dict[str, Any]:
    """The files of a completed execution, by their names without ``.json``."""
    job = _job(aws, execution)
    bucket, _, prefix = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"].removeprefix("s3://").partition("/")
    s3, names = aws.client("s3"), ("statistics", "constraint_violations")
    return {name: json.loads(s3.get_object(Bucket=bucket, Key=f"{prefix}/{name}.json")["Body"].read()) for name in names}


def told(aws: Any, execution: dict) -> list[str]:
    """What an execution left to read: its failure reason, and of its last job the exit message, log, violations and environment."""
    texts = [execution.get("FailureReason", "")]
    if "ProcessingJobArn" not in execution:
        return texts
    job = _job(aws, execution)
    group, name = "/aws/sagemaker/ProcessingJobs", job["ProcessingJobName"]
    logged = aws.client("logs").filter_log_events(logGroupName=group, logStreamNamePrefix=f"{name}/")
    texts += [job.get("ExitMessage", ""), *(event["message"] for event in logged["events"])]
    if execution["MonitoringExecutionStatus"].startswith("Completed"):
        texts += [each["description"] for each in reports(aws, execution)["constraint_violations"]["violations"]]
    texts += [f"{name}={value}" for name, value in job["Environment"].items()]
    return list(dict.fromkeys(filter(None, texts)))


def _job(aws: Any, execution: dict) -> dict:
    name = execution["ProcessingJobArn"].rpartition("/")[2]
    return aws.client("sagemaker").describe_processing_job(ProcessingJobName=name)
