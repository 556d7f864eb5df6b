"""An instance of a variant: the containers of a model side by side, and the way of a request through them."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from course.localaws.context import Context
from course.localaws.core.errors import validation_error
from course.localaws.images.clarify.model_container import MODEL_FAILED, MODEL_URL
from course.localaws.jobs.boxes import shared_network
from course.localaws.jobs.runner import JobRunner
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.failure_reasons import ENDPOINT_NO_CAPACITY
from course.localaws.sagemaker.hosting.servers.container_client import ContainerClient, ContainerTarget, Reply
from course.localaws.sagemaker.hosting.servers.model_data import HostingError, multi_model
from course.localaws.sagemaker.hosting.servers.model_server import STOP_GRACE, LogTarget, ModelServer, boxes
from course.localaws.sagemaker.hosting.servers.multi_model import NOT_LOADED, ModelCache, ModelLoadFailed
from course.sandbox.trees import remove

DRAIN_SECONDS = 60.0  # as long as an invocation may take


class HostedInstance:
    """The model servers of one variant on one instance.

    Parameters
    ----------
    runner, context
    variant : dict
        One of `variants.variants_of`.
    target : LogTarget
        Where its containers write their logs. Several containers have one stream each, below this stream.
    instance_type : str
        The type of the new instance that `start` needs; empty if it needs none.

    Attributes
    ----------
    requests : int
        Invocations under way. The caller that sends them counts them.
    peak : int
        The most under way at once since `ProductionVariant.take_instance_peaks`.
    """

    def __init__(self, runner: JobRunner, context: Context, variant: dict, target: LogTarget, instance_type: str = "") -> None:
        self._capacity, self._instance_type = runner.platform.capacity, instance_type
        containers = variant["Containers"]
        alone = len(containers) == 1
        self._direct = variant["Mode"] == "Direct" and not alone
        targets = [target if alone else target.below(container["Hostname"]) for container in containers]
        self._servers = [ModelServer(runner, context, variant, *each) for each in zip(containers, targets, strict=True)]
        explainer = variant.get("Explainer")
        self._explainer = ModelServer(runner, context, variant, explainer, target.below(explainer["Hostname"])) if explainer else None
        self._network = InstanceNetwork(runner.platform, f"{runner.kind}.{uuid.uuid4().hex}") if explainer else None
        many = [number for number, container in enumerate(containers) if multi_model(container)]
        self._multi_model = self._servers[many[0]] if many else None  # CreateModel accepts at most one
        self._cached = not many or containers[many[0]].get("MultiModelConfig", {}).get("ModelCacheSetting") != "Disabled"
        self._models: ModelCache | None = None
        self._asked_to_stop = threading.Event()
        self.requests = self.peak = 0

    @property
    def servers(self) -> Sequence[ModelServer]:
        """All containers: those of the model, then the explainer if there is one."""
        return [*self._servers, *([self._explainer] if self._explainer else [])]

    @property
    def ready(self) -> bool:
        return all(server.ready for server in self.servers)

    def start(self) -> None:
        """Start all containers and wait until each answers. When one fails, all are stopped. Raises HostingError, StartCancelled."""
        try:
            if self._capacity.lacks(self._instance_type):
                raise HostingError(ENDPOINT_NO_CAPACITY)
            if self._network:
                self._network.open(self.servers)
            run_concurrently(self.servers, ModelServer.start)
        except Exception:
            self.stop(grace=0)
            raise

    async def invoke(self, client: ContainerClient, name: str, params: Mapping, timeout: float, timings: dict[str, float]) -> Reply:
        """Send a request through the containers and wait for the whole answer.

        Parameters are those of `route`, and the containers have ``timeout`` seconds. Raises AwsError as `route`, and Unreachable.
        """
        try:
            async with self.route(client, name, params, timings) as targets:
                reply = await client.invoke_pipeline(targets, params, timeout)
        except ModelLoadFailed as error:
            return error.reply
        if MODEL_FAILED in reply.headers:
            reply.hostname = self._servers[0].hostname
        if reply.status == NOT_LOADED and "TargetModel" in params:
            self._models.forget(params["TargetModel"])  # its process has ended, so the next request loads it again
        return reply

    @contextlib.asynccontextmanager
    async def route(
        self, client: ContainerClient, name: str, params: Mapping, timings: dict[str, float]
    ) -> AsyncIterator[Sequence[ContainerTarget]]:
        """The containers that a request passes, in order. A model that it names stays loaded inside the ``with``.

        Parameters
        ----------
        client : ContainerClient
        name : str
            The endpoint's name, for error messages.
        params : mapping
            Members of an ``InvokeEndpoint`` request; uses ``TargetContainerHostname`` and ``TargetModel``.
        timings : dict
            See `ModelCache.path`.

        With an explainer it is the only one, and asks the model's container itself.

        Raises
        ------
        AwsError
            ``ValidationError``: a name is unknown, missing, or not supported by this endpoint.
        ModelLoadFailed
        """
        if "EnableExplanations" in params and self._explainer is None:
            raise validation_error(f"Endpoint {name} has no explainer and does not support enable explanations header.")
        servers = self._targeted(name, params.get("TargetContainerHostname"))
        if self._multi_model is None or self._multi_model not in servers:
            if "TargetModel" in params:
                raise validation_error(f"Endpoint {name} is not a multi-model endpoint and does not support target model header.")
            yield self._through_explainer([ContainerTarget(server) for server in servers])
            return
        if "TargetModel" not in params:
            raise validation_error(f"Request {uuid.uuid4()} is missing a target model header.")
        if self._models is None:
            self._models = ModelCache(self._multi_model, client, self._cached)
        async with self._models.path(params["TargetModel"], timings) as path:
            targets = [ContainerTarget(server, path) if server is self._multi_model else ContainerTarget(server) for server in servers]
            yield self._through_explainer(targets)

    def _through_explainer(self, targets: list[ContainerTarget]) -> list[ContainerTarget]:
        """``targets``, or the explainer instead of the model's container, and where it finds that container."""
        if self._explainer is None:
            return targets
        [model] = targets
        port = model.server.port if model.server.network_pid is None else model.server.inner_port
        return [ContainerTarget(self._explainer, headers={MODEL_URL: f"http://127.0.0.1:{port}{model.path}"})]

    def has(self, model: str) -> bool:
        """Whether a model is loaded here."""
        return self._models is not None and model in self._models

    @property
    def loaded(self) -> int | None:
        """How many models are loaded; None unless this is a multi-model instance."""
        return None if self._multi_model is None else len(self._models or ())

    def _targeted(self, name: str, hostname: str | None) -> Sequence[ModelServer]:
        header = "target container hostname header"
        if not self._direct:
            if hostname is not None:
                raise validation_error(f"Endpoint {name} is not a multi-container endpoint and does not support {header}.")
            return self._servers
        if hostname is None:
            raise validation_error(f"Endpoint {name} is a multi-container endpoint and requires {header}.")
        named = [server for server in self._servers if server.hostname == hostname]
        if not named:
            raise validation_error(f"Target container hostname {hostname} not found for Endpoint {name}.")
        return named

    def request_started(self) -> None:
        """Count one more request as under way."""
        self.requests += 1
        self.peak = max(self.peak, self.requests)

    def drain(self) -> None:
        """Wait for the requests under way. No new ones may be sent."""
        limit = time.monotonic() + DRAIN_SECONDS
        while self.requests and time.monotonic() < limit and not self._asked_to_stop.wait(0.01):
            pass

    def stop(self, grace: float = STOP_GRACE) -> None:
        """Stop the containers, and kill them after ``grace`` seconds. May be called at any time, also twice."""
        self._asked_to_stop.set()
        run_concurrently(self.servers, lambda server: server.stop(grace))
        if self._network:
            self._network.close()


