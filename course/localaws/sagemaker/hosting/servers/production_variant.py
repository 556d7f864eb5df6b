"""A production variant or an inference component in service: its instances, and which of them takes the next request."""

from __future__ import annotations

import random
from collections.abc import Sequence

from course.localaws.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.jobs.runner import JobRunner
from course.localaws.sagemaker.hosting.servers.instances import HostedInstance, new_stream, start
from course.localaws.sagemaker.hosting.servers.model_server import LogTarget, component_log_group, log_group

# Wording: "Scale an endpoint to zero instances" of the developer guide.
NO_COPY = (
    "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress (if configured) or try to "
    "increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API."
)


class ProductionVariant:
    """A production variant in service.

    Attributes
    ----------
    name : str
    document : dict
        One of `variants.variants_of`.
    weight : float
    instances : list of HostedInstance
        A change of capacity replaces the whole list.
    active : int or None
        How many instances take requests; None for all. Smaller while traffic moves to a new fleet.
    requests, peak : int
        Requests under way, and the most at once since the last `take_peak`.
    provisioned : int
        The provisioned concurrency of a serverless variant.
    """

    active: int | None = None
    requests = peak = provisioned = 0

    def __init__(self, runner: JobRunner, context: Context, endpoint: str, document: dict) -> None:
        self.name, self.document = document["VariantName"], document
        component = document.get("Component")  # its copies run on instances that are there
        group = component_log_group(component) if component else log_group(endpoint)
        launched = "" if component else document.get("InstanceType", "")

        def make() -> HostedInstance:
            target = LogTarget(f"endpoint/{endpoint}", group, new_stream(self.name))
            return HostedInstance(runner, context, document, target, launched)

        self._make = make
        self.weight = document["Weight"]
        self._least_outstanding = document.get("RoutingStrategy") == "LEAST_OUTSTANDING_REQUESTS"
        self.instances = [self._make() for _ in range(document["InstanceCount"])]

    def choose(self, model: str | None = None) -> HostedInstance | None:
        """A ready instance: a random one, which is AWS's default, or the one with the fewest requests under way.

        On a multi-model endpoint, instances that have loaded the ``model`` come first.
        """
        ready = [instance for instance in self.instances[: self.active] if instance.ready]
        if model is not None:
            ready = [instance for instance in ready if instance.has(model)] or ready
        if not ready:
            return None
        return min(ready, key=lambda instance: instance.requests) if self._least_outstanding else random.choice(ready)

    def start(self) -> None:
        """Start the instances. When one fails, all are stopped. Raises HostingError, StartCancelled."""
        start(self.instances)

    def grow(self) -> HostedInstance | None:
        """Add an instance for a request that no instance can take. The caller starts it. None if the variant does not grow by itself."""
        return None

    def shrink(self, instance: HostedInstance) -> None:
        """Remove an instance of `grow` that could not be started."""

    def request_finished(self, instance: HostedInstance) -> None:
        """Called when an instance has answered its request."""

    def end(self) -> None:
        """Called when the variant takes no more requests."""

    def request_started(self) -> None:
        """Count one more request as under way."""
        self.requests += 1
        self.peak = max(self.peak, self.requests)

    def take_peak(self) -> int:
        """The most requests under way at once since the last call."""
        found, self.peak = max(self.peak, self.requests), self.requests
        return found

    def take_instance_peaks(self) -> list[int]:
        """For each instance, the most requests under way at once since the last call."""
        found = []
        for instance in self.instances:
            found.append(max(instance.peak, instance.requests))
            instance.peak = instance.requests
        return found

    def resize(self, count: int) -> list[HostedInstance]:
        """Add instances that the caller must start, or remove instances that the caller must stop; returns those."""
        if count >= len(self.instances):
            added = [self._make() for _ in range(count - len(self.instances))]
            self.instances = self.instances + added
            return added
        removed = self.instances[count:]
        self.instances = self.instances[:count]
        return removed


class NoCopyInService(AwsError):
    """The inference component has no copies."""

    def __init__(self) -> None:
        super().__init__("ValidationError", NO_COPY)


class ComponentVariant(ProductionVariant):
    """An inference component on a variant. Its instances are its copies: each is a container on one of the variant's instances."""

    def grow(self) -> None:
        """Requests add no copies. Raises NoCopyInService when there are none."""
        if not self.instances:
            raise NoCopyInService


def pick_weighted(weights: Sequence[float], fraction: float) -> int | None:
    """The index that owns ``fraction`` (0 <= fraction < 1) of the traffic, or None when all weights are 0."""
    total = sum(weights)
    if total <= 0:
        return None
    point, reached = fraction * total, 0.0
    for index, weight in enumerate(weights):
        reached += weight
        if point < reached:
            return index
    return max(index for index, weight in enumerate(weights) if weight > 0)  # rounding left the point at the very end
