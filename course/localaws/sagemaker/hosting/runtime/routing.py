"""Which endpoints take requests now, and which of their instances takes the next one."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from dataclasses import dataclass, field

from course.localaws.core.context import Context
from course.localaws.core.errors import AwsError, validation_error
from course.localaws.sagemaker.hosting.runtime.stateful_sessions import StatefulSessions, unknown
from course.localaws.sagemaker.hosting.servers.fleets import Fleet, ProductionVariant, pick_weighted
from course.localaws.sagemaker.hosting.servers.instances import HostedInstance
from course.localaws.sagemaker.hosting.servers.model_server import HostingError, StartCancelled

# How long a request waits for the servers of an endpoint that comes back after a restart of the local AWS; less than SDKs wait.
RETURN_SECONDS = 50.0


@dataclass(slots=True)
class EndpointRouter:
    """An endpoint in service. ``fleet`` is None while its servers are on their way back after a restart.

    While it is updated, ``incoming`` is the new fleet, which has a ``share`` of the traffic.

    Requests come from the event loop, fleets are exchanged by threads: the lock makes sure that an instance that was taken belongs to
    the present fleet, so that whoever exchanged it may wait for its last request and end it.
    """

    name: str
    fleet: Fleet | None
    _lock: threading.Lock
    incoming: Fleet | None = None
    share: float = 0.0
    sessions: StatefulSessions = field(default_factory=StatefulSessions)

    def acquire_session(self, session: str, instance: HostedInstance) -> tuple[Fleet, ProductionVariant, HostedInstance]:
        """`take`, of the instance where a session is. Raises AwsError ``ValidationError`` when it is gone."""
        with self._lock:
            for fleet in filter(None, (self.fleet, self.incoming)):
                for variant in fleet.variants.values():
                    if instance in variant.instances:
                        if not instance.ready:
                            raise unavailable()
                        instance.begin()
                        variant.begin()
                        return fleet, variant, instance
        raise unknown(session)

    async def acquire(
        self, target: str | None, model: str | None, took: dict[str, float]
    ) -> tuple[Fleet, ProductionVariant, HostedInstance]:
        """The fleet in service, and its variant and instance for the next request, which is counted as under way until `give_back`.

        The instance is one that has the ``model`` loaded, if any has.

        Where none can take it and the variant may grow, one is started first; ``took`` gets the seconds of that.

        Raises
        ------
        AwsError
            ``ValidationError`` (no such variant), ``ServiceUnavailable`` (it has no instance that is up), ``ThrottlingException``.
        """
        while True:
            with self._lock:
                fleet = self.incoming if self.incoming and random.random() < self.share else self.fleet
                variant = self._variant(fleet, target)
                instance = variant.choose(model)
                grown = None if instance else variant.grow()
                if instance is None and grown is None:
                    raise unavailable()
                (instance or grown).begin()
                if instance:
                    variant.begin()
                    return fleet, variant, instance
            began = time.perf_counter()
            try:
                await asyncio.to_thread(grown.start)
            except (HostingError, StartCancelled) as error:
                variant.shrink(grown)
                if fleet in (self.fleet, self.incoming):
                    raise unavailable() from error
                continue  # another fleet has taken over meanwhile
            took["ModelSetupTime"] = time.perf_counter() - began
            with self._lock:
                variant.begin()
            return fleet, variant, grown

    def release(self, variant: ProductionVariant, instance: HostedInstance) -> None:
        with self._lock:
            instance.requests -= 1
            variant.requests -= 1
        variant.request_finished(instance)

    def size(self, variant: ProductionVariant) -> int:
        """How many instances a variant has; of a component all its copies, also while an update replaces them."""
        fleets = (self.fleet, self.incoming) if "Component" in variant.document else ()
        return sum(len(fleet.variants[variant.name].instances) for fleet in fleets if fleet) or len(variant.instances)

    def ready(self) -> int:
        """How many of its instances are up."""
        return sum(instance.ready for variant in self.fleet.variants.values() for instance in variant.instances)

    @property
    def variants(self) -> list[ProductionVariant]:
        """Those in service, a shadow too."""
        fleet = self.fleet
        return fleet.every if fleet else []

    def replace_fleet(self, fleet: Fleet) -> Fleet | None:
        """Let ``fleet`` take all requests from now on; returns the one that it replaces."""
        with self._lock:
            before, self.fleet, self.incoming, self.share = self.fleet, fleet, None, 0.0
            for variant in fleet.variants.values():
                variant.active = None
            return before

    def shift_traffic(self, fleet: Fleet, share: float, active: dict[str, int]) -> None:
        """Let so many instances of a new fleet's variants take a share of the requests."""
        with self._lock:
            self.incoming, self.share = fleet, share
            for name, count in active.items():
                fleet.variants[name].active = count

    def withdraw(self) -> None:
        """Let the present fleet take all requests again; the new one's caller may end it."""
        with self._lock:
            self.incoming, self.share = None, 0.0

    def resize(self, name: str, count: int, fleet: Fleet | None = None) -> list[HostedInstance]:
        """`ProductionVariant.resize`, of the present fleet by default, while no instance is being taken."""
        with self._lock:
            return (fleet or self.fleet).variants[name].resize(count)

    def set_weights(self, weights: dict[str, float]) -> None:
        with self._lock:
            for name, weight in weights.items():
                self.fleet.variants[name].weight = weight

    def _variant(self, fleet: Fleet, target: str | None) -> ProductionVariant:
        if target is not None:
            if target not in fleet.variants:
                raise validation_error(f"Variant {target} not found for Endpoint {self.name}.")
            return fleet.variants[target]
        variants = list(fleet.variants.values())
        index = pick_weighted([variant.weight for variant in variants], random.random())
        if index is None:
            raise validation_error(f"Endpoint {self.name} has no variant with a weight above 0 to take the request.")
        return variants[index]


