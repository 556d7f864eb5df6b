"""Meters the instances and volumes of jobs and endpoints.

AWS bills jobs by the second: training jobs for their ``BillableTimeInSeconds``, the others from start to end. It bills the cluster that a
training job leaves in a warm pool for its ``ResourceRetainedBillableTimeInSeconds`` at the price of training, and the instances of an
endpoint from its creation to its deletion ("Amazon SageMaker Pricing"; developer guide, "Train Using SageMaker Managed Warm Pools" and
"Delete Endpoints and Resources"). A bill has a line of its own for warm pools. We do not know its usage type, so here it is the training's.
"""

from __future__ import annotations

import math
from collections import Counter
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
RUN, STORE, INVOKE = "RunInstance", "CreateVolume-Gp2", "Invoke-Endpoint"


class Metering:
    """Writes what jobs, warm pools and endpoints hold to the usage store.

    A listener of `ResourceEngine`, called after each change of a resource.
    """

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._usage, self._engine = platform.usage, engine

    def follows(self, kind: ResourceKind) -> bool:
        return kind.name in COMPONENTS

    def __call__(self, context: Context, kind: ResourceKind, before: Document | None, after: Document) -> None:
        arn, quantities = after[kind.arn_member], _quantities(context, kind, after)
        if kind.name == "Endpoint":
            holds = after[kind.status] in kind.holding_statuses
            self._usage.hold(arn, quantities if holds else {}, after["CreationTime"] if before is None else None)
            return
        began, ended = _times(kind, after)
        if began is None:
            return
        has_ended = before is not None and _times(kind, before)[1] is not None
        if not has_ended:
            self._usage.hold(arn, quantities, began)  # also at the end: the begin may have been lost with an earlier process
            if ended is not None:
                self._usage.end(arn, began, ended, after.get("BillableTimeInSeconds", math.ceil(ended - began)))
        if ended is not None and _is_retained(kind, after):
            self._usage.hold(arn, quantities, ended)
        elif ended is not None and (not has_ended or _is_retained(kind, before)):
            seconds = after.get("WarmPoolStatus", {}).get("ResourceRetainedBillableTimeInSeconds", 0)
            self._usage.hold(arn, quantities if seconds else {}, ended)
            self._usage.end(arn, ended, ended + seconds)

    def recover(self) -> None:
        """After a start: hold what endpoints and running jobs hold, and end what the last process could not end."""
        kinds = [kind for kind in self._engine.kinds.values() if self.follows(kind)]
        running = [(context, kind, each) for kind in kinds for context, each in self._engine.every(kind, kind.holding_statuses)]
        self._usage.hold_all(SERVICE, {each[kind.arn_member]: _quantities(context, kind, each) for context, kind, each in running})


def _is_retained(kind: ResourceKind, job: Document) -> bool:
    """Whether the instances of a job that has ended are in a warm pool."""
    return kind.retains_instances is not None and kind.retains_instances(job)


def _times(kind: ResourceKind, job: Document) -> tuple[float | None, float | None]:
    """When a job began and ended, in Unix seconds."""
    name = kind.name.removesuffix("Job")
    return job.get(f"{name}StartTime"), job.get(f"{name}EndTime")


def _quantities(context: Context, kind: ResourceKind, document: Document) -> dict[Item, float]:
    """The instances, the provisioned concurrency and the gigabytes of a job or endpoint."""
    arn, component = document[kind.arn_member], COMPONENTS[kind.name]
    instances = component
    if document.get("EnableManagedSpotTraining"):
        instances = SPOT
    elif "Async" in document.get("_Settings", {}):
        instances = ASYNCHRONOUS
    found: Counter[Item] = Counter()
    for instance_type, count in kind.instances(document):
        found[Item(SERVICE, f"{instances}:{instance_type}", RUN, context.region, arn)] += count
    for variant in document.get("_Variants", ()):
        if provisioned := variant.get("Serverless", {}).get("ProvisionedConcurrency"):
            usage_type = f"ProvisionedConcurrency:Usage-{variant['Serverless']['MemorySizeInMB'] // 1024}GB"
            found[Item(SERVICE, usage_type, INVOKE, context.region, arn)] += provisioned
    if gigabytes := _gigabytes(kind, document):
        found[Item(SERVICE, f"{component}:{VOLUME}", STORE, context.region, arn)] = gigabytes
    return dict(found)


def _gigabytes(kind: ResourceKind, document: Document) -> int:
    """The size of all volumes. Each instance has one of its own."""
    if kind.name == "Endpoint":
        variants = [*document["_Variants"], *document["_Settings"].get("Shadows", ())]
        return sum(variant.get("VolumeSizeInGB", 0) * variant["InstanceCount"] for variant in variants)
    cluster = document.get("ResourceConfig") or document.get("ProcessingResources", {}).get("ClusterConfig", {})
    return cluster.get("VolumeSizeInGB", 0) * sum(count for _, count in kind.instances(document))
