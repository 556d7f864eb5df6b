"""The definitions of Model Monitor's jobs, of four kinds: what a schedule runs. A definition never changes.

That a schedule locks its definition, AWS's SDK says where it deletes both (``delete_monitoring_schedule`` of sagemaker-core 2.27.0).
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from course.localaws.context import Context, Operation
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family
from course.localaws.sagemaker.monitoring import checks
from course.localaws.sagemaker.monitoring.monitoring_job import (
    DATA_QUALITY,
    MODEL_BIAS,
    MODEL_EXPLAINABILITY,
    MODEL_QUALITY,
    MonitoringJob,
    defined,
    inline,
)

NO_ENDPOINT = "batch-transform"  # AWS's model wants a name in every summary, also in that of a definition without an endpoint


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
            "EndpointName": document["_EndpointName"] or NO_ENDPOINT,
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


KINDS = {
    DATA_QUALITY: _kind(DATA_QUALITY, "data-quality-job-definition"),
    MODEL_QUALITY: _kind(MODEL_QUALITY, "model-quality-job-definition"),
    MODEL_BIAS: _kind(MODEL_BIAS, "model-bias-job-definition"),
    MODEL_EXPLAINABILITY: _kind(MODEL_EXPLAINABILITY, "model-explainability-job-definition"),
}


class JobDefinitions(Family):
    """The operations on definitions."""

    kinds = tuple(KINDS.values())

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._platform, self._engine = platform, engine
        self.operations: dict[str, Operation] = {}
        for monitoring_type, kind in KINDS.items():
            self.operations |= {
                f"Create{kind.name}": partial(self.create, monitoring_type),
                f"Describe{kind.name}": partial(self.describe, kind),
                f"List{kind.name}s": partial(self.list, kind),
                f"Delete{kind.name}": partial(self.delete, kind),
            }

    async def create(self, monitoring_type: str, context: Context, params: dict) -> dict:
        return await asyncio.to_thread(self._create, monitoring_type, context, params)

    def describe(self, kind: ResourceKind, context: Context, params: dict) -> Document:
        return self._engine.get(context, kind, params["JobDefinitionName"])

    def list(self, kind: ResourceKind, context: Context, params: dict) -> dict:
        summaries, token = self._engine.page(context, kind, params)
        return {"JobDefinitionSummaries": summaries, "NextToken": token}

    def delete(self, kind: ResourceKind, context: Context, params: dict) -> None:
        """Delete a definition. The later executions of a schedule that uses it fail: the API has no error for a definition in use."""
        self._engine.delete(context, kind, params["JobDefinitionName"])

    def _create(self, monitoring_type: str, context: Context, params: dict) -> dict:
        job, kind = defined(monitoring_type, params), KINDS[monitoring_type]
        checks.check(self._platform, context, job)
        document = params | {"StoppingCondition": job.stopping, "_EndpointName": job.endpoint}
        return {"JobDefinitionArn": self._engine.create(context, kind, params["JobDefinitionName"], document, params.get("Tags", ()))}


def monitoring_job(engine: ResourceEngine, context: Context, config: dict[str, Any]) -> MonitoringJob:
    """The job of a ``MonitoringScheduleConfig``. Raises AwsError if its definition does not exist."""
    if "MonitoringJobDefinition" in config:
        return inline(config["MonitoringJobDefinition"])
    monitoring_type = config.get("MonitoringType", DATA_QUALITY)
    return defined(monitoring_type, engine.get(context, KINDS[monitoring_type], config["MonitoringJobDefinitionName"]))
