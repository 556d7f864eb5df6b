"""Model servers: the containers of a model. Each is a process in its own box that answers HTTP on loopback."""

from __future__ import annotations

import logging
import random
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from shutil import disk_usage

import psutil

from course.localaws import images
from course.localaws.context import Context
from course.localaws.core.call import VpcNetwork
from course.localaws.core.errors import AwsError
from course.localaws.images import custom
from course.localaws.images.shared.multi_model import MEMORY
from course.localaws.jobs import job_images
from course.localaws.jobs.boxes import BoxSpec, JobLog, as_inside, is_private, make_box, search_path, variables
from course.localaws.jobs.overlay import Overlay
from course.localaws.jobs.runner import JobRunner
from course.localaws.jobs.s3_data import JobData, inside
from course.localaws.platform import Platform
from course.localaws.sagemaker.core import instance_types, ml_folder
from course.localaws.sagemaker.hosting.servers import model_data
from course.localaws.sagemaker.hosting.servers.model_data import HostingError
from course.localaws.sagemaker.hosting.servers.ping import answers_ping
from course.sandbox.box import Box, best_mode
from course.sandbox.process import BoxProcess
from course.sandbox.supervisor.tree import Unbounded, disk_used
from course.sandbox.trees import Directory, TreeError, remove

STARTUP_SECONDS = 240  # until /ping must answer with 200 ("Custom Inference Code with Hosting Services")
STOP_GRACE = 30.0  # seconds between SIGTERM and SIGKILL, from the same page
RESTART_DELAYS = (0.2, 1.0, 5.0, 30.0)  # seconds before a server that ended by itself is restarted; the last one repeats
PORTS = range(20_000, 32_000)  # below the kernel's ports for outgoing connections
UNLIMITED = 1 << 50  # bytes of output; a server may run for weeks and write more than a job
CONTAINER_PORT = 8080
INSISTS = (
    "[local AWS] Nothing answered GET /ping on port {port}. The kernel of this machine gives no user namespaces, so that servers share its "
    "ports: the program has to listen on the port that SAGEMAKER_BIND_TO_PORT names. One that insists on 8080 cannot be served here."
)
LOG_PAUSE = 0.05  # seconds; see ModelServer._log

logger = logging.getLogger(__name__)


class StartCancelled(Exception):
    """The server was stopped before it was ready."""


class Unhealthy(HostingError):
    """A container was started but did not answer its pings; its log says why."""


@dataclass(frozen=True, slots=True)
class LogTarget:
    """A model server's name as a caller in the request log, and the log group and stream that it writes."""

    caller: str
    group: str
    stream: str

    def below(self, container: str) -> LogTarget:
        return replace(self, stream=f"{self.stream}/{container}")


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of a server's processes: seconds of processor time, seconds since its start, bytes of memory and of disk."""

    cpu: float
    age: float
    memory: int
    disk: int
    disk_size: int


