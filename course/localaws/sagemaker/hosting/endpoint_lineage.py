"""Creates the lineage of endpoints: a context of each, an action of each deployment, and artifacts of what it serves.

Source: "Tracking Entities for Endpoints" of the developer guide; types, sources and associations as DataHub's ingestion of SageMaker reads
them (metadata-ingestion/tests/unit/sagemaker), read 2026-11-28. Our choices: the names; an update is a new action, and the actions of
earlier deployments stay. Inference components, which are deployed one by one, are missing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.experiments import lineage
from course.localaws.sagemaker.registry.lineage import container_parts

logger = logging.getLogger(__name__)


def record_deployment(engine: ResourceEngine, context: Context, endpoint: Document) -> None:
    """Create the lineage of a deployment that is about to be in service. An error in it never affects the endpoint.

    Parameters
    ----------
    endpoint : dict
        The endpoint's document as it is after the deployment.
    """
    try:
        _record(engine, context, endpoint)
    except Exception:
        logger.exception("the lineage of %s", endpoint["EndpointArn"])


def _record(engine: ResourceEngine, context: Context, endpoint: Document) -> None:
    name, arn, created, now = endpoint["EndpointName"], endpoint["EndpointArn"], endpoint["CreationTime"], engine.now()
    action = {
        "ActionName": f"{name}-{int(now * 1000)}-aws-endpoint",
        "ActionType": "ModelDeployment",
        "Source": lineage.source_of(arn, now),
        "Status": "Completed",
        "Properties": {"EndpointConfigName": endpoint["EndpointConfigName"]},
    }
    whole = {
        "ContextName": f"{name}-{int(created)}-aws-endpoint",
        "ContextType": "Endpoint",
        "Source": lineage.source_of(arn, created),
    }
    deployment = lineage.ensure(engine, context, lineage.ACTION, action)
    for uri, kind in dict.fromkeys(_parts(endpoint)):
        lineage.link(engine, context, lineage.artifact(engine, context, uri, kind), deployment, "ContributedTo")
    lineage.link(engine, context, deployment, lineage.ensure(engine, context, lineage.CONTEXT, whole), "AssociatedWith")


def _parts(endpoint: Document) -> Iterator[tuple[str, str]]:
    """The URIs and types of what an endpoint serves: images, models and model packages."""
    for variant in [*endpoint["_Variants"], *endpoint["_Settings"].get("Shadows", ())]:
        for container in variant["Containers"]:
            yield from container_parts(container)
            if "ModelPackageName" in container:
                yield container["ModelPackageName"], "Model"
