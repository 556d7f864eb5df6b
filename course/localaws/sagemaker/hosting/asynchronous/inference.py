"""Asynchronous endpoints: requests are acknowledged at once, wait in a queue, and get their answers in S3.

A thread with its own event loop takes requests from the queue, at most as many at a time as the ready instances may have. After a kill of
the local AWS, the next process repeats the requests that had no answer yet. Answered requests are not repeated: each answer is first
written to the queue's file, and then goes to S3 and to the topic.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import threading
import uuid
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from course.localaws.context import Context
from course.localaws.core.errors import AwsError, validation_error
from course.localaws.core.held import LARGEST, NoRoom, Room, Share
from course.localaws.jobs.s3_data import DataError, JobData, split
from course.localaws.sagemaker.hosting.asynchronous import results
from course.localaws.sagemaker.hosting.asynchronous.backlog_metrics import BacklogMetrics
from course.localaws.sagemaker.hosting.asynchronous.queue import AsyncQueue, QueuedRequest
from course.localaws.sagemaker.hosting.asynchronous.results import OCTETS
from course.localaws.sagemaker.hosting.runtime.invocation import EndpointInvoker
from course.localaws.sagemaker.hosting.servers.container_client import EXITED

if TYPE_CHECKING:
    from course.localaws.platform import Platform
    from course.localaws.sagemaker.hosting.runtime.data_capture import DataCapture
    from course.localaws.sagemaker.hosting.runtime.metrics import InvocationMetrics
    from course.localaws.sagemaker.hosting.runtime.routing import EndpointRouter, RoutingTable

TTL_SECONDS, TIMEOUT_SECONDS = 21_600, 900  # defaults of a request
LARGEST_INPUT = 1 << 30  # bytes
CONCURRENT = 4  # default of requests at a time on one instance
ATTEMPTS = 3  # for a request whose container ends before it answers
LOOK_SECONDS = 0.1  # between two looks at the queue

logger = logging.getLogger(__name__)


class AsyncInference:
    """InvokeEndpointAsync, and the work after its answer."""

    def __init__(self, platform: Platform, routing: RoutingTable, metrics: InvocationMetrics, capture: DataCapture) -> None:
        self._platform, self._routing = platform, routing
        self._queue = AsyncQueue(platform.state / "async-inference.sqlite")
        self._backlog = BacklogMetrics(platform)
        self._metrics, self._capture = metrics, capture
        self._under_way: dict[tuple[str, str], set[int]] = {}
        self._deaths: Counter[int] = Counter()  # containers that ended during a request, by request
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._inputs = Room(LARGEST)  # of the inputs of all requests under way
        self.operations = {"InvokeEndpointAsync": self.invoke}

    async def invoke(self, context: Context, params: dict) -> dict:
        """InvokeEndpointAsync. Raises `AwsError` ``ValidationError``."""
        endpoint = await self._routing.in_service(context, params["EndpointName"])
        config = endpoint.fleet.settings.get("Async")
        if config is None:
            raise validation_error(f"Endpoint {endpoint.name} is not an asynchronous endpoint and does not support InvokeEndpointAsync.")
        params = with_input(params)
        params = {"InferenceId": str(uuid.uuid4())} | params
        output, failure = locations(config["OutputConfig"], params)
        moment = self._platform.clock.now()
        await asyncio.to_thread(self._queue.add, context.region, endpoint.name, moment, params, output, failure)
        answer = {"InferenceId": params["InferenceId"], "OutputLocation": output, "FailureLocation": failure}
        return {member: value for member, value in answer.items() if value}

    def begin(self) -> None:
        """Start the thread that works on the queue."""
        with self._lock:
            if self._thread is None:
                self._stopping.clear()
                self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="async-inference", daemon=True)
                self._thread.start()

    def drop(self, region: str, name: str) -> None:
        """Delete the requests of an endpoint."""
        self._queue.drop(region, name)
        self._backlog.forget(region, name)

    def stop(self) -> None:
        """Stop the thread, and close the file. The next process repeats the requests under way, unless a reset deletes them."""
        self._stopping.set()
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        self._under_way.clear()
        self._queue.close()

    async def _run(self) -> None:
        invoker, tasks = EndpointInvoker(self._platform, self._metrics, self._capture, "large"), set()
        while not self._stopping.is_set():
            for region, endpoint in self._routing.every():
                if endpoint.fleet is not None and "Async" in endpoint.fleet.settings:
                    for request in self._next(region, endpoint):
                        task = asyncio.create_task(self._worked(invoker, endpoint, request))
                        tasks.add(task)
                        task.add_done_callback(tasks.discard)
            await asyncio.sleep(LOOK_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await invoker.client.aclose()

    def _next(self, region: str, endpoint: EndpointRouter) -> list[QueuedRequest]:
        """The requests to start now. Also publishes the backlog."""
        config, key = endpoint.fleet.settings["Async"], (region, endpoint.name)
        ready = endpoint.ready()
        size, oldest = self._queue.backlog(region, endpoint.name)
        self._backlog.note(region, endpoint.name, size, oldest, ready)
        under_way = self._under_way.setdefault(key, set())
        most = ready * config.get("ClientConfig", {}).get("MaxConcurrentInvocationsPerInstance", CONCURRENT)
        if not size:
            return []
        now = self._platform.clock.now()
        waiting = [request for request in self._queue.of(region, endpoint.name, most + len(under_way) + 1) if request.id not in under_way]
        unlimited = [request for request in waiting if request.outcome or expired(request, now)]  # these need no instance
        begun = unlimited + [request for request in waiting if request not in unlimited][: max(0, most - len(under_way))]
        under_way.update(request.id for request in begun)
        return begun

    async def _worked(self, invoker: EndpointInvoker, endpoint: EndpointRouter, request: QueuedRequest) -> None:
        with self._platform.scheduler.working():
            await self._process(invoker, endpoint, request)

    async def _process(self, invoker: EndpointInvoker, endpoint: EndpointRouter, request: QueuedRequest) -> None:
        """Work on one request, from the queue to the notification. If no server was available, the request stays in the queue."""
        role = next(iter(endpoint.fleet.variants.values())).document["RoleArn"]
        data = JobData(self._platform, f"endpoint/{endpoint.name}", role)
        try:
            if request.outcome is None:
                made = await self._outcome(invoker, endpoint, request, data)
                if made is None or not await asyncio.to_thread(self._queue.answered, request, *made):
                    return
                request = replace(request, outcome=made[0])
            await asyncio.to_thread(self._finish, endpoint, request, data)
        except asyncio.CancelledError:
            raise
        except Exception:
            logger.exception("an asynchronous request to endpoint %s could not be ended; it is tried again", endpoint.name)
            await asyncio.sleep(1)
        finally:
            self._under_way.get((request.region, endpoint.name), set()).discard(request.id)

    def _finish(self, endpoint: EndpointRouter, request: QueuedRequest, data: JobData) -> None:
        """Store the outcome of a request and publish its notification. Both steps can be repeated after a kill in the middle."""
        settings, body = endpoint.fleet.settings, self._queue.answer(request)
        if body is None:
            return
        try:
            results.store(data, request.outcome, body, settings.get("AsyncKey"))
        except DataError as error:
            if request.outcome["place"] == request.failure:
                logger.warning("the failure of an asynchronous request could not be stored: %s", error)
            else:
                why = f"ClientError: Failed to upload the output to {request.output}: {error}"
                outcome, body = results.failed(request, why)
                if self._queue.answered(request, outcome, body):
                    self._finish(endpoint, replace(request, outcome=outcome), data)
                return
        results.notify(self._platform, data, request, body, settings["Async"], endpoint.name)
        self._queue.remove(request)
        self._deaths.pop(request.id, None)

    def _retries(self, request: QueuedRequest) -> bool:
        """Whether to repeat a request whose container ended. A request that ends every container must not run for ever."""
        self._deaths[request.id] += 1
        return self._deaths[request.id] < ATTEMPTS

    async def _outcome(
        self, invoker: EndpointInvoker, endpoint: EndpointRouter, request: QueuedRequest, data: JobData
    ) -> tuple[dict, bytes] | None:
        """The outcome of a request and the body to store; None if the request must be repeated."""
        if expired(request, self._platform.clock.now()):
            return results.failed(request, f"ClientError: The request expired after {ttl(request)} seconds in the queue.")
        with Share(self._inputs) as share:
            try:
                body, content_type = await asyncio.to_thread(read_input, data, request.params, share)
            except NoRoom:
                return None
            except (DataError, AwsError) as error:
                why = f"ClientError: Failed to download the input from {request.params.get('InputLocation')}: {error}"
                return results.failed(request, why)
            return await self._answered(invoker, endpoint, request, {"ContentType": content_type} | request.params | {"Body": body})

    async def _answered(
        self, invoker: EndpointInvoker, endpoint: EndpointRouter, request: QueuedRequest, params: dict
    ) -> tuple[dict, bytes] | None:
        """As `_outcome`, for a request whose input is there."""
        context = Context(request.region, self._platform.account, self._platform)
        timeout = request.params.get("InvocationTimeoutSeconds", TIMEOUT_SECONDS)
        try:
            _, reply = await invoker.invoke(context, endpoint, params, timeout)
        except AwsError as error:
            retried = error.code in ("ServiceUnavailable", "ThrottlingException")
            return None if retried else results.failed(request, f"ClientError: {error.message}")
        if reply.status == 0 and reply.body == EXITED and self._retries(request):
            return None
        return results.answered(request, reply)


def locations(output: dict, params: dict) -> tuple[str, str]:
    """The S3 URIs of a request's answer and failure; ``""`` where the configuration names no path."""
    name = params.get("Filename", f"{uuid.uuid4()}.out")
    stem = name.removesuffix(".out")
    folder = "/".join(filter(None, (output.get("S3OutputPath", "").rstrip("/"), params.get("S3OutputPathExtension", "").strip("/"))))
    success = f"{folder}/{name}" if "S3OutputPath" in output else ""
    failure = f"{output['S3FailurePath'].rstrip('/')}/{stem}-error.out" if "S3FailurePath" in output else ""
    return success, failure


