"""What Search shows of endpoints and models beside their own members: monitoring schedules, as in AWS's model dashboard.

Source: ``Endpoint`` and ``ModelDashboardModel`` in botocore's model, read 2026-11-29. Search has no resource for schedules, job
definitions or executions themselves. AWS does not document which schedules belong to a model. Here they are those of the endpoints that
host it, and those that read what its transform jobs captured. There are no model cards, so no record has one.
"""

from __future__ import annotations

from botocore.model import Shape

from course.localaws.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.protocol.model import service_model
from course.localaws.sagemaker.hosting.components.placement import INFERENCE_COMPONENT
from course.localaws.sagemaker.hosting.endpoints import ENDPOINT
from course.localaws.sagemaker.monitoring import alerts
from course.localaws.sagemaker.monitoring.job_definitions import monitoring_job
from course.localaws.sagemaker.monitoring.kinds import MONITORING_SCHEDULE
from course.localaws.sagemaker.transform.operations import TRANSFORM_JOB


class Dashboard:
    """The schedules, endpoints and transform jobs at the time of one search."""

    def __init__(self, engine: ResourceEngine, context: Context) -> None:
        self._engine, self._context = engine, context
        self._schedules = engine.documents(context, MONITORING_SCHEDULE)

    def endpoint(self, endpoint: Document) -> dict:
        """The further members of an ``Endpoint``."""
        found = [self._schedule(each, "MonitoringSchedule") for each in self._of_endpoints({endpoint["EndpointName"]})]
        return {"MonitoringSchedules": found} if found else {}

    def model(self, model: Document) -> dict:
        """The further members of a ``ModelDashboardModel``."""
        name = model["ModelName"]
        endpoints = [each for each in self._engine.documents(self._context, ENDPOINT) if name in self._hosted(each)]
        jobs = [each for each in self._engine.documents(self._context, TRANSFORM_JOB) if each["ModelName"] == name]
        schedules = self._of_endpoints({each["EndpointName"] for each in endpoints}) + self._of_jobs(jobs)
        members = {
            "Endpoints": [shown(each, _shape("ModelDashboardEndpoint")) for each in endpoints],
            "MonitoringSchedules": [self._of_dashboard(each) for each in schedules],
        }
        if jobs:
            members["LastBatchTransformJob"] = shown(max(jobs, key=lambda job: job["CreationTime"]), _shape("TransformJob"))
        return {member: value for member, value in members.items() if value}

    def _hosted(self, endpoint: Document) -> set[str]:
        """The names of the models that an endpoint hosts, also those of its inference components."""
        variants = [*endpoint["_Variants"], *endpoint["_Settings"].get("Shadows", ())]
        components = [
            each.get("Specification", {})
            for each in self._engine.documents(self._context, INFERENCE_COMPONENT)
            if each["EndpointName"] == endpoint["EndpointName"]
        ]
        return {each["ModelName"] for each in [*variants, *components] if "ModelName" in each}

    def _of_endpoints(self, names: set[str]) -> list[Document]:
        return [each for each in self._schedules if each.get("EndpointName") in names]

    def _of_jobs(self, jobs: list[Document]) -> list[Document]:
        """The schedules that read what one of these transform jobs captured."""
        places = {job["DataCaptureConfig"]["DestinationS3Uri"].rstrip("/") for job in jobs if "DataCaptureConfig" in job}
        return [each for each in self._schedules if self._source(each).get("DataCapturedDestinationS3Uri", "").rstrip("/") in places]

    def _source(self, schedule: Document) -> dict:
        """The ``EndpointInput`` or the ``BatchTransformInput`` of a schedule; empty when its definition was deleted."""
        try:
            return monitoring_job(self._engine, self._context, schedule["MonitoringScheduleConfig"]).source
        except AwsError:
            return {}

    def _of_dashboard(self, schedule: Document) -> dict:
        members = self._schedule(schedule, "ModelDashboardMonitoringSchedule")
        members["MonitoringAlertSummaries"] = [alerts.alert_of(schedule)]
        batch = {} if "EndpointName" in schedule else self._source(schedule)
        return members | ({"BatchTransformInput": batch} if batch else {})

    def _schedule(self, schedule: Document, shape: str) -> dict:
        tags = self._engine.tags(schedule["MonitoringScheduleArn"])
        return shown(schedule | ({"Tags": tags} if tags else {}), _shape(shape))


def shown(document: Document, shape: Shape) -> dict:
    """The members of a document that a shape has."""
    return {member: value for member, value in document.items() if member in shape.members}


def _shape(name: str) -> Shape:
    return service_model("sagemaker").shape_for(name)
