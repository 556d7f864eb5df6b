"""What AWS calls an instance of a variant: the containers of a model side by side, and which of them an invocation goes through."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from course.localaws.core.context import Context
from course.localaws.core.errors import validation_error
from course.localaws.jobs.runner import JobRunner
from course.localaws.sagemaker.hosting.runtime.container_client import ContainerClient, ContainerTarget
from course.localaws.sagemaker.hosting.servers.model_data import multi_model
from course.localaws.sagemaker.hosting.servers.model_server import STOP_GRACE, LogTarget, ModelServer
from course.localaws.sagemaker.hosting.servers.multi_model import ModelCache

DRAIN_SECONDS = 60.0  # as long as an invocation may take


class HostedInstance:
    """The model servers of one variant on one instance.

    Parameters
    ----------
    runner, context
    variant : dict
        As `deployments.variants_of` makes it.
    place : LogTarget
        Where its containers write their logs; several containers have a stream each, below its stream.

    Attributes
    ----------
    requests : int
        Invocations under way; counted by whoever sends them.
    peak : int
        The most that were under way at once since somebody asked for it.
    """

    def __init__(self, runner: JobRunner, context: Context, variant: dict, place: LogTarget) -> None:
        containers = variant["Containers"]
        alone = len(containers) == 1
        self._direct = variant["Mode"] == "Direct" and not alone
        places = [place if alone else place.below(container["Hostname"]) for container in containers]
        self._servers = [ModelServer(runner, context, variant, *each) for each in zip(containers, places, strict=True)]
        many = [number for number, container in enumerate(containers) if multi_model(container)]
        self._many = self._servers[many[0]] if many else None  # the container of many models; CreateModel takes one at most
        self._cached = not many or containers[many[0]].get("MultiModelConfig", {}).get("ModelCacheSetting") != "Disabled"
        self._store: ModelCache | None = None
        self._asked_to_stop = threading.Event()
        self.requests = self.peak = 0

    @property
    def servers(self) -> Sequence[ModelServer]:
        return self._servers

    @property
    def ready(self) -> bool:
        return all(server.ready for server in self._servers)

    def start(self) -> None:
        """Start all containers; returns when each answers. When one fails, none is left running.

        Raises
        ------
        hosting.HostingError
        hosting.Stopped
        """
        try:
            run_concurrently(self._servers, ModelServer.start)
        except Exception:
            self.stop(grace=0)
            raise

    @contextlib.asynccontextmanager
    async def route(
        self, endpoint: str, params: dict, invoker: ContainerClient, took: dict[str, float]
    ) -> AsyncIterator[Sequence[ContainerTarget]]:
        """The containers through which an invocation goes, one after the other; a model that it names stays loaded inside the ``with``.

        Parameters
        ----------
        endpoint : str
            Its name, for error messages.
        params : dict
            Of the invocation: ``TargetContainerHostname`` and ``TargetModel`` are looked at.
        invoker : ContainerClient
        took : dict
            See `ModelCache.path`.

        Raises
        ------
        AwsError
            ``ValidationError``: a name names nothing, is missing, or nothing is called by name here.
        LoadFailed
        """
        servers = self._called(endpoint, params.get("TargetContainerHostname"))
        if self._many is None or self._many not in servers:
            if "TargetModel" in params:
                raise validation_error(f"Endpoint {endpoint} is not a multi-model endpoint and does not support target model header.")
            yield [ContainerTarget(server) for server in servers]
            return
        if "TargetModel" not in params:
            raise validation_error(f"Request {uuid.uuid4()} is missing a target model header.")
        if self._store is None:
            self._store = ModelCache(self._many, invoker, self._cached)
        async with self._store.path(params["TargetModel"], took) as path:
            yield [ContainerTarget(server, path) if server is self._many else ContainerTarget(server) for server in servers]

    def has(self, target: str | None) -> bool:
        """Whether a model is loaded here."""
        return target is not None and self._store is not None and target in self._store

    def forget(self, target: str) -> None:
        """A model's process has ended, so that the container does not know it any more: it is loaded anew when it is asked for."""
        self._store.forget(target)

    @property
    def loaded(self) -> int | None:
        """How many models are loaded; None where models are not loaded by name."""
        return None if self._many is None else len(self._store or ())

    def _called(self, endpoint: str, hostname: str | None) -> Sequence[ModelServer]:
        called = "target container hostname header"
        if not self._direct:
            if hostname is not None:
                raise validation_error(f"Endpoint {endpoint} is not a multi-container endpoint and does not support {called}.")
            return self._servers
        if hostname is None:
            raise validation_error(f"Endpoint {endpoint} is a multi-container endpoint and requires {called}.")
        named = [server for server in self._servers if server.hostname == hostname]
        if not named:
            raise validation_error(f"Target container hostname {hostname} not found for Endpoint {endpoint}.")
        return named

    def begin(self) -> None:
        """Count one more request as under way."""
        self.requests += 1
        self.peak = max(self.peak, self.requests)

    def drain(self) -> None:
        """Wait for the requests under way; nobody may send another one."""
        limit = time.monotonic() + DRAIN_SECONDS
        while self.requests and time.monotonic() < limit and not self._asked_to_stop.wait(0.01):
            pass

    def stop(self, grace: float = STOP_GRACE) -> None:
        """End the containers, after ``grace`` seconds by force. May be called at any time, also twice."""
        self._asked_to_stop.set()
        run_concurrently(self._servers, lambda server: server.stop(grace))


def new_stream(variant: str) -> str:
    """The log stream of a new instance of a variant."""
    return f"{variant}/i-{uuid.uuid4().hex[:17]}"


def start(instances: Sequence[HostedInstance]) -> None:
    """Start instances side by side; when one fails, all are stopped and its error is raised.

    Raises
    ------
    hosting.HostingError
    hosting.Stopped
    """
    try:
        run_concurrently(instances, HostedInstance.start)
    except Exception:
        stop(instances)
        raise


def stop(instances: Sequence[HostedInstance]) -> None:
    """End instances at once, whatever they are doing."""
    run_concurrently(instances, lambda instance: instance.stop(grace=0))


def run_concurrently(things: Sequence, act: Callable) -> None:
    """Do something with all of them side by side; raises what the first of them raised, when all have ended trying."""
    if len(things) == 1:
        act(things[0])
        return
    if not things:
        return
    with ThreadPoolExecutor(len(things), thread_name_prefix="endpoint") as pool:
        attempts = [pool.submit(act, thing) for thing in things]
    for attempt in attempts:
        attempt.result()
