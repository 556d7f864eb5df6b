"""The model servers of a transform job, and the client that sends them records.

Source: "Use Your Own Inference Code with Batch Transform" of the SageMaker developer guide, and ``ModelClientConfig`` of the API reference,
read 2026-11-25. A maintainer says that a container may take half an hour to answer its first ping:
https://github.com/aws/amazon-sagemaker-examples/issues/815. AWS does not document the following, so it is our choice: a request without an
answer, or with a status of 500 or more, is retried; a container that ended is restarted, as an endpoint's is, and the job waits for it; in
an inference pipeline, the first container says how it wants its records.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from course.localaws.context import Context
from course.localaws.core import json_text
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.jobs.runner import JobRunner
from course.localaws.sagemaker.hosting import variants
from course.localaws.sagemaker.hosting.servers.container_client import ContainerClient, Reply, Unreachable
from course.localaws.sagemaker.hosting.servers.instances import HostedInstance, new_stream
from course.localaws.sagemaker.hosting.servers.model_data import multi_model
from course.localaws.sagemaker.hosting.servers.model_server import LogTarget
from course.localaws.sagemaker.transform.checks import DEFAULT_PAYLOAD, LARGEST

GROUP = "/aws/sagemaker/TransformJobs"
STARTUP_SECONDS = 1800
RETURN_SECONDS = 60.0  # how long to wait for the restart of a container
PAUSES = (0.1, 0.3, 1.0)  # seconds before a retry
DEFAULT_TIMEOUT, DEFAULT_RETRIES = 600, 3
STRATEGIES = {"SingleRecord": "SINGLE_RECORD", "MultiRecord": "MULTI_RECORD"}
Body = bytes | Callable[[], AsyncIterator[bytes]]


class InvocationFailed(Exception):
    """The containers did not answer with a success status.

    Attributes
    ----------
    status : int
        0 when there was no answer.
    body : bytes
    """

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"status {status}")
        self.status, self.body = status, body


class ContainerGone(InvocationFailed):
    """There was no answer, and the container did not come back."""

    def __init__(self) -> None:
        super().__init__(0, b"")


@dataclass(frozen=True, slots=True)
class TransformSettings:
    """How records are sent. The request decides, then the container, then the default."""

    concurrent: int
    megabytes: int
    single: bool

    @property
    def largest(self) -> int | None:
        """The largest payload in bytes; None for no limit."""
        return self.megabytes << 20 or None

    def __str__(self) -> str:
        strategy = STRATEGIES["SingleRecord" if self.single else "MultiRecord"]
        return f"MaxConcurrentTransforms={self.concurrent}, MaxPayloadInMB={self.megabytes}, BatchStrategy={strategy}"


def variant_of(engine: ResourceEngine, context: Context, params: dict) -> dict:
    """The variant that hosting runs for a job, stored with it so that it no longer needs its model. Waits for moto. Raises AwsError."""
    resources = params["TransformResources"]
    asked = {"VariantName": params["TransformJobName"], "ModelName": params["ModelName"]}
    asked |= {"InstanceType": resources["InstanceType"], "InitialInstanceCount": resources["InstanceCount"]}
    [variant] = variants.variants_of(engine, context, {"ProductionVariants": [asked]}, "CreateTransformJob")
    named = variant["Mode"] == "Direct" and len(variant["Containers"]) > 1
    if named or any(multi_model(container) for container in variant["Containers"]):
        what = "containers" if named else "models"
        raise invalid(f"The {what} of {params['ModelName']} are called by name, and batch transform calls nothing by name.")
    added = environment(params)
    containers = [container | {"Environment": container.get("Environment", {}) | added} for container in variant["Containers"]]
    return variant | {"Containers": containers, "ContainerStartupHealthCheckTimeoutInSeconds": STARTUP_SECONDS}


def environment(job: dict) -> dict[str, str]:
    """The environment variables that a job adds to its model's."""
    variables = {"SAGEMAKER_BATCH": "true"}
    if "MaxPayloadInMB" in job:
        variables["SAGEMAKER_MAX_PAYLOAD_IN_MB"] = str(job["MaxPayloadInMB"])
    if "BatchStrategy" in job:
        variables["SAGEMAKER_BATCH_STRATEGY"] = STRATEGIES[job["BatchStrategy"]]
    if job.get("MaxConcurrentTransforms"):
        variables["SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"] = str(job["MaxConcurrentTransforms"])
    return job.get("Environment", {}) | variables


