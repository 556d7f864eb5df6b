"""The operations on monitoring schedules and their executions. `runner` runs them."""

from __future__ import annotations

import asyncio

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family, list_page
from course.localaws.sagemaker.core.job_family import unsupported
from course.localaws.sagemaker.core.protection import require_role
from course.localaws.sagemaker.hosting.endpoints import Endpoints
from course.localaws.sagemaker.monitoring import executions, timing
from course.localaws.sagemaker.monitoring.job_definitions import DATA_QUALITY, KINDS, monitoring_job
from course.localaws.sagemaker.monitoring.runner import ScheduleRunner, next_times
from course.localaws.sagemaker.processing.operations import ProcessingJobs

MONITORING_SCHEDULE = ResourceKind(
    name="MonitoringSchedule",
    arn="monitoring-schedule",
    missing="Could not find MonitoringSchedule {arn}",
    missing_code="ResourceNotFound",
    exists="MonitoringSchedule {arn} already exists",
    exists_code="ResourceInUse",
    status="MonitoringScheduleStatus",
    summary=("EndpointName", "MonitoringJobDefinitionName", "MonitoringType"),
    filters={
        "EndpointName": "EndpointName",
        "MonitoringJobDefinitionName": "MonitoringJobDefinitionName",
        "MonitoringTypeEquals": "MonitoringType",
    },
)


class MonitoringSchedules(Family):
    """The family of monitoring schedules."""

    needs = (ProcessingJobs, Endpoints)
    kinds = (MONITORING_SCHEDULE, executions.MONITORING_EXECUTION)

    def __init__(self, platform: Platform, engine: ResourceEngine, processing: ProcessingJobs, endpoints: Endpoints) -> None:
        self._platform, self._engine = platform, engine
        self._runner = ScheduleRunner(platform, engine, MONITORING_SCHEDULE, processing, endpoints)
        self.operations: dict[str, Operation] = {
            "CreateMonitoringSchedule": self.create,
            "UpdateMonitoringSchedule": self.update,
            "DescribeMonitoringSchedule": self.describe,
            "ListMonitoringSchedules": list_page(engine, MONITORING_SCHEDULE, "MonitoringScheduleSummaries"),
            "DeleteMonitoringSchedule": self.delete,
            "StartMonitoringSchedule": self.start,
            "StopMonitoringSchedule": self.stop,
            "ListMonitoringExecutions": self.list_executions,
        }

    async def create(self, context: Context, params: dict) -> dict:
        return await asyncio.to_thread(self._create, context, params)

    async def update(self, context: Context, params: dict) -> dict:
        return await asyncio.to_thread(self._update, context, params)

    def _create(self, context: Context, params: dict) -> dict:
        name = params["MonitoringScheduleName"]
        document = self._checked(context, name, params["MonitoringScheduleConfig"])
        arn = self._engine.create(context, MONITORING_SCHEDULE, name, document, params.get("Tags", ()))
        self._platform.scheduler.wake()
        return {"MonitoringScheduleArn": arn}

    def _update(self, context: Context, params: dict) -> dict:
        name = params["MonitoringScheduleName"]
        self._engine.get(context, MONITORING_SCHEDULE, name)
        document = self._checked(context, name, params["MonitoringScheduleConfig"])
        changed = self._engine.update(context, MONITORING_SCHEDULE, name, {"FailureReason": None} | document)
        self._platform.scheduler.wake()
        return {"MonitoringScheduleArn": changed["MonitoringScheduleArn"]}

    def describe(self, context: Context, params: dict) -> Document:
        document = self._engine.get(context, MONITORING_SCHEDULE, params["MonitoringScheduleName"])
        return {member: value for member, value in document.items() if member != "MonitoringJobDefinitionName"}  # only lists show it

    def delete(self, context: Context, params: dict) -> None:
        name = params["MonitoringScheduleName"]
        last = self._engine.get(context, MONITORING_SCHEDULE, name).get("LastMonitoringExecutionSummary", {})
        if last.get("MonitoringExecutionStatus") in executions.RUNNING:
            raise invalid(f"MonitoringSchedule {name} has an execution in progress; stop it, or wait for its end.")
        self._engine.delete(context, MONITORING_SCHEDULE, name)

    def start(self, context: Context, params: dict) -> None:
        """Start a stopped schedule again: it runs at the next time of its expression."""

        def changes(document: Document) -> dict:
            if document["MonitoringScheduleStatus"] != "Stopped":
                raise invalid(f"MonitoringSchedule {document['MonitoringScheduleName']} is not stopped.")
            expression = document["MonitoringScheduleConfig"]["ScheduleConfig"]["ScheduleExpression"]
            return {"MonitoringScheduleStatus": "Scheduled"} | self._times(document, expression)

        self._engine.update(context, MONITORING_SCHEDULE, params["MonitoringScheduleName"], changes)
        self._platform.scheduler.wake()

    def stop(self, context: Context, params: dict) -> None:
        """Stop a schedule. An execution that runs goes on."""
        changes = {"MonitoringScheduleStatus": "Stopped", "_Next": None, "_RunAt": None}
        self._engine.update(context, MONITORING_SCHEDULE, params["MonitoringScheduleName"], changes)

    def list_executions(self, context: Context, params: dict) -> dict:
        return executions.list_executions(self._engine, context, params)

    def recover(self) -> None:
        """Executions whose jobs were lost have failed with them."""
        for context, execution in list(self._engine.every(executions.MONITORING_EXECUTION, executions.RUNNING)):
            name = execution["MonitoringExecutionName"]
            if "ProcessingJobArn" in execution:
                self._runner.follow(context, name, execution["ProcessingJobArn"].rpartition("/")[2])
            else:
                executions.failed(self._engine, context, name, "InternalServerError: the local AWS was stopped before the job was created")

    def _checked(self, context: Context, name: str, config: dict) -> Document:
        """A new schedule's document. Raises AwsError as AWS does, or for what is not supported."""
        if ("MonitoringJobDefinition" in config) == ("MonitoringJobDefinitionName" in config):
            raise invalid("Exactly one of MonitoringJobDefinition and MonitoringJobDefinitionName must be provided.")
        kind = config.get("MonitoringType", DATA_QUALITY)
        if kind not in KINDS:
            raise unsupported(f"monitoring schedules of type {kind}")
        if kind != DATA_QUALITY and "MonitoringJobDefinition" in config:
            raise invalid(f"A schedule of type {kind} needs MonitoringJobDefinitionName.")
        if "ScheduleConfig" not in config:
            raise invalid("ScheduleConfig must be provided.")
        schedule = config["ScheduleConfig"]
        timing.check(schedule["ScheduleExpression"])
        try:
            job = monitoring_job(self._engine, context, config)
        except AwsError as error:
            raise error if error.code == "NotSupportedByLocalAws" else invalid(error.message) from error
        timing.window(schedule, 0.0, job.input)
        require_role(self._platform, job.role)
        document = {
            "MonitoringScheduleName": name,
            "MonitoringScheduleConfig": config | {"MonitoringType": kind},
            "MonitoringScheduleStatus": "Scheduled",
            "MonitoringType": kind,
            "EndpointName": job.endpoint,
            "MonitoringJobDefinitionName": config.get("MonitoringJobDefinitionName"),
        }
        document = {member: value for member, value in document.items() if value is not None}
        return document | self._times(document, schedule["ScheduleExpression"])

    def _times(self, document: Document, expression: str) -> dict:
        now = self._engine.now()
        return {"_Next": now, "_RunAt": now} if expression == timing.NOW else next_times(document, expression, now)
