"""Invokes endpoints: sends a request to an instance, records metrics and captured data, and copies the request to a shadow variant."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING

from course.localaws.billing.usage import GIGABYTE, Item
from course.localaws.sagemaker.core.metering import INVOKE, SERVICE
from course.localaws.sagemaker.hosting.runtime.data_capture import DataCapture
from course.localaws.sagemaker.hosting.runtime.metrics import InvocationMetrics, InvocationRecord
from course.localaws.sagemaker.hosting.runtime.routing import EndpointRouter, InFlightInvocation, unavailable
from course.localaws.sagemaker.hosting.runtime.stateful_sessions import CLOSED_HEADER
from course.localaws.sagemaker.hosting.servers.container_client import ContainerClient, Reply, StreamBroken, Unreachable
from course.localaws.sagemaker.hosting.servers.production_variant import NoCopyInService, ProductionVariant

if TYPE_CHECKING:
    from course.localaws.context import Context
    from course.localaws.platform import Platform

DATA_IN, DATA_OUT = "Hst:Data-Bytes-In", "Hst:Data-Bytes-Out"

logger = logging.getLogger(__name__)


class EndpointInvoker:
    """Invokes endpoints, in one event loop. For ``kind`` see `ContainerClient`."""

    def __init__(self, platform: Platform, metrics: InvocationMetrics, capture: DataCapture, kind: str = "realtime") -> None:
        self._clock, self._usage, self._account = platform.clock, platform.usage, platform.account
        self._metrics, self._capture = metrics, capture
        self.client = ContainerClient(kind)
        self._shadows: set[asyncio.Task] = set()

    async def invoke(self, context: Context, endpoint: EndpointRouter, params: Mapping, timeout: float) -> tuple[ProductionVariant, Reply]:
        """Invoke an endpoint and wait for its whole answer; the containers have ``timeout`` seconds.

        Raises
        ------
        AwsError
            ``ValidationError`` (unknown variant, model, container or session), ``ServiceUnavailable`` (no instance is up, or no
            memory left for the answer), ``ThrottlingException``.
        """
        with self._failures(context, endpoint):
            async with endpoint.acquire(context, params) as invocation:
                reply = await invocation.instance.invoke(self.client, endpoint.name, params, timeout, invocation.timings)
        self._record(invocation, reply)
        if invocation.fleet.shadow is not None:
            self._send_to_shadow(invocation, timeout)
        if reply.ok and ("SessionId" in params or CLOSED_HEADER in reply.headers):
            reply.sessions = endpoint.sessions.update(params.get("SessionId"), reply.headers, invocation.instance, self._clock)
        return invocation.variant, reply

    @contextlib.asynccontextmanager
    async def stream(
        self, context: Context, endpoint: EndpointRouter, params: Mapping, timeout: float
    ) -> AsyncIterator[tuple[ProductionVariant, Reply, AsyncIterator[bytes]]]:
        """Invoke an endpoint and get its answer piece by piece. The body of the ``with`` must read all pieces unless the reply is an error.

        Raises
        ------
        AwsError
            As `invoke`.
        StreamBroken
            A container stopped in the middle of its answer.
        """
        with self._failures(context, endpoint):
            async with endpoint.acquire(context, params) as invocation:
                try:
                    async with (
                        invocation.instance.route(self.client, endpoint.name, params, invocation.timings) as targets,
                        self.client.stream_pipeline(targets, params, timeout) as (reply, pieces),
                    ):
                        if not reply.ok:
                            self._record(invocation, reply)
                        yield invocation.variant, reply, pieces
                except StreamBroken:
                    reply.status = 0
                    self._record(invocation, reply)
                    raise
        self._record(invocation, reply)

    @contextlib.contextmanager
    def _failures(self, context: Context, endpoint: EndpointRouter) -> Iterator[None]:
        """Records an invocation of a component without copies, so that its alarm can start one; raises AWS's errors."""
        try:
            yield
        except NoCopyInService:
            [variant] = endpoint.fleet.variants.values()
            component, moment = variant.document["Component"], self._clock.now()
            self._metrics.record(
                InvocationRecord(context.region, endpoint.name, variant.name, moment, 0, 0, 0, 0, component=component, refused=True)
            )
            raise
        except Unreachable as error:
            raise unavailable() from error

    def _record(self, invocation: InFlightInvocation, reply: Reply) -> None:
        """Record the metrics of an answered invocation, and its data if the endpoint captures data."""
        settings = invocation.fleet.settings
        self._metrics.record(
            InvocationRecord(
                region=invocation.context.region,
                endpoint=invocation.endpoint,
                variant=invocation.variant.name,
                moment=self._clock.now(),
                status=reply.status,
                model=reply.seconds,
                overhead=max(0.0, time.perf_counter() - invocation.began - reply.seconds - invocation.waited),
                instances=invocation.instance_count,
                containers=tuple(reply.containers) if len(reply.containers) > 1 else (),
                before=invocation.timings,
                loaded=invocation.instance.loaded,
                config=settings.get("Config", ""),
                component=settings.get("Component", ""),
            )
        )
        if invocation.variant is not invocation.fleet.shadow:  # AWS bills its instances only
            self._meter(invocation, reply)
        capture = settings.get("Capture")
        if reply.ok and capture:
            capture = capture | {"KmsKeyId": settings.get("CaptureKey")}
            self._capture.record(invocation.endpoint, invocation.variant.document, capture, invocation.params, reply)

    def _meter(self, invocation: InFlightInvocation, reply: Reply) -> None:
        """Count the data of an invocation for the bill, and the seconds of a serverless model by its memory ("SageMaker AI pricing").

        The seconds have another price if the provisioned concurrency was enough for the requests under way.
        """
        region = invocation.context.region
        arn = f"arn:aws:sagemaker:{region}:{self._account}:endpoint/{invocation.endpoint.lower()}"
        for usage_type, size in ((DATA_IN, len(invocation.params.get("Body") or b"")), (DATA_OUT, len(reply.body) + reply.streamed)):
            self._usage.count(Item(SERVICE, usage_type, INVOKE, region, arn), size / GIGABYTE)
        variant = invocation.variant
        if serverless := variant.document.get("Serverless"):
            kind = "ProvisionedConcurrency" if variant.requests < variant.provisioned else "ServerlessInf"
            usage_type = f"{kind}:Mem-{serverless['MemorySizeInMB'] // 1024}GB"
            self._usage.count(Item(SERVICE, usage_type, INVOKE, region, arn), math.ceil(reply.seconds * 1000) / 1000)

    def _send_to_shadow(self, invocation: InFlightInvocation, timeout: float) -> None:
        """Send a copy of some requests to the shadow variant and drop its answers.

        Its weight, divided by the production variant's, is the share of requests that are copied.
        """
        shadow = invocation.fleet.shadow
        if random.random() * invocation.variant.weight >= shadow.weight:
            return
        instance = shadow.choose()
        if instance is None:
            return
        instance.requests += 1
        params = invocation.params
        copy = InFlightInvocation(invocation.context, invocation.endpoint, invocation.fleet, shadow, instance, params, {})

        async def send() -> None:
            try:
                self._record(copy, await instance.invoke(self.client, copy.endpoint, params, timeout, copy.timings))
            except Exception:  # a shadow must never disturb the caller
                logger.info("the shadow variant of endpoint %s did not answer", copy.endpoint, exc_info=True)
            finally:
                instance.requests -= 1

        task = asyncio.create_task(send())
        self._shadows.add(task)
        task.add_done_callback(self._shadows.discard)
