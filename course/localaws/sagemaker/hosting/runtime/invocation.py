"""One invocation of an endpoint from the choice of an instance to its answer: with what is measured, captured and sent to a shadow."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from course.localaws.sagemaker.hosting.components.copies import NoCopyInService
from course.localaws.sagemaker.hosting.runtime.container_client import ContainerClient, Reply, Unreachable
from course.localaws.sagemaker.hosting.runtime.data_capture import DataCapture
from course.localaws.sagemaker.hosting.runtime.metrics import InvocationMetrics, InvocationRecord
from course.localaws.sagemaker.hosting.runtime.routing import EndpointRouter, unavailable
from course.localaws.sagemaker.hosting.servers.multi_model import NOT_LOADED, ModelLoadFailed

if TYPE_CHECKING:
    from course.localaws.core.context import Context
    from course.localaws.platform import Platform
    from course.localaws.sagemaker.hosting.servers.fleets import Fleet, ProductionVariant
    from course.localaws.sagemaker.hosting.servers.instances import HostedInstance

logger = logging.getLogger(__name__)


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
        Seconds of what was done before it, by the name of AWS's metric; see `ModelStore.path`.
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


class EndpointInvoker:
    """Invokes endpoints, in one event loop."""

    def __init__(self, platform: Platform, metrics: InvocationMetrics, capture: DataCapture) -> None:
        self._platform = platform
        self._metrics, self._capture = metrics, capture
        self.invoker = ContainerClient()
        self._shadows: set[asyncio.Task] = set()

    async def invoke(self, context: Context, endpoint: EndpointRouter, params: Mapping, timeout: float) -> tuple[ProductionVariant, Reply]:
        """Invoke an endpoint and wait for its whole answer; the containers have ``timeout`` seconds.

        Raises
        ------
        AwsError
            ``ValidationError`` (what is named is not there), ``ServiceUnavailable`` (no server is up), ``ThrottlingException``.
        """
        async with self.in_flight(context, endpoint, params) as visit:
            reply = await self._through(visit, timeout)
        self.record(visit, reply)
        self.send_to_shadow(visit, timeout)
        if reply.ok:
            reply.sessions = endpoint.sessions.update(params.get("SessionId"), reply.headers, visit.instance, self._platform.clock)
        return visit.variant, reply

    @contextlib.asynccontextmanager
    async def in_flight(self, context: Context, endpoint: EndpointRouter, params: Mapping) -> AsyncIterator[InFlightInvocation]:
        """An instance for a request, which counts as under way inside the ``with``. Raises as `call`."""
        began, took = time.perf_counter(), {}
        session = params.get("SessionId")
        held = endpoint.sessions.instance(session, self._platform.clock.now())
        try:
            if held is not None:
                fleet, variant, instance = endpoint.acquire_session(session, held)
            else:
                fleet, variant, instance = await endpoint.acquire(params.get("TargetVariant"), params.get("TargetModel"), took)
        except NoCopyInService:
            self._refused(context, endpoint)
            raise
        try:
            yield InFlightInvocation(context, endpoint.name, fleet, variant, instance, params, took, began, endpoint.size(variant))
        finally:
            endpoint.release(variant, instance)

    def _refused(self, context: Context, endpoint: EndpointRouter) -> None:
        """A component without copies was called: its alarm may have auto scaling start one."""
        [variant] = endpoint.fleet.variants.values()
        component, moment = variant.document["Component"], self._platform.clock.now()
        self._metrics.record(
            InvocationRecord(context.region, endpoint.name, variant.name, moment, 0, 0, 0, 0, component=component, refused=True)
        )

    def record(self, visit: InFlightInvocation, reply: Reply) -> None:
        """Measure an invocation that is answered, and capture it if the endpoint does."""
        settings = visit.fleet.settings
        self._metrics.record(
            InvocationRecord(
                region=visit.context.region,
                endpoint=visit.endpoint,
                variant=visit.variant.name,
                moment=self._platform.clock.now(),
                status=reply.status,
                model=reply.seconds,
                overhead=max(0.0, time.perf_counter() - visit.began - reply.seconds - visit.waited),
                instances=visit.instance_count,
                containers=tuple(reply.containers) if len(reply.containers) > 1 else (),
                before=visit.timings,
                loaded=visit.instance.loaded,
                config=settings.get("Config", ""),
                component=settings.get("Component", ""),
            )
        )
        capture = settings.get("Capture")
        if reply.ok and capture:
            capture = capture | {"KmsKeyId": settings.get("CaptureKey")}
            self._capture.record(visit.endpoint, visit.variant.document, capture, visit.params, reply)

    def send_to_shadow(self, visit: InFlightInvocation, timeout: float) -> None:
        """Send a copy of a request to the shadow variant, whose weight says to what share of the production variant's, and drop its
        answer.
        """
        shadow = visit.fleet.shadow
        if shadow is None or random.random() * visit.variant.weight >= shadow.weight:
            return
        instance = shadow.choose()
        if instance is None:
            return
        instance.requests += 1
        copy = InFlightInvocation(visit.context, visit.endpoint, visit.fleet, shadow, instance, visit.params, {})

        async def send() -> None:
            try:
                self.record(copy, await self._through(copy, timeout))
            except Exception:  # whatever a shadow does, nobody waits for it
                logger.info("the shadow variant of endpoint %s did not answer", visit.endpoint, exc_info=True)
            finally:
                instance.requests -= 1

        task = asyncio.create_task(send())
        self._shadows.add(task)
        task.add_done_callback(self._shadows.discard)

    def close(self) -> None:
        """Drop the connections. Not to be called in the event loop's own thread."""
        self.invoker.close()

    async def _through(self, visit: InFlightInvocation, timeout: float) -> Reply:
        try:
            async with visit.instance.route(visit.endpoint, visit.params, self.invoker, visit.timings) as steps:
                reply = await self.invoker.invoke_pipeline(steps, visit.params, timeout)
        except Unreachable as error:
            raise unavailable() from error
        except ModelLoadFailed as error:
            return error.reply
        if reply.status == NOT_LOADED and "TargetModel" in visit.params:
            visit.instance.forget(visit.params["TargetModel"])
        return reply
