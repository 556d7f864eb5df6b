"""The executions of monitoring schedules, as ListMonitoringExecutions shows them. A processing job does the work of each."""

from __future__ import annotations

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.sagemaker.core.failure_reasons import shorten
from course.localaws.sagemaker.monitoring.jobs import Execution
from course.localaws.sagemaker.processing.operations import PROCESSING_JOB

RUNNING = ("Pending", "InProgress", "Stopping")
WITH_VIOLATIONS = "CompletedWithViolations"
NO_DATA = "Job inputs had no data"
INTERNAL = ("MonitoringExecutionName", "MonitoringExecutionArn")  # no operation shows them

MONITORING_EXECUTION = ResourceKind(
    name="MonitoringExecution",
    arn="monitoring-execution",
    missing="Could not find execution {name}",
    exists="Execution {name} already exists",
    status="MonitoringExecutionStatus",
    summary=(
        "MonitoringScheduleName",
        "ScheduledTime",
        "ProcessingJobArn",
        "EndpointName",
        "FailureReason",
        "MonitoringJobDefinitionName",
        "MonitoringType",
    ),
    filters={
        "MonitoringScheduleName": "MonitoringScheduleName",
        "EndpointName": "EndpointName",
        "MonitoringJobDefinitionName": "MonitoringJobDefinitionName",
        "MonitoringTypeEquals": "MonitoringType",
    },
)


def begun(engine: ResourceEngine, context: Context, execution: Execution) -> str:
    """Record a new execution and return its name."""
    schedule = execution.schedule
    name = f"{schedule['MonitoringScheduleName']}-{int(execution.scheduled)}"
    config = schedule["MonitoringScheduleConfig"]
    document = {
        "MonitoringScheduleName": schedule["MonitoringScheduleName"],
        "ScheduledTime": execution.scheduled,
        "MonitoringExecutionStatus": "Pending",
        "EndpointName": execution.job.endpoint,
        "MonitoringType": schedule["MonitoringType"],
    }
    if "MonitoringJobDefinitionName" in config:
        document["MonitoringJobDefinitionName"] = config["MonitoringJobDefinitionName"]
    if engine.find(context, MONITORING_EXECUTION, name):  # a schedule that ran NOW twice in a second
        engine.delete(context, MONITORING_EXECUTION, name)
    engine.create(context, MONITORING_EXECUTION, name, document)
    return name


def failed(engine: ResourceEngine, context: Context, name: str, reason: str) -> Document:
    """Record that an execution failed."""
    return engine.update(context, MONITORING_EXECUTION, name, {"MonitoringExecutionStatus": "Failed", "FailureReason": shorten(reason)})


def completed(engine: ResourceEngine, context: Context, job: str) -> bool:
    """Whether a processing job has completed."""
    found = engine.find(context, PROCESSING_JOB, job)
    return found is not None and found["ProcessingJobStatus"] == "Completed"


def follow(engine: ResourceEngine, context: Context, name: str, job: str, last: bool = True) -> Document:
    """Give an execution the status of its processing job. A job that is not the ``last`` leaves it in progress when it completes."""
    document = engine.get(context, PROCESSING_JOB, job)
    status = document["ProcessingJobStatus"]
    if status == "Completed" and not last:
        status = "InProgress"
    if status == "Completed" and document.get("ExitMessage", "").startswith(WITH_VIOLATIONS):
        status = WITH_VIOLATIONS
    changes = {"MonitoringExecutionStatus": status, "ProcessingJobArn": document["ProcessingJobArn"]}
    if status == "Failed":
        changes["FailureReason"] = shorten(document.get("ExitMessage") or document.get("FailureReason", ""))
    return engine.update(context, MONITORING_EXECUTION, name, changes)


def list_executions(engine: ResourceEngine, context: Context, params: dict) -> dict:
    """ListMonitoringExecutions."""
    summaries, token = engine.page(context, MONITORING_EXECUTION, params)
    shown = [{member: value for member, value in each.items() if member not in INTERNAL} for each in summaries]
    return {"MonitoringExecutionSummaries": shown, "NextToken": token}