def make(runner: JobRunner, context: Context, job: Document) -> list[tuple[HostedInstance, str]]:
    """The instances of a job, not yet started, each with its log stream."""
    name, made = job["TransformJobName"], []
    for _ in range(job["TransformResources"]["InstanceCount"]):
        stream = f"{new_stream(name)}-{int(runner.platform.clock.now())}"
        made.append((HostedInstance(runner, context, job["_Variant"], LogTarget(f"{runner.kind}/{name}", GROUP, stream)), stream))
    return made


class TransformClient:
    """Sends requests to one instance, in one event loop.

    Parameters
    ----------
    instance : HostedInstance
    job : dict
    ending : callable
        Whether to give up.
    """

    def __init__(self, instance: HostedInstance, job: Document, ending: Callable[[], bool]) -> None:
        self._instance, self._job, self._ending = instance, job, ending
        self._client = ContainerClient("large")
        config = job.get("ModelClientConfig", {})
        self._timeout = config.get("InvocationsTimeoutInSeconds", DEFAULT_TIMEOUT)
        self._retries = config.get("InvocationsMaxRetries", DEFAULT_RETRIES)
        self._params = {"ContentType": job["TransformInput"].get("ContentType"), "Accept": job["TransformOutput"].get("Accept")}

    async def settings(self) -> TransformSettings:
        """How to send records, after asking the container's ``/execution-parameters``."""
        first = self._instance.servers[0]
        reply = await self._client.request(first, "/execution-parameters", b"", {}, self._timeout, method="GET")
        try:
            return settings(self._job, json_text.load(reply.body) if reply.ok else None)
        except ValueError:
            return settings(self._job, None)

    async def ask(self, body: Body) -> bytes:
        """The containers' answer. Raises InvocationFailed."""
        for attempt in range(self._retries + 1):
            reply = await self._reply(body)
            if reply.ok:
                return reply.body
            if self._ending() or 300 <= reply.status < 500:
                break
            if attempt < self._retries:
                await asyncio.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])
            if not await self._is_back():
                raise ContainerGone
        raise InvocationFailed(reply.status, reply.body)

    async def close(self) -> None:
        await asyncio.to_thread(self._client.close)

    async def _reply(self, body: Body) -> Reply:
        limit = time.monotonic() + RETURN_SECONDS
        while True:
            params = self._params | {"Body": body() if callable(body) else body}
            try:
                return await self._instance.invoke(self._client, self._job["TransformJobName"], params, self._timeout, {})
            except Unreachable:
                return Reply("", 0, {}, b"")
            except AwsError as error:  # other answers have all memory
                if time.monotonic() > limit or self._ending():
                    return Reply("", 0, {}, error.message.encode())
                await asyncio.sleep(PAUSES[-1])

    async def _is_back(self) -> bool:
        limit = time.monotonic() + RETURN_SECONDS
        while not self._instance.ready and time.monotonic() < limit and not self._ending():
            await asyncio.sleep(0.02)
        return self._instance.ready


def settings(job: Document, offered: object) -> TransformSettings:
    """The settings of a job, given the execution parameters that the container offers. Those have the limits of the job's own."""
    offered = offered if isinstance(offered, dict) else {}
    numbers = {name: value for name, value in offered.items() if isinstance(value, int) and not isinstance(value, bool) and value >= 0}
    megabytes = job.get("MaxPayloadInMB", min(numbers.get("MaxPayloadInMB", DEFAULT_PAYLOAD), LARGEST))
    most = LARGEST // max(megabytes, 1)
    concurrent = min(job.get("MaxConcurrentTransforms") or numbers.get("MaxConcurrentTransforms") or 1, most)
    strategy = STRATEGIES.get(job.get("BatchStrategy", ""), offered.get("BatchStrategy"))
    return TransformSettings(concurrent, megabytes, strategy == STRATEGIES["SingleRecord"])