class InstanceNetwork:
    """The network that the containers of an instance share, where a box does not use this machine's.

    Parameters
    ----------
    folder : str
        The name of a new folder for it.
    """

    def __init__(self, platform: Platform, folder: str) -> None:
        self._platform, self._folder = platform, boxes(platform) / folder
        self._open = contextlib.ExitStack()

    def open(self, servers: Sequence[ModelServer]) -> None:
        """Let the boxes of ``servers``, which are not started yet, join the network."""
        (self._folder / "ml").mkdir(parents=True)
        pid = self._open.enter_context(shared_network(self._platform, self._folder, len(servers), servers[0].isolated, servers[0].private))
        for server in servers:
            server.network_pid = pid

    def close(self) -> None:
        """May be called at any time, also twice."""
        self._open.close()
        remove(self._folder)


def new_stream(variant: str) -> str:
    """The log stream of a new instance of a variant."""
    return f"{variant}/i-{uuid.uuid4().hex[:17]}"


def start(instances: Sequence[HostedInstance]) -> None:
    """Start instances at once. When one fails, stop all and raise its error: HostingError or StartCancelled."""
    try:
        run_concurrently(instances, HostedInstance.start)
    except Exception:
        stop(instances)
        raise


def stop(instances: Sequence[HostedInstance]) -> None:
    """Kill instances without waiting for their requests."""
    run_concurrently(instances, lambda instance: instance.stop(grace=0))


def run_concurrently(things: Sequence, act: Callable) -> None:
    """Call ``act`` with each thing, each in its own thread. Waits for all, then raises the first error in the order of ``things``."""
    if len(things) == 1:
        act(things[0])
        return
    if not things:
        return
    with ThreadPoolExecutor(len(things), thread_name_prefix="endpoint") as pool:
        attempts = [pool.submit(act, thing) for thing in things]
    for attempt in attempts:
        attempt.result()
