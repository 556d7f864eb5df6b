"""All instances of one deployment of an endpoint, and which of them takes the next request.

UpdateEndpoint starts a second fleet beside the first, lets it take over, and ends the first when its last request is answered.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from course.localaws.core.context import Context
from course.localaws.jobs.runner import JobRunner
from course.localaws.sagemaker.hosting.servers.instances import HostedInstance, new_stream, run_concurrently, start, stop
from course.localaws.sagemaker.hosting.servers.model_server import LogTarget, log_group


class ProductionVariant:
    """A production variant in service.

    Attributes
    ----------
    name : str
    document : dict
        Of `deployments.variants_of`.
    weight : float
    instances : list of HostedInstance
        Replaced as a whole when the capacity changes.
    active : int or None
        How many of them take requests; all, by default. It is less while traffic moves to a new fleet.
    requests, peak : int
        Under way, and the most that were at once since `most` was asked.
    provisioned : int
        The provisioned concurrency of a serverless variant.
    """

    active: int | None = None
    requests = peak = provisioned = 0

    def __init__(self, runner: JobRunner, context: Context, endpoint: str, document: dict) -> None:
        self.name, self.document = document["VariantName"], document
        self._make = lambda: HostedInstance(
            runner, context, document, LogTarget(f"endpoint/{endpoint}", log_group(endpoint), new_stream(self.name))
        )
        self.weight = document["Weight"]
        self._least_outstanding = document.get("RoutingStrategy") == "LEAST_OUTSTANDING_REQUESTS"
        self.instances = [self._make() for _ in range(document["InstanceCount"])]

    def choose(self, model: str | None = None) -> HostedInstance | None:
        """An instance that is ready, at random as AWS does by default, or the one with the fewest requests under way.

        Of a multi-model endpoint, one that has the ``model`` loaded, if any has.
        """
        ready = [instance for instance in self.instances[: self.active] if instance.ready]
        ready = [instance for instance in ready if instance.has(model)] or ready
        if not ready:
            return None
        return min(ready, key=lambda instance: instance.requests) if self._least_outstanding else random.choice(ready)

    def start(self) -> None:
        """Start its instances; when one fails, all are stopped. Raises hosting.HostingError, hosting.Stopped."""
        start(self.instances)

    def grow(self) -> HostedInstance | None:
        """A further instance for a request that none can take, to be started by the caller; None where there may be no further one."""
        return None

    def shrink(self, instance: HostedInstance) -> None:
        """An instance that `grow` made could not be started."""

    def request_finished(self, instance: HostedInstance) -> None:
        """The request that an instance had is answered."""

    def end(self) -> None:
        """Nobody will choose any more."""

    def begin(self) -> None:
        """Count one more request as under way."""
        self.requests += 1
        self.peak = max(self.peak, self.requests)

    def take_peak(self) -> int:
        """The most requests that were under way at once since the last time that this was asked."""
        found, self.peak = max(self.peak, self.requests), self.requests
        return found

    def take_instance_peaks(self) -> list[int]:
        """The most requests that each instance had under way at once since the last time that this was asked."""
        found = []
        for instance in self.instances:
            found.append(max(instance.peak, instance.requests))
            instance.peak = instance.requests
        return found

    def resize(self, count: int) -> list[HostedInstance]:
        """Add instances, not yet started, or take some away; returns those that the caller must start or stop."""
        if count >= len(self.instances):
            added = [self._make() for _ in range(count - len(self.instances))]
            self.instances = self.instances + added
            return added
        removed = self.instances[count:]
        self.instances = self.instances[:count]
        return removed


class Fleet:
    """The instances of all variants of one endpoint configuration.

    Attributes
    ----------
    variants : dict of str to ProductionVariant
    shadow : ProductionVariant or None
        Which is sent copies of requests.
    settings : dict
        `deployments.settings_of`.
    """

    def __init__(self, runner: JobRunner, context: Context, endpoint: str, variants: Sequence[dict], settings: dict) -> None:
        self.settings = settings
        shadows = [make_variant(runner, context, endpoint, document) for document in settings.get("Shadows", ())]
        self.shadow = shadows[0] if shadows else None
        self.variants = {document["VariantName"]: make_variant(runner, context, endpoint, document) for document in variants}
        self._leaving: list[HostedInstance] = []

    @property
    def instances(self) -> list[HostedInstance]:
        """All that may have processes."""
        return [instance for variant in self.every for instance in variant.instances] + self._leaving

    def start(self) -> None:
        """Start the variants side by side; when one fails, nothing is left running. Raises hosting.HostingError, hosting.Stopped."""
        try:
            run_concurrently(self.every, lambda variant: variant.start())
        except Exception:
            self.stop()
            raise

    def configure(self, serverless: dict[str, dict]) -> None:
        """Give serverless variants, by name, another configuration. Raises hosting.HostingError, hosting.Stopped."""
        for name, configuration in serverless.items():
            self.variants[name].configure(configuration)
            self.variants[name].start()

    def stop(self) -> None:
        self._end()
        stop(self.instances)

    def retire(self, instances: Sequence[HostedInstance] | None = None) -> None:
        """End instances, all of them by default, when their last request is answered; nobody may send them another one."""
        leaving = instances
        if leaving is None:
            self._end()
            leaving = self.instances
        self._leaving = [*self._leaving, *leaving]
        run_concurrently(leaving, HostedInstance.drain)
        run_concurrently(leaving, HostedInstance.stop)
        self._leaving = [instance for instance in self._leaving if instance not in leaving]

    def _end(self) -> None:
        for variant in self.every:
            variant.end()

    @property
    def every(self) -> list[ProductionVariant]:
        """The variants, and the shadow if there is one."""
        return [*self.variants.values(), *([self.shadow] if self.shadow else [])]


def make_variant(runner: JobRunner, context: Context, endpoint: str, document: dict) -> ProductionVariant:
    """The variant of a document of `deployments.variants_of`."""
    if "Serverless" in document:
        from course.localaws.sagemaker.hosting.servers.serverless import ServerlessVariant  # here: it is a Variant

        return ServerlessVariant(runner, context, endpoint, document)
    if "Component" in document:
        from course.localaws.sagemaker.hosting.components.copies import ComponentVariant

        return ComponentVariant(runner, context, endpoint, document)
    return ProductionVariant(runner, context, endpoint, document)


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
