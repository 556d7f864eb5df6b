"""Meters the instances and volumes of jobs and endpoints.

AWS bills jobs by the second: training jobs for their ``BillableTimeInSeconds``, the others from start to end. It bills the instances of an
endpoint from its creation to its deletion ("Amazon SageMaker Pricing"; developer guide, "Delete Endpoints and Resources").
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from course.localaws.billing.usage import Item
from course.localaws.context import Context

if TYPE_CHECKING:
    from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
    from course.localaws.platform import Platform

SERVICE = "AmazonSageMaker"
COMPONENTS = {"TrainingJob": "Train", "ProcessingJob": "Processing", "TransformJob": "Tsform", "Endpoint": "Host"}
SPOT, ASYNCHRONOUS = "TrSpt", "AsyncInf"
VOLUME = "VolumeUsage.gp2"
RUN, STORE = "RunInstance", "CreateVolume-Gp2"


class Metering:
    """Writes what jobs and endpoints hold to the usage store. A listener of `ResourceEngine`, called after each change of a resource."""

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._usage, self._engine = platform.usage, engine

    def follows(self, kind: ResourceKind) -> bool:
        return kind.name in COMPONENTS

    def __call__(self, context: Context, kind: ResourceKind, before: Document | None, after: Document) -> None:
        arn, quantities = after[kind.arn_member], self._quantities(context, kind, after)
        if kind.name == "Endpoint":
            holds = after[kind.status] in kind.holding_statuses
            self._usage.hold(arn, quantities if holds else {}, after["CreationTime"] if before is None else None)
            return
        began, ended = (after.get(f"{kind.name.removesuffix('Job')}{each}Time") for each in ("Start", "End"))
        if began is not None and ended is None:
            self._usage.hold(arn, quantities, began)
        elif began is not None and (before or {}).get(f"{kind.name.removesuffix('Job')}EndTime") is None:
            self._usage.hold(arn, quantities, began)  # it may have been lost with an earlier process
            self._usage.end(arn, began, ended, after.get("BillableTimeInSeconds", math.ceil(ended - began)))

    def recover(self) -> None:
        """After a start: hold what endpoints and jobs hold, and end what the last process could not end."""
        left = {arn for arn, items in self._usage.held().items() if any(item.service == SERVICE for item in items)}
        for kind in [each for each in self._engine.kinds.values() if self.follows(each)]:
            for context, document in self._engine.every(kind, kind.holding_statuses):
                left.discard(document[kind.arn_member])
                self(context, kind, document, document)
        for arn in left:
            self._usage.hold(arn, {})

    def _quantities(self, context: Context, kind: ResourceKind, document: Document) -> dict[Item, float]:
        arn, component = document[kind.arn_member], COMPONENTS[kind.name]
        instances = SPOT if document.get("EnableManagedSpotTraining") else component
        if "Async" in document.get("_Settings", {}):
            instances = ASYNCHRONOUS
        found: Counter[Item] = Counter()
        for instance_type, count in kind.instances(document):
            found[Item(SERVICE, f"{instances}:{instance_type}", RUN, context.region, arn)] += count
        if gigabytes := _VOLUMES[kind.name](document):
            found[Item(SERVICE, f"{component}:{VOLUME}", STORE, context.region, arn)] = gigabytes
        return dict(found)


def _endpoint_volumes(document: Document) -> int:
    variants = [*document["_Variants"], *document["_Settings"].get("Shadows", ())]
    return sum(variant.get("VolumeSizeInGB", 0) * variant["InstanceCount"] for variant in variants if "InstanceType" in variant)


def _of_cluster(member: Callable[[Document], Document]) -> Callable[[Document], int]:
    """The gigabytes of a job's cluster: each instance has a volume of its own."""

    def gigabytes(document: Document) -> int:
        resources = member(document)
        chosen = resources.get("InstancePreferences", [resources])[0]  # as `processing.checks.instances` chooses
        groups = resources.get("InstanceGroups") or [{"InstanceCount": resources.get("InstanceCount", 1)} | chosen]
        return resources.get("VolumeSizeInGB", 0) * sum(group["InstanceCount"] for group in groups)

    return gigabytes


_VOLUMES: dict[str, Callable[[Document], int]] = {
    "TrainingJob": _of_cluster(lambda document: document["ResourceConfig"]),
    "ProcessingJob": _of_cluster(lambda document: document["ProcessingResources"]["ClusterConfig"]),
    "TransformJob": lambda document: 0,
    "Endpoint": _endpoint_volumes,
}