class ModelServer:
    """One container of one variant.

    Attributes
    ----------
    hostname : str
        The container's name, in error messages and in invocations of one container of several.
    ready : bool
        It has answered ``/ping`` and still runs.
    serverless : bool
        Whether its variant is.
    start_count : int
        Number of starts.
    port : int
        On loopback.
    inner_port : int
        On the loopback of its box's network.
    network_pid : int or None
        A process whose network its box joins, set before the start (`boxes.BoxSpec.network_pid`).
    """

    def __init__(self, runner: JobRunner, context: Context, variant: dict, container: dict, target: LogTarget) -> None:
        self.network_pid: int | None = None
        self._runner = runner
        self._context = context
        self._variant = variant
        self._container = container
        self._vpc = VpcNetwork.of(context.region, variant.get("VpcConfig"))
        self._data = JobData(runner.platform, target.caller, variant["RoleArn"], self._vpc)
        self._stream = target.stream
        self._write = JobLog(runner.platform, context.region, target.group, target.stream)
        self._folder = boxes(runner.platform) / f"{runner.kind}.{uuid.uuid4().hex}"
        self._running: BoxProcess | None = None
        self._asked_to_stop = threading.Event()
        self.hostname = container["Hostname"]
        self.serverless = "Serverless" in variant
        self.ready = False
        self.start_count = 0
        self.port = self.inner_port = 0

    @property
    def isolated(self) -> bool:
        """Whether the model has network isolation."""
        return self._variant.get("Isolated", False)

    @property
    def private(self) -> bool:
        """See `boxes.BoxSpec`. Waits for moto."""
        return is_private(self._runner.platform, self._vpc)

    @property
    def pid(self) -> int | None:
        """The root of the server's processes; None while it is not ready."""
        return self._running.pid if self.ready else None

    def start(self) -> None:
        """Fetch the model, start its server and wait until it answers. A failure leaves no files behind.

        Raises
        ------
        HostingError
        StartCancelled
        """
        try:
            self._image = self._found_image()
            model_data.fetch(self._data, self._container, self._folder / "ml")
            custom.copy_opt_ml(self._image.files, self._folder / "ml", self._mounted())
            for note in job_images.notes(self._image):
                self._log([note])
            self._overlay = self._install()
            self._launch()
        except Exception as error:
            remove(self._folder)
            if self._asked_to_stop.is_set():
                raise StartCancelled from error
            if isinstance(error, HostingError):
                raise
            logger.exception("A server of %s could not be started", self._stream)
            raise HostingError(f"{type(error).__name__}: {error}") from error
        threading.Thread(target=self._keep_running, name=f"endpoint {self._stream}", daemon=True).start()

    def stop(self, grace: float = STOP_GRACE) -> None:
        """Stop the server, kill it after ``grace`` seconds, and remove its directory. May be called at any time, also twice."""
        self._asked_to_stop.set()
        self.ready = False
        if self._running is not None:
            self._running.stop(grace)
        remove(self._folder)

    def fetch_model(self, target: str, name: str) -> str:
        """Put a model of a multi-model container into its box, if it is missing; returns its directory inside the container.

        Raises
        ------
        HostingError
        """
        try:
            with Directory.open(self._folder / "ml") as root, root.reach(("models", name), make=True) as place:
                if place.status("model") is None:
                    self._fetch_to(place, self._container["ModelDataUrl"] + target)
        except TreeError as error:  # the server has replaced the folder
            raise HostingError(f"The container leaves no place for the model: {error}.") from error
        return self._current_box.translate(f"/opt/ml/models/{name}/model")

    def _fetch_to(self, place: Directory, url: str) -> None:
        """Fetch a model to a folder that its running server does not see, and move it to ``place``, which the server may change."""
        with tempfile.TemporaryDirectory(prefix=f"{self._folder.name}-", dir=self._folder.parent) as aside:
            model_data.fetch_one(self._data, url, Path(aside, "model"))
            self._current_box.stage(Path(aside, "model"))
            with Directory.open(Path(aside)) as fetched:
                fetched.move_to("model", place, "model")

    def as_inside(self, text: str) -> str:
        """What the server has answered, for a log: with the paths that a container has."""
        return self._current_box.as_inside(text)

    def usage(self) -> Usage | None:
        """The present usage; None while the server is not ready."""
        try:
            first = psutil.Process(self._running.pid) if self.ready else None
            if first is None:
                return None
            processes = [first, *first.children(recursive=True)]
            times = [process.cpu_times() for process in processes]
            cpu, memory = sum(spent.user + spent.system for spent in times), sum(process.memory_info().rss for process in processes)
            return Usage(cpu, time.time() - first.create_time(), memory, disk_used([str(self._folder)]), disk_usage(self._folder).total)
        except (psutil.Error, OSError, Unbounded):  # it has just ended, or made a tree that cannot be measured
            return None

    def _install(self) -> Overlay:
        """The packages of the script's requirements.txt, on top of the course's packages."""
        wanted = self._requirements()
        overlay = self._runner.overlays.make(self._folder / "overlay", wanted, self._share, self._image.packages, self._image.python)
        job_images.set_up(overlay, self._image)
        if wanted:
            box = self._box(overlay)
            self._running = box.start([str(overlay.bin / "pip"), "install", "--requirement", str(wanted)], as_inside(box, self._log))
            if self._running.wait() != 0:
                raise self._unhealthy()
        return overlay

    def _share(self, overlay: Overlay, command: Sequence[str]) -> int:
        """Run a command that installs packages shared by servers. `stop` ends it too."""
        spec = BoxSpec(self._folder, {"PATH": search_path(overlay)}, overlay=overlay, image=self._image)
        box = make_box(self._runner.platform, spec)
        self._running = box.start(command, lambda lines: None)
        return self._running.wait()

    def _launch(self) -> None:
        self.port = free_port()
        self._current_box = box = self._box(self._overlay)
        box.stage(box.root)
        python, *arguments = self._image.serve()
        # The script runs in the server's own process, which must find the packages installed for it.
        installed = python == "python3" and self._requirements() is not None
        python = str(self._overlay.bin / "python3") if installed else python
        self._running = box.start([python, *arguments], as_inside(box, self._log), self._image.workdir or "/opt/ml")
        self._wait_for_ping()
        self.start_count += 1
        self.ready = True

    def _found_image(self) -> images.Image:
        """Looked up once, so that a server can be restarted after its image was deleted."""
        uri = self._container.get("ResolvedImage", self._container["Image"])
        try:
            return job_images.find(self._runner.platform, uri)
        except AwsError as error:
            raise HostingError(f"The image '{uri}' does not exist. ({error.message})") from error

    def _mounted(self) -> tuple[str, ...]:
        """The folders that SageMaker mounts over the image's /opt/ml: the model, if there is one."""
        if model_data.multi_model(self._container):
            return ("models",)
        return ("model",) if "ModelDataUrl" in self._container or "ModelDataSource" in self._container else ()

    def _requirements(self) -> Path | None:
        """The script's requirements.txt, if it is a plain file: outside the box a link would lead elsewhere."""
        path = self._code().relative_to(self._folder / "ml") / "requirements.txt"
        return self._folder / "ml" / path if ml_folder.is_plain(self._folder / "ml", path) else None

    def _code(self) -> Path:
        """The folder of the script, if there is one."""
        named = self._container.get("Environment", {}).get("SAGEMAKER_SUBMIT_DIRECTORY", "")
        fetched = "code" if named else self._image.code  # an archive in S3 is unpacked there
        local = PurePosixPath(named).is_relative_to("/opt/ml")
        return self._folder / "ml" / (inside(named.removeprefix("/opt/ml")) if local else fetched)

    def _box(self, overlay: Overlay) -> Box:
        ours = {"SM_MODEL_DIR": "/opt/ml/model", "SAGEMAKER_REGION": self._context.region}
        if model_data.multi_model(self._container):
            ours |= {"SAGEMAKER_MULTI_MODEL": "true", MEMORY: str(instance_types.model_memory(self._variant["InstanceType"]))}
        # A user's program may insist on port 8080, as on AWS. With namespaces, each server has its own port 8080.
        inside = CONTAINER_PORT if self._image.files and best_mode() == "namespace" else None
        self.inner_port = inside or self.port
        bound = {"SAGEMAKER_BIND_TO_PORT": str(self.inner_port)}
        extra = ml_folder.ENVIRONMENT | self._image.environment | ours | self._container.get("Environment", {}) | bound
        platform = self._runner.platform
        spec = BoxSpec(
            self._folder,
            variables(platform, self._context, self._variant["RoleArn"], overlay, extra, self._vpc),
            self._image,
            installed=overlay,
            isolated=self.isolated,
            private=self.private,
            published_port=self.port,
            container_port=inside,
            network_pid=self.network_pid,
            memory=self._variant.get("MemoryBytes"),
            output=UNLIMITED,
        )
        return make_box(platform, spec)

    def _wait_for_ping(self) -> None:
        limit = time.monotonic() + self._variant.get("ContainerStartupHealthCheckTimeoutInSeconds", STARTUP_SECONDS)
        while self._running.exit_code is None and time.monotonic() < limit and not self._asked_to_stop.wait(0.02):
            if answers_ping(self.port):
                return
        self._running.kill()  # when this returns, its last lines are in the log
        if self._image.files and best_mode() != "namespace" and not self._asked_to_stop.is_set():
            self._log([INSISTS.format(port=self.port)])
        raise self._unhealthy()

    def _unhealthy(self) -> Unhealthy:
        return Unhealthy(
            f"The {self.hostname} container for production variant {self._variant['VariantName']} did not pass the ping health check. "
            "Please check CloudWatch logs for this endpoint."
        )

    def _keep_running(self) -> None:
        """Restart the server whenever it ends by itself."""
        failures = 0
        while True:
            try:
                code = self._running.wait()
            except Exception as error:  # the box failed, for example because the disk is full
                code = error
            self.ready = False
            delay = RESTART_DELAYS[min(failures, len(RESTART_DELAYS) - 1)]
            if self._asked_to_stop.wait(delay):
                return
            self._log([f"[local AWS] The container ended ({self._running.limit or 'exit code'} {code}); it is started again."])
            try:
                self._launch()
                failures = 0
            except Exception as error:
                self._log([f"[local AWS] The container could not be started again: {error}"])
                failures += 1

    def _log(self, lines: list[str]) -> None:
        try:
            self._write(lines)
        except Exception:  # for example, the disk is full; a lost line must not end a server
            logger.exception("Lines of %s are lost", self._stream)
        # Collect the lines printed meanwhile: one transaction for each line would slow down the predictions.
        time.sleep(LOG_PAUSE)


def free_port() -> int:
    """A free port of loopback. Chosen at random, so that two concurrent calls rarely get the same one."""
    for port in random.choices(PORTS, k=100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise HostingError(f"A hundred ports between {PORTS.start} and {PORTS.stop} are in use; none is free for a model server.")


def boxes(platform: Platform) -> Path:
    return platform.state / "boxes"


def log_group(endpoint: str) -> str:
    return f"/aws/sagemaker/Endpoints/{endpoint}"


def component_log_group(component: str) -> str:
    return f"/aws/sagemaker/InferenceComponents/{component}"
