"""The operations on monitoring schedules, their executions and their alerts. `runner` runs them."""

from __future__ import annotations

import asyncio

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family, list_page
from course.localaws.sagemaker.hosting.endpoints import Endpoints
from course.localaws.sagemaker.monitoring import alerts, checks, executions, timing
from course.localaws.sagemaker.monitoring.job_definitions import monitoring_job
from course.localaws.sagemaker.monitoring.kinds import ALERT_CHANGE, MONITORING_EXECUTION, MONITORING_SCHEDULE
from course.localaws.sagemaker.monitoring.monitoring_job import DATA_QUALITY
from course.localaws.sagemaker.monitoring.runner import ScheduleRunner, next_times
from course.localaws.sagemaker.processing.operations import ProcessingJobs


class MonitoringSchedules(Family):
    """The family of monitoring schedules."""

    needs = (ProcessingJobs, Endpoints)
    kinds = (MONITORING_SCHEDULE, MONITORING_EXECUTION, ALERT_CHANGE)

    def __init__(self, platform: Platform, engine: ResourceEngine, processing: ProcessingJobs, endpoints: Endpoints) -> None:
        self._platform, self._engine = platform, engine
        self._runner = ScheduleRunner(platform, engine, processing, endpoints)
        self.listeners = (self._runner,)
        self.operations: dict[str, Operation] = {
            "CreateMonitoringSchedule": self.create,
            "UpdateMonitoringSchedule": self.update,
            "DescribeMonitoringSchedule": self.describe,
            "ListMonitoringSchedules": list_page(engine, MONITORING_SCHEDULE, "MonitoringScheduleSummaries"),
            "DeleteMonitoringSchedule": self.delete,
            "StartMonitoringSchedule": self.start,
            "StopMonitoringSchedule": self.stop,
            "ListMonitoringExecutions": self.list_executions,
            "ListMonitoringAlerts": self.list_alerts,
            "ListMonitoringAlertHistory": self.list_alert_history,
            "UpdateMonitoringAlert": self.update_alert,
        }

    async def create(self, context: Context, params: dict) -> dict:
        return await asyncio.to_thread(self._create, context, params)

    async def update(self, context: Context, params: dict) -> dict:
        return await asyncio.to_thread(self._update, context, params)

    def _create(self, context: Context, params: dict) -> dict:
        name = params["MonitoringScheduleName"]
        document = without_none(self._checked(context, name, params["MonitoringScheduleConfig"]))
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
        """Start a stopped schedule again: it runs at the next time of its expression. Nothing happens to one that is not stopped."""

        def changes(document: Document) -> dict:
            if document["MonitoringScheduleStatus"] != "Stopped":
                return {}
            expression = document["MonitoringScheduleConfig"]["ScheduleConfig"]["ScheduleExpression"]
            return {"MonitoringScheduleStatus": "Scheduled"} | self._times(document["MonitoringScheduleName"], expression)

        self._engine.update(context, MONITORING_SCHEDULE, params["MonitoringScheduleName"], changes)
        self._platform.scheduler.wake()

    def stop(self, context: Context, params: dict) -> None:
        """Stop a schedule. An execution that runs goes on."""
        changes = {"MonitoringScheduleStatus": "Stopped", "_Next": None, "_RunAt": None}
        self._engine.update(context, MONITORING_SCHEDULE, params["MonitoringScheduleName"], changes)

    def list_executions(self, context: Context, params: dict) -> dict:
        return executions.list_executions(self._engine, context, params)

    def list_alerts(self, context: Context, params: dict) -> dict:
        schedule = self._engine.get(context, MONITORING_SCHEDULE, params["MonitoringScheduleName"])
        return {"MonitoringAlertSummaries": [alerts.alert_of(schedule)]}

    def list_alert_history(self, context: Context, params: dict) -> dict:
        if "MonitoringScheduleName" in params:
            self._engine.get(context, MONITORING_SCHEDULE, params["MonitoringScheduleName"])
        return alerts.history(self._engine, context, params)

    def update_alert(self, context: Context, params: dict) -> dict:
        def changes(schedule: Document) -> dict:
            return alerts.updated(self._engine, schedule, params)

        schedule = self._engine.update(context, MONITORING_SCHEDULE, params["MonitoringScheduleName"], changes)
        return {member: params.get(member, schedule.get(member)) for member in ("MonitoringScheduleArn", "MonitoringAlertName")}

    def recover(self) -> None:
        self._runner.recover()

    def _checked(self, context: Context, name: str, config: dict) -> Document:
        """A schedule's document; None removes a member. Raises AwsError."""
        if ("MonitoringJobDefinition" in config) == ("MonitoringJobDefinitionName" in config):
            raise invalid("Exactly one of MonitoringJobDefinition and MonitoringJobDefinitionName must be provided.")
        monitoring_type = config.get("MonitoringType", DATA_QUALITY)
        if monitoring_type != DATA_QUALITY and "MonitoringJobDefinition" in config:
            raise invalid(f"A schedule of type {monitoring_type} needs MonitoringJobDefinitionName.")
        if "ScheduleConfig" not in config:
            raise invalid("ScheduleConfig must be provided.")
        try:
            job = monitoring_job(self._engine, context, config)
        except AwsError as error:  # this operation has no error for a missing definition
            raise invalid(error.message) from error
        checks.check_schedule(config["ScheduleConfig"], job)
        checks.check(self._platform, context, job)
        document = {
            "MonitoringScheduleConfig": config | {"MonitoringType": monitoring_type},
            "MonitoringScheduleStatus": "Scheduled",
            "MonitoringType": monitoring_type,
            "EndpointName": job.endpoint or None,
            "MonitoringJobDefinitionName": config.get("MonitoringJobDefinitionName"),
        }
        return document | self._times(name, config["ScheduleConfig"]["ScheduleExpression"])

    def _times(self, name: str, expression: str) -> dict:
        now = self._engine.now()
        return {"_Next": now, "_RunAt": now} if expression == timing.NOW else next_times(name, expression, now)


def without_none(document: Document) -> Document:
    """A document without the members that have no value, which a change of the resource would remove."""
    return {member: value for member, value in document.items() if value is not None}
