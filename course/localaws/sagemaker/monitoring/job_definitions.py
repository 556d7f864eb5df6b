"""The definitions of Model Monitor's jobs: what a schedule runs. A definition never changes.

Those for bias and explainability are refused, because Clarify is not here yet.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any

from course.localaws.context import Context, Operation
from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family
from course.localaws.sagemaker.core.job_family import unsupported
from course.localaws.sagemaker.core.protection import require_role

DEFAULT_SECONDS = 3600  # of MaxRuntimeInSeconds


class JobDefinitionKind(ResourceKind):
    """A kind whose members are called ``JobDefinitionName`` and ``JobDefinitionArn``, and otherwise in summaries."""

    @property
    def name_member(self) -> str:
        return "JobDefinitionName"

    @property
    def arn_member(self) -> str:
        return "JobDefinitionArn"

    def summarise(self, document: Document) -> dict[str, Any]:
        return {
            "MonitoringJobDefinitionName": document["JobDefinitionName"],
            "MonitoringJobDefinitionArn": document["JobDefinitionArn"],
            "CreationTime": document["CreationTime"],
            "EndpointName": document["_EndpointName"],
        }


def _kind(monitoring_type: str, arn: str) -> JobDefinitionKind:
    return JobDefinitionKind(
        name=f"{monitoring_type}JobDefinition",
        arn=arn,
        missing="Could not find JobDefinition with name: {name}",
        missing_code="ResourceNotFound",
        exists="JobDefinition with name {name} already exists",
        exists_code="ResourceInUse",
        filters={"EndpointName": "EndpointName"},
        mutable=False,
    )


DATA_QUALITY, MODEL_QUALITY = "DataQuality", "ModelQuality"
KINDS = {
    DATA_QUALITY: _kind(DATA_QUALITY, "data-quality-job-definition"),
    MODEL_QUALITY: _kind(MODEL_QUALITY, "model-quality-job-definition"),
}


class JobDefinitions(Family):
    """The operations on definitions."""

    kinds = tuple(KINDS.values())

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._platform, self._engine = platform, engine
        self.operations: dict[str, Operation] = {}
        for kind in self.kinds:
            self.operations |= {
                f"Create{kind.name}": partial(self.create, kind),
                f"Describe{kind.name}": partial(self.describe, kind),
                f"List{kind.name}s": partial(self.list, kind),
                f"Delete{kind.name}": partial(self.delete, kind),
            }

    async def create(self, kind: ResourceKind, context: Context, params: dict) -> dict:
        return await asyncio.to_thread(self._create, kind, context, params)

    def describe(self, kind: ResourceKind, context: Context, params: dict) -> Document:
        return self._engine.get(context, kind, params["JobDefinitionName"])

    def list(self, kind: ResourceKind, context: Context, params: dict) -> dict:
        summaries, token = self._engine.page(context, kind, params)
        return {"JobDefinitionSummaries": summaries, "NextToken": token}

    def delete(self, kind: ResourceKind, context: Context, params: dict) -> None:
        self._engine.delete(context, kind, params["JobDefinitionName"])

    def _create(self, kind: ResourceKind, context: Context, params: dict) -> dict:
        require_role(self._platform, params["RoleArn"])
        given = params[f"{kind.name.removesuffix('Definition')}Input"]
        document = params | {"_EndpointName": endpoint_input(given)["EndpointName"]}
        document["StoppingCondition"] = {"MaxRuntimeInSeconds": DEFAULT_SECONDS} | params.get("StoppingCondition", {})
        return {"JobDefinitionArn": self._engine.create(context, kind, params["JobDefinitionName"], document, params.get("Tags", ()))}


@dataclass(frozen=True)
class MonitoringJob:
    """What a schedule runs, from a definition of its own or one in the schedule.

    Attributes
    ----------
    kind : str
        ``DataQuality`` or ``ModelQuality``.
    application, baseline, output, resources, network, stopping, environment : dict
        Members of the definition.
    input : dict
        The ``EndpointInput``.
    ground_truth : str
        The S3 URI of labels, ``""`` for data quality.
    role : str
    """

    kind: str
    application: dict[str, Any]
    baseline: dict[str, Any]
    input: dict[str, Any]
    output: dict[str, Any]
    resources: dict[str, Any]
    network: dict[str, Any]
    stopping: dict[str, Any]
    environment: dict[str, str]
    ground_truth: str
    role: str

    @property
    def endpoint(self) -> str:
        """The name of the endpoint."""
        return self.input["EndpointName"]


def monitoring_job(engine: ResourceEngine, context: Context, config: dict[str, Any]) -> MonitoringJob:
    """The job of a ``MonitoringScheduleConfig``. Raises AwsError if its definition does not exist."""
    kind = config.get("MonitoringType", DATA_QUALITY)
    if "MonitoringJobDefinition" in config:
        given = config["MonitoringJobDefinition"]
        [source] = given["MonitoringInputs"]
        return MonitoringJob(
            kind,
            given["MonitoringAppSpecification"],
            given.get("BaselineConfig", {}),
            endpoint_input(source),
            given["MonitoringOutputConfig"],
            given["MonitoringResources"],
            given.get("NetworkConfig", {}),
            {"MaxRuntimeInSeconds": DEFAULT_SECONDS} | given.get("StoppingCondition", {}),
            given.get("Environment", {}),
            "",
            given["RoleArn"],
        )
    given = engine.get(context, KINDS[kind], config["MonitoringJobDefinitionName"])
    source, application = given[f"{kind}JobInput"], given[f"{kind}AppSpecification"]
    return MonitoringJob(
        kind,
        application,
        given.get(f"{kind}BaselineConfig", {}),
        endpoint_input(source),
        given[f"{kind}JobOutputConfig"],
        given["JobResources"],
        given.get("NetworkConfig", {}),
        given["StoppingCondition"],
        application.get("Environment", {}),
        source.get("GroundTruthS3Input", {}).get("S3Uri", ""),
        given["RoleArn"],
    )


def endpoint_input(given: dict[str, Any]) -> dict[str, Any]:
    """The ``EndpointInput`` of a job's input. Raises AwsError unless it is the only one."""
    if ("EndpointInput" in given) == ("BatchTransformInput" in given):
        raise invalid("Exactly one of EndpointInput and BatchTransformInput must be provided.")
    if "BatchTransformInput" in given:
        raise unsupported("monitoring of batch transform jobs (BatchTransformInput)")
    return given["EndpointInput"]
