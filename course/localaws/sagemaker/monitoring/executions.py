"""The executions of monitoring schedules, as ListMonitoringExecutions shows them. A processing job does the work of each."""

from __future__ import annotations

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.core.failure_reasons import shorten
from course.localaws.sagemaker.monitoring.jobs import is_merge
from course.localaws.sagemaker.monitoring.kinds import MONITORING_EXECUTION
from course.localaws.sagemaker.processing.operations import PROCESSING_JOB

STATUS = MONITORING_EXECUTION.status
RUNNING = ("Pending", "InProgress", "Stopping")
WITH_VIOLATIONS = "CompletedWithViolations"
NO_DATA = "Job inputs had no data"
LOST = "InternalServerError: the local AWS was stopped before the job was created"
INTERNAL = ("MonitoringExecutionName", "MonitoringExecutionArn")  # no operation shows them


def begin(engine: ResourceEngine, context: Context, schedule: Document, scheduled: float) -> Document | None:
    """Record a new execution of a schedule at its scheduled time. None if it is already there: it ran before the local AWS was killed."""
    name = f"{schedule['MonitoringScheduleName']}-{scheduled:.3f}"
    if found := engine.find(context, MONITORING_EXECUTION, name):
        if found["CreationTime"] >= schedule["CreationTime"]:
            return None
        engine.delete(context, MONITORING_EXECUTION, name)  # of an earlier schedule of the name
    members = ("MonitoringScheduleName", "EndpointName", "MonitoringType", "MonitoringJobDefinitionName")
    document = {member: schedule[member] for member in members if member in schedule}
    engine.create(context, MONITORING_EXECUTION, name, document | {"ScheduledTime": scheduled, STATUS: "Pending"})
    return engine.get(context, MONITORING_EXECUTION, name)


def failed(engine: ResourceEngine, context: Context, name: str, reason: str) -> Document:
    """Record that an execution failed."""
    return engine.update(context, MONITORING_EXECUTION, name, {STATUS: "Failed", "FailureReason": shorten(reason)})


def completed(engine: ResourceEngine, context: Context, job: str) -> bool:
    """Whether a processing job has completed."""
    found = engine.find(context, PROCESSING_JOB, job)
    return found is not None and found["ProcessingJobStatus"] == "Completed"


def follow(engine: ResourceEngine, context: Context, name: str, job: str) -> Document:
    """Give an execution the status of its processing job. A merge that completes leaves it in progress."""
    document = engine.get(context, PROCESSING_JOB, job)
    status = document["ProcessingJobStatus"]
    if status == "Completed" and is_merge(job):
        status = "InProgress"
    if status == "Completed" and document.get("ExitMessage", "").startswith(WITH_VIOLATIONS):
        status = WITH_VIOLATIONS
    changes = {STATUS: status, "ProcessingJobArn": document["ProcessingJobArn"]}
    if status == "Failed":
        changes["FailureReason"] = shorten(document.get("ExitMessage") or document.get("FailureReason", ""))
    return engine.update(context, MONITORING_EXECUTION, name, changes)


def interrupted(engine: ResourceEngine, context: Context, execution: Document) -> Document:
    """Record how an execution ended that ran when the local AWS was killed: as its last job, or it failed."""
    name, job = execution["MonitoringExecutionName"], execution.get("ProcessingJobArn", "").rpartition("/")[2]
    if not engine.find(context, PROCESSING_JOB, job) or (is_merge(job) and completed(engine, context, job)):
        return failed(engine, context, name, LOST)
    return follow(engine, context, name, job)


def summary(execution: Document) -> dict:
    """An execution as ``LastMonitoringExecutionSummary`` shows it."""
    return {member: value for member, value in execution.items() if member not in INTERNAL and not member.startswith("_")}


def list_executions(engine: ResourceEngine, context: Context, params: dict) -> dict:
    """ListMonitoringExecutions."""
    summaries, token = engine.page(context, MONITORING_EXECUTION, params)
    return {"MonitoringExecutionSummaries": [summary(each) for each in summaries], "NextToken": token}
