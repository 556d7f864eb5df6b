"""EventBridge events about endpoints: changes of their status, and the stages of a deployment.

Source: "Events that Amazon SageMaker AI sends to Amazon EventBridge" of the developer guide, read 2026-11-25. Its examples write the status
in capitals.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from course.localaws.context import Context
from course.localaws.sagemaker.core.state_events import send
from course.localaws.sagemaker.hosting.endpoints import ENDPOINT

if TYPE_CHECKING:
    from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
    from course.localaws.platform import Platform

STATE, DEPLOYMENT = "SageMaker Endpoint State Change", "SageMaker Endpoint Deployment State Change"


class EndpointEvents:
    """Sends the events. `ResourceEngine` calls it after each change of a resource."""

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._platform, self._engine = platform, engine

    def follows(self, kind: ResourceKind) -> bool:
        return kind is ENDPOINT

    def __call__(self, context: Context, kind: ResourceKind, before: Document | None, after: Document) -> None:
        shown = after | {"EndpointStatus": re.sub(r"(?<!^)(?=[A-Z])", "_", after["EndpointStatus"]).upper()}
        if before is None or before["EndpointStatus"] != after["EndpointStatus"]:
            send(self._platform, self._engine, context, STATE, kind, shown)
        if before is not None and (stages := _stages(after)) and stages != _stages(before):
            send(self._platform, self._engine, context, DEPLOYMENT, kind, shown)


def _stages(document: Document) -> list[dict]:
    """The stages that the variants of an endpoint are in."""
    variants = [*document.get("PendingDeploymentSummary", {}).get("ProductionVariants", ()), *document["ProductionVariants"]]
    return [stage for variant in variants for stage in variant.get("VariantStatus", ())]