class RoutingTable:
    """The endpoints that take requests, by region and name."""

    kind = "Endpoint"

    def __init__(self) -> None:
        self._endpoints: dict[tuple[str, str], EndpointRouter] = {}

    def open(self, region: str, name: str, fleet: Fleet | None, endpoint: str = "") -> EndpointRouter:
        live = self._endpoints[region, name.lower()] = EndpointRouter(endpoint or name, fleet, threading.Lock())
        return live

    def close(self, region: str, name: str) -> Fleet | None:
        """Take an endpoint out of service; returns its fleet, which the caller must stop."""
        live = self._endpoints.pop((region, name.lower()), None)
        return live.fleet if live else None

    def get(self, region: str, name: str) -> EndpointRouter | None:
        return self._endpoints.get((region, name.lower()))

    def every(self) -> list[tuple[str, EndpointRouter]]:
        """All, with their regions."""
        return [(region, live) for (region, _), live in list(self._endpoints.items())]

    def __len__(self) -> int:
        return len(self._endpoints)

    def clear(self) -> None:
        self._endpoints.clear()

    async def in_service(self, context: Context, name: str) -> EndpointRouter:
        """The endpoint, once its servers are there.

        Raises
        ------
        AwsError
            ``ValidationError``, also for an endpoint that is being created or failed: it does not exist for InvokeEndpoint.
        """
        limit = time.monotonic() + RETURN_SECONDS
        while live := self.get(context.region, name):
            if live.fleet is not None:
                return live
            if time.monotonic() > limit:
                message = f"The servers of {self.kind.lower()} {name} have not come back yet. Please try again later."
                raise AwsError("ServiceUnavailable", message, 503)
            await asyncio.sleep(0.02)
        raise validation_error(f"{self.kind} {name} of account {context.account} not found.")


def unavailable() -> AwsError:
    """AWS's answer while a variant has no instance that is up; SDKs try again."""
    message = "A transient exception occurred while retrieving variant instances. Please try again later."
    return AwsError("ServiceUnavailable", message, 503)
