"""Creates the lineage of endpoints: a context of each, an action of each deployment, and artifacts of what it serves.

Source: "Tracking Entities for Endpoints" of the developer guide; types, sources and associations as DataHub's ingestion of SageMaker reads
them (metadata-ingestion/tests/unit/sagemaker), read 2026-11-28. Our choices: the names; an update is a new action, and the actions of
earlier deployments stay; an inference component is a deployment to its endpoint.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.experiments import lineage
from course.localaws.sagemaker.registry.lineage import container_parts

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Deployment:
    """What is deployed: the resource with its variants, and the action's name with a place for the time."""

    name: str
    arn: str
    variants: list[dict]
    properties: dict[str, str]


def record_deployment(engine: ResourceEngine, context: Context, endpoint: Document) -> None:
    """Create the lineage of a deployment that is about to be in service. An error in it never affects the endpoint.

    Parameters
    ----------
    endpoint : dict
        The endpoint's document as it is after the deployment.
    """
    variants = [*endpoint["_Variants"], *endpoint["_Settings"].get("Shadows", ())]
    name, properties = f"{endpoint['EndpointName']}-{{}}-aws-endpoint", {"EndpointConfigName": endpoint["EndpointConfigName"]}
    _record(engine, context, endpoint, _Deployment(name, endpoint["EndpointArn"], variants, properties))


def record_component(engine: ResourceEngine, context: Context, endpoint: Document, component: Document, variant: dict) -> None:
    """Create the lineage of an inference component that is about to be in service with ``variant``, as `record_deployment` does."""
    name, arn = component["InferenceComponentName"], component["InferenceComponentArn"]
    properties = {"InferenceComponentName": name}
    _record(engine, context, endpoint, _Deployment(f"{name}-{{}}-aws-inference-component", arn, [variant], properties))


def _record(engine: ResourceEngine, context: Context, endpoint: Document, deployed: _Deployment) -> None:
    now, created = engine.now(), endpoint["CreationTime"]
    action = {
        "ActionName": deployed.name.format(int(now * 1000)),
        "ActionType": "ModelDeployment",
        "Source": lineage.source_of(deployed.arn, now),
        "Status": "Completed",
        "Properties": deployed.properties,
    }
    whole = {
        "ContextName": f"{endpoint['EndpointName']}-{int(created)}-aws-endpoint",
        "ContextType": "Endpoint",
        "Source": lineage.source_of(endpoint["EndpointArn"], created),
    }
    try:
        deployment = lineage.ensure(engine, context, lineage.ACTION, action)
        for uri, kind in dict.fromkeys(_parts(deployed.variants)):
            lineage.link(engine, context, lineage.artifact(engine, context, uri, kind), deployment, "ContributedTo")
        lineage.link(engine, context, deployment, lineage.ensure(engine, context, lineage.CONTEXT, whole), "AssociatedWith")
    except Exception:
        logger.exception("the lineage of %s", deployed.arn)


def _parts(variants: list[dict]) -> Iterator[tuple[str, str]]:
    """The URIs and types of what variants serve: images, models and model packages."""
    for variant in variants:
        for container in variant["Containers"]:
            yield from container_parts(container)
            if "ModelPackageName" in container:
                yield container["ModelPackageName"], "Model"