def ttl(request: QueuedRequest) -> int:
    return request.params.get("RequestTTLSeconds", TTL_SECONDS)


def expired(request: QueuedRequest, now: float) -> bool:
    return request.outcome is None and now - request.received > ttl(request)


def with_input(params: dict) -> dict:
    """A request as the queue stores it, with its body as text. Raises `AwsError` ``ValidationError`` unless it has exactly one input."""
    if ("Body" in params) == ("InputLocation" in params):
        raise validation_error("Body and InputLocation are mutually exclusive. Provide exactly one of them.")
    if "Body" in params:
        return params | {"Body": base64.b64encode(params["Body"]).decode()}
    split(params["InputLocation"])
    return params


def read_input(data: JobData, params: dict, share: Share) -> tuple[bytes, str]:
    """The request's own body, or the object that it names, and the content type of that. Raises DataError, and NoRoom for its share.

    SDK v2's ``AsyncPredictor`` uploads the input and sends no ``ContentType``, so the object's type must be used.
    """
    if "Body" in params:
        return base64.b64decode(params["Body"]), OCTETS
    bucket, key = split(params["InputLocation"])
    items = [item for item in data.find(params["InputLocation"]) if item.stored.key == key]
    if not items:
        raise DataError(f"there is no object s3://{bucket}/{key}")
    data.require_read(bucket, key)
    if items[0].stored.size > LARGEST_INPUT:
        raise DataError(f"s3://{bucket}/{key} has {items[0].stored.size:,} bytes; an input may have {LARGEST_INPUT:,}")
    share.grow_to(min(items[0].stored.size, LARGEST))  # a longer one has the room for itself
    with data.open(bucket, key) as stream:
        return stream.read(), items[0].stored.content_type
