"""All servers of one deployment of an endpoint, and which of them takes the next request.

UpdateEndpoint starts a second fleet beside the first, lets it take over, and ends the first when its last request is answered.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from course.localaws.sagemaker.context import Context
from course.localaws.sagemaker.hosting import ModelServer, each, start, stop
from course.localaws.sagemaker.job_runner import JobRunner


class Variant:
    """A production variant in service.

    Attributes
    ----------
    name : str
    weight : float
    container : str
        How error messages call the container.
    servers : list of ModelServer
        Replaced as a whole when the capacity changes.
    """

    def __init__(self, runner: JobRunner, context: Context, endpoint: str, document: dict) -> None:
        self._make = lambda: ModelServer(runner, context, endpoint, document)
        self.name = document["VariantName"]
        self.weight = document["Weight"]
        self.container = document["Container"].get("ContainerHostname", "primary")
        self._least_outstanding = document.get("RoutingStrategy") == "LEAST_OUTSTANDING_REQUESTS"
        self.servers = [self._make() for _ in range(document["InstanceCount"])]

    def choose(self) -> ModelServer | None:
        """A server that is ready, at random as AWS does by default, or the one with the fewest requests under way."""
        ready = [server for server in self.servers if server.ready]
        if not ready:
            return None
        return min(ready, key=lambda server: server.requests) if self._least_outstanding else random.choice(ready)

    def resize(self, count: int) -> list[ModelServer]:
        """Add servers, not yet started, or take some away; returns those that the caller must start or stop."""
        if count >= len(self.servers):
            added = [self._make() for _ in range(count - len(self.servers))]
            self.servers = self.servers + added
            return added
        removed = self.servers[count:]
        self.servers = self.servers[:count]
        return removed


class Fleet:
    """The servers of all variants of one endpoint configuration."""

    def __init__(self, runner: JobRunner, context: Context, endpoint: str, variants: Sequence[dict]) -> None:
        self.variants = {document["VariantName"]: Variant(runner, context, endpoint, document) for document in variants}
        self._leaving: list[ModelServer] = []

    @property
    def servers(self) -> list[ModelServer]:
        """All that may have processes."""
        return [server for variant in self.variants.values() for server in variant.servers] + self._leaving

    def start(self) -> None:
        start(self.servers)

    def stop(self) -> None:
        stop(self.servers)

    def retire(self, servers: Sequence[ModelServer] | None = None) -> None:
        """End servers, all of them by default, when their last request is answered; nobody may send them another one."""
        leaving = self.servers if servers is None else servers
        self._leaving = [*self._leaving, *leaving]
        each(leaving, ModelServer.drain)
        each(leaving, ModelServer.stop)
        self._leaving = [server for server in self._leaving if server not in leaving]


def pick(weights: Sequence[float], fraction: float) -> int | None:
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
