"""Which endpoints and inference components take requests now, and which of their instances takes the next one."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from course.localaws.context import Context
from course.localaws.core.errors import AwsError, validation_error
from course.localaws.sagemaker.hosting.runtime.stateful_sessions import StatefulSessions, unknown
from course.localaws.sagemaker.hosting.servers.fleets import Fleet
from course.localaws.sagemaker.hosting.servers.instances import HostedInstance
from course.localaws.sagemaker.hosting.servers.model_server import HostingError, StartCancelled
from course.localaws.sagemaker.hosting.servers.production_variant import ProductionVariant, pick_weighted

# How long a request waits for an endpoint whose servers start again after a restart of the local AWS. Shorter than the SDKs' timeout.
RETURN_SECONDS = 50.0
# Wordings: https://github.com/aws-samples/amazon-kendra-langchain-extensions/issues/64 (no name); users of chat clients quote the other.
NO_NAME = (
    "Inference Component Name header is required for endpoints to which you plan to deploy inference components. Please include Inference "
    "Component Name header or consider using SageMaker models."
)
NAME = (
    "Inference Component Name header is not allowed for endpoints to which you dont plan to deploy inference components. Please remove the "
    "Inference Component Name header and try again."
)


@dataclass(slots=True)
class InFlightInvocation:
    """An invocation under way on one instance.

    Attributes
    ----------
    endpoint : str
        Its name.
    params : mapping
        Members of an ``InvokeEndpoint`` request.
    timings : dict
        Seconds of cold starts and model loading before it, by the name of AWS's metric; see `ModelCache.path`.
    began : float
        By `time.perf_counter`.
    instance_count : int
        Instances of the variant, or copies of the component, when it began.
    """

    context: Context
    endpoint: str
    fleet: Fleet
    variant: ProductionVariant
    instance: HostedInstance
    params: Mapping
    timings: dict[str, float]
    began: float = field(default_factory=time.perf_counter)
    instance_count: int = 1

    @property
    def waited(self) -> float:
        """Seconds until a model could take it."""
        return self.timings.get("ModelSetupTime", 0.0) + self.timings.get("ModelLoadingWaitTime", 0.0)


@dataclass(slots=True)
class EndpointRouter:
    """An endpoint in service. ``fleet`` is None while its servers start again after a restart of the local AWS.

    During an update, ``incoming`` is the new fleet and gets a ``share`` of the traffic.

    Requests come from the event loop, and other threads replace fleets. The lock ensures that an acquired instance belongs to the present
    fleet, so that the thread that replaced a fleet can wait for its last request and end it.
    """

    name: str
    fleet: Fleet | None
    _lock: threading.Lock
    incoming: Fleet | None = None
    share: float = 0.0
    sessions: StatefulSessions[HostedInstance] = field(default_factory=StatefulSessions)

    @contextlib.asynccontextmanager
    async def acquire(self, context: Context, params: Mapping) -> AsyncIterator[InFlightInvocation]:
        """An instance for a request, which counts as under way inside the ``with``.

        Chooses the variant and the instance, prefers an instance that has loaded the ``TargetModel``, and keeps a stateful session on its
        instance. When no instance is free and the variant can grow, starts one first.

        Raises
        ------
        AwsError
            ``ValidationError`` (unknown variant or session), ``ServiceUnavailable`` (no instance is up), ``ThrottlingException``.
        NoCopyInService
        """
        began, timings, session = time.perf_counter(), {}, params.get("SessionId")
        held = self.sessions.instance(session, context.platform.clock.now()) if session else None
        if held is not None:
            fleet, variant, instance = self._session_instance(session, held)
        else:
            fleet, variant, instance = await self._next_instance(params.get("TargetVariant"), params.get("TargetModel"), timings)
        try:
            count = self._size(variant)
            yield InFlightInvocation(context, self.name, fleet, variant, instance, params, timings, began, count)
        finally:
            with self._lock:
                instance.requests -= 1
                variant.requests -= 1
            variant.request_finished(instance)

    def _session_instance(self, session: str, instance: HostedInstance) -> tuple[Fleet, ProductionVariant, HostedInstance]:
        """The instance that holds a session. Raises AwsError ``ValidationError`` when it is gone."""
        with self._lock:
            for fleet in filter(None, (self.fleet, self.incoming)):
                for variant in fleet.variants.values():
                    if instance in variant.instances:
                        if not instance.ready:
                            raise unavailable()
                        instance.request_started()
                        variant.request_started()
                        return fleet, variant, instance
        raise unknown(session)

    async def _next_instance(
        self, target: str | None, model: str | None, timings: dict[str, float]
    ) -> tuple[Fleet, ProductionVariant, HostedInstance]:
        """The fleet, variant and instance for the next request; ``timings`` receives the seconds of a cold start."""
        while True:
            with self._lock:
                fleet = self.incoming if self.incoming and random.random() < self.share else self.fleet
                variant = self._variant(fleet, target)
                instance = variant.choose(model)
                grown = None if instance else variant.grow()
                if instance is None and grown is None:
                    raise unavailable()
                (instance or grown).request_started()
                if instance:
                    variant.request_started()
                    return fleet, variant, instance
            began = time.perf_counter()
            try:
                await asyncio.to_thread(grown.start)
            except (HostingError, StartCancelled) as error:
                variant.shrink(grown)
                if fleet in (self.fleet, self.incoming):
                    raise unavailable() from error
                continue  # an update has replaced the fleet
            timings["ModelSetupTime"] = time.perf_counter() - began
            with self._lock:
                variant.request_started()
            return fleet, variant, grown

    def _size(self, variant: ProductionVariant) -> int:
        """How many instances a variant has. For a component: all its copies, also during an update."""
        fleets = (self.fleet, self.incoming) if "Component" in variant.document else ()
        return sum(len(fleet.variants[variant.name].instances) for fleet in fleets if fleet) or len(variant.instances)

    def ready(self) -> int:
        """How many instances are up."""
        return sum(instance.ready for variant in self.fleet.variants.values() for instance in variant.instances)

    @property
    def variants(self) -> list[ProductionVariant]:
        """The variants in service, and the shadow if there is one."""
        fleet = self.fleet
        return fleet.every if fleet else []

    def replace_fleet(self, fleet: Fleet) -> Fleet | None:
        """Send all requests to ``fleet`` from now on; returns the replaced fleet."""
        with self._lock:
            before, self.fleet, self.incoming, self.share = self.fleet, fleet, None, 0.0
            for variant in fleet.variants.values():
                variant.active = None
            return before

    def shift_traffic(self, fleet: Fleet, share: float, active: dict[str, int]) -> None:
        """Send a share of the requests to a new fleet; ``active`` says how many instances of each of its variants take them."""
        with self._lock:
            self.incoming, self.share = fleet, share
            for name, count in active.items():
                fleet.variants[name].active = count

    def withdraw(self) -> None:
        """Send all requests to the present fleet again; the caller may then end the new one."""
        with self._lock:
            self.incoming, self.share = None, 0.0

    def resize(self, name: str, count: int, fleet: Fleet | None = None) -> list[HostedInstance]:
        """`ProductionVariant.resize` under the lock, by default of the present fleet."""
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
        self._routers: dict[tuple[str, str], EndpointRouter] = {}

    def open(self, region: str, name: str, fleet: Fleet | None, endpoint: str = "") -> EndpointRouter:
        """Put an endpoint into service; for a component, ``endpoint`` is the name of its endpoint."""
        router = self._routers[region, name.lower()] = EndpointRouter(endpoint or name, fleet, threading.Lock())
        return router

    def close(self, region: str, name: str) -> Fleet | None:
        """Take an endpoint out of service; returns its fleet, which the caller must stop."""
        router = self._routers.pop((region, name.lower()), None)
        return router.fleet if router else None

    def get(self, region: str, name: str) -> EndpointRouter | None:
        return self._routers.get((region, name.lower()))

    def every(self) -> list[tuple[str, EndpointRouter]]:
        """All, with their regions."""
        return [(region, router) for (region, _), router in list(self._routers.items())]

    def __len__(self) -> int:
        return len(self._routers)

    def clear(self) -> None:
        self._routers.clear()

    async def in_service(self, context: Context, name: str) -> EndpointRouter:
        """The endpoint, once its servers are there.

        Raises
        ------
        AwsError
            ``ValidationError``, also while it is being created and after it failed; ``ServiceUnavailable``.
        """
        limit = time.monotonic() + RETURN_SECONDS
        while router := self._routers.get((context.region, name.lower())):
            if router.fleet is not None:
                return router
            if time.monotonic() > limit:
                message = f"The servers of {self.kind.lower()} {name} have not come back yet. Please try again later."
                raise AwsError("ServiceUnavailable", message, 503)
            await asyncio.sleep(0.02)
        raise validation_error(f"{self.kind} {name} of account {context.account} not found.")


class ComponentRoutingTable(RoutingTable):
    """The inference components that take requests, by region and name. Each router has the name of its endpoint."""

    kind = "Inference component"

    async def resolve(self, context: Context, endpoint: EndpointRouter, name: str | None) -> EndpointRouter:
        """The component for a request to an endpoint that hosts components.

        Raises
        ------
        AwsError
            ``ValidationError``: the name is missing, not allowed, or unknown on this endpoint.
        """
        if name is None or "ComponentRole" not in endpoint.fleet.settings:
            raise validation_error(NO_NAME if name is None else NAME)
        component = self.get(context.region, name)
        if component is not None and component.name != endpoint.name:
            raise validation_error(f"Inference component {name} is not hosted by endpoint {endpoint.name}.")
        return await self.in_service(context, name)


def unavailable() -> AwsError:
    """AWS's error while no instance of a variant is up. SDKs retry it."""
    message = "A transient exception occurred while retrieving variant instances. Please try again later."
    return AwsError("ServiceUnavailable", message, 503)
