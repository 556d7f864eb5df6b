"""Runs jobs in the background: a few at a time, each stoppable, each in a box of its own that is gone afterwards."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import logging
import os
import re
import shutil
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from course.localaws.core import sdk_environment
from course.localaws.core.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.images import Image, custom
from course.localaws.jobs.overlay import Overlay, Overlays
from course.localaws.sagemaker.training.spot import Interruption, Interruptions
from course.sandbox.box import Box
from course.sandbox.box_group import BoxGroup
from course.sandbox.limits import Limits
from course.sandbox.network import Network
from course.sandbox.process import BoxProcess, OnLines, sweep
from course.sandbox.visible import BindMount

if TYPE_CHECKING:
    from course.localaws.platform import Platform

OUT_OF_MEMORY = "ClientError: Please use an instance type with more memory, or reduce the size of job data processed on an instance."
# A tenth of AWS's 120 s: long enough to save a model, short enough to wait for. COURSE_STOP_GRACE_SECONDS sets another.
GRACE_SECONDS = 12.0
CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0a-\x1f]|\t")
# Of a role whose trust policy may name the service alone or in a list.
SERVICE = "sagemaker.amazonaws.com"
SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
KEY_SECONDS = 28 * 86_400.0  # for which a job's keys are good: the longest that a job may run
Program = TypeVar("Program", BoxProcess, BoxGroup)
logger = logging.getLogger(__name__)


class JobFailure(Exception):
    """A job fails; the message is its ``FailureReason``."""


class ServerShuttingDown(Exception):
    """The local AWS is stopping: the job is to leave everything as it is; `recover` fails it at the next start."""


def stop_grace_seconds() -> float:
    """Seconds that a job's program has to end after SIGTERM."""
    return float(os.environ.get("COURSE_STOP_GRACE_SECONDS", GRACE_SECONDS))


class JobControl:
    """What may happen to a job from outside while its thread works on it."""

    def __init__(self) -> None:
        self.stopped_by = ""  # "Stopped", "MaxRuntimeExceeded" or "MaxWaitTimeExceeded"
        self.abandoned = False
        self.interruptions = Interruptions()
        self._running: BoxProcess | BoxGroup | None = None
        self._lock = threading.Lock()

    @property
    def ending(self) -> bool:
        return bool(self.stopped_by) or self.abandoned

    def check(self) -> None:
        """Raises Abandoned when the local AWS is stopping."""
        if self.abandoned:
            raise ServerShuttingDown

    def begin(self) -> None:
        """Raises Abandoned or StoppedEarly when the next thing is not to be begun."""
        self.check()
        if self.stopped_by:
            raise StoppedBeforeStart

    def stop(self, reason: str) -> None:
        """Let the job end: SIGTERM, and SIGKILL after the grace. Returns at once."""
        with self._lock:
            self.stopped_by = self.stopped_by or reason
            running = self._running
        if running is not None:
            threading.Thread(target=running.stop, args=(stop_grace_seconds(),), daemon=True, name="stop-job").start()

    def abandon(self) -> None:
        with self._lock:
            self.abandoned = True
            running = self._running
        if running is not None:
            running.kill()

    def run(self, start: Callable[[], Program], seconds: float | None = None, late: str = "MaxRuntimeExceeded") -> Program:
        """Start a box unless the job is to end anyway, wait for its end, and stop it after ``seconds``, for the reason ``late``."""
        with self._lock:
            self.begin()
            self._running = running = start()
        try:
            try:
                with self.interruptions.watch(running.kill):
                    running.wait(seconds)
            except TimeoutError:
                self.stop(late)
                running.wait()
        finally:
            with self._lock:
                self._running = None
        self.check()
        return running


class StoppedBeforeStart(Exception):
    """The job was stopped before its program began."""


class JobRunner:
    """A pool of threads for the jobs of one family.

    Parameters
    ----------
    platform : Platform
    kind : str
        ``"training-job"``: part of directory names and of the caller's name in the request log.
    """

    def __init__(self, platform: Platform, kind: str) -> None:
        self.platform, self.kind = platform, kind
        self.overlays = Overlays(_made(platform.state / "overlays"))
        self._boxes = _made(platform.state / "boxes")
        self._jobs: dict[str, JobControl] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    def submit(self, arn: str, work: Callable[[JobControl], None]) -> None:
        """Have ``work`` done in a thread, in its turn."""
        with self._lock:
            job = self._jobs[arn] = JobControl()
            self._pool = self._pool or ThreadPoolExecutor(max(2, os.cpu_count() or 1), thread_name_prefix=self.kind)
            self._pool.submit(self._work, arn, job, work)

    def stop(self, arn: str) -> None:
        job = self._jobs.get(arn)
        if job is not None:
            job.stop("Stopped")

    def interrupt(self, arn: str, interruption: Interruption) -> None:
        """Order an interruption of a job's program, of the one that runs or the next."""
        job = self._jobs.get(arn)
        if job is not None:
            job.interruptions.order(interruption)

    def shutdown(self) -> None:
        """End every job's processes and wait for their threads; jobs in hand stay as they are for `recover`."""
        with self._lock:
            pool, self._pool = self._pool, None
            jobs = list(self._jobs.values())
        for job in jobs:
            job.abandon()
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
        self._jobs.clear()

    def recover(self) -> None:
        """End processes that a killed local AWS left behind, and remove their directories."""
        for folder in self._boxes.glob(f"{self.kind}.*"):
            sweep(folder)
            remove(folder)
        self.overlays.sweep()

    @contextlib.contextmanager
    def directory(self):
        """A new directory for one job, removed afterwards whatever happens."""
        folder = self._boxes / f"{self.kind}.{uuid.uuid4().hex}"
        empty(folder)
        try:
            yield folder
        finally:
            remove(folder)

    def variables(self, context: Context, role: str, overlay: Overlay, extra: dict[str, str]) -> dict[str, str]:
        """The environment of a job's processes: the local AWS with the role's own keys, the overlay, and what the job adds."""
        credential = self.platform.identity.issue(role, seconds=KEY_SECONDS)
        inherited = sdk_environment.variables(self.platform.state, self.platform.endpoint, {})
        extra = extra | ({"PATH": search_path(overlay, extra["PATH"])} if "PATH" in extra else {})
        ours = inherited | {
            "AWS_DEFAULT_REGION": context.region,
            "AWS_REGION": context.region,
            "AWS_ACCESS_KEY_ID": credential.principal.access_key,
            "AWS_SECRET_ACCESS_KEY": credential.secret,
            "AWS_SESSION_TOKEN": credential.token,
            "PATH": search_path(overlay),
            "SAGEMAKER_BASE_DIR": "/opt/ml",
        }
        paths = [part for variables in (extra, ours) for part in variables.get("PYTHONPATH", "").split(os.pathsep) if part]
        return ours | extra | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}

    def box(
        self,
        folder: Path,
        variables: dict[str, str],
        *,
        output: int | None = None,
        isolated: bool = False,
        serves: int | None = None,
        inside: int | None = None,
        image: Image | None = None,
        hostname: str = "",
        joins: int | None = None,
        share: int = 1,
        memory: int | None = None,
        overlay: Overlay | None = None,
        binds: Sequence[BindMount] = (),
    ) -> Box:
        """A box on ``folder/ml``.

        Parameters
        ----------
        folder, variables
        output : int, optional
            Bytes that it may print, where they are others than the limits say.
        isolated : bool
            By the job's network isolation.
        serves : int, optional
            The port on which a model server is to be reached.
        inside : int, optional
            The port on which it listens all the same: it gets a network of its own, in which it reaches the local AWS alone.
        image : Image, optional
            Whose files it sees.
        hostname : str
            By which the box knows itself.
        joins : int, optional
            A process whose network it enters (`Network.joins`).
        share : int
            Of how many boxes it is one that have a job's limits together.
        memory : int, optional
            Bytes, where it may have fewer than the limits say.
        overlay : Overlay, optional
            One outside ``folder`` into which the box installs.
        binds : sequence of BindMount
        """
        state, sealed = self.platform.state, self.platform.sealed
        port = int(self.platform.endpoint.rpartition(":")[2])
        alone = bool(isolated or sealed or inside)
        gateway = (port, sealed) if alone and not isolated and joins is None else None
        network = Network(not alone, gateway, serves, inside, joins, hostname)
        files = [BindMount(state / name) for name in (*sdk_environment.FILES, "overlays")]
        theirs = [BindMount(overlay.folder, writable=True)] if overlay else []
        if image and image.files:
            theirs += [*map(BindMount, image.packages), *custom.binds(image.files)]
        limits = self.platform.limits.divided(share)
        limits = limits if output is None else dataclasses.replace(limits, output=output)
        limits = limits if memory is None else dataclasses.replace(limits, memory=min(memory, limits.memory))
        return Box(folder / "ml", variables, limits, network=network, binds=[*files, *theirs, *binds])

    def overlay(self, job: JobControl, folder: Path, requirements: Path | None, image: Image | None = None) -> Overlay:
        """The overlay of the job in ``folder``; may be stopped like the job."""

        def run(overlay: Overlay, command: Sequence[str]) -> int:
            box = self.box(folder, {"PATH": search_path(overlay)}, overlay=overlay, image=image)
            running = job.run(lambda: box.start(command, lambda lines: None))
            job.begin()
            return running.exit_code

        return self.overlays.make(folder / "overlay", requirements, run, image.packages if image else ())

    def _work(self, arn: str, job: JobControl, work: Callable[[JobControl], None]) -> None:
        try:
            work(job)
        except ServerShuttingDown:
            pass
        except Exception:
            logger.exception("%s ended without a status", arn)
        finally:
            self._jobs.pop(arn, None)


class JobLog:
    """Writes the lines of a job to its CloudWatch log stream as they come.

    A control character is written as ``#`` and three octal digits, as in the logs of AWS's jobs: a tab is ``#011``.

    Parameters
    ----------
    read : callable
        Is shown the lines as they are written.
    """

    def __init__(self, platform: Platform, region: str, group: str, stream: str, read: OnLines = lambda lines: None) -> None:
        self._platform, self._place, self._read = platform, (region, group, stream), read
        platform.logs.append(*self._place, [])  # the stream is there from the beginning: who waits for the job looks for it

    def __call__(self, lines: list[str]) -> None:
        moment = self._platform.logs.now()
        texts = [CONTROL_CHARACTER.sub(lambda match: f"#{ord(match[0]):03o}", line.rstrip("\r")) for line in lines]
        # CloudWatch takes no empty message; AWS's agent leaves an empty line out.
        self._platform.logs.append(*self._place, [(moment, text) for text in texts if text])
        self._read(texts)


def search_path(overlay: Overlay, asked: str | None = None) -> str:
    """``PATH`` with an overlay's python and pip before the course's programs, and those before the machine's.

    Where another path is ``asked`` for, by an image or a job, its own folders come before the course's programs, the system's after them.
    """
    parts = (os.environ.get("PATH", os.defpath) if asked is None else asked).split(os.pathsep)
    first = [part for part in parts if asked is not None and part not in SYSTEM_PATH]
    return os.pathsep.join([str(overlay.bin), *first, str(Path(sys.executable).parent), *[part for part in parts if part not in first]])


def require_role(platform: Platform, role: str) -> None:
    """That SageMaker may assume the role; waits for IAM. Raises `AwsError` ``ValidationException`` in AWS's words."""
    identity = platform.identity
    document = identity.moto.run(lambda: identity.role_document(role))
    statements = document["AssumeRolePolicyDocument"]["Statement"] if document else []
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, dict) else [principal]
        if statement["Effect"] == "Allow" and {SERVICE, "*"} & set([services] if isinstance(services, str) else services):
            return
    raise AwsError(
        "ValidationException",
        f"Could not assume role {role}. Please ensure that the role exists and allows principal '{SERVICE}' to assume the role.",
    )


def limit_failure(running: BoxProcess, limits: Limits) -> str:
    """The ``FailureReason`` of a program that has ended because it reached one of its box's limits, ``""`` of any other."""
    code = running.exit_code
    reasons = {
        "memory": OUT_OF_MEMORY,
        "disk": f"AlgorithmError: [Errno 28] No space left on device, exit code: {code}",
        "processes": f"AlgorithmError: the job had more than {limits.processes} processes, exit code: {code}",
    }
    return reasons.get(running.limit, "")


def internal_error(error: Exception) -> str:
    """The ``FailureReason`` of a job that failed by no fault of its program."""
    if getattr(error, "errno", None) == errno.ENOSPC or "disk is full" in str(error):
        return "InternalServerError: No space left on device, the disk that holds the state of the local AWS"
    return f"InternalServerError: {type(error).__name__}: {error}"


def persist(change: Callable[[], object]) -> None:
    """Write a job's end, again and again for a while: on a full disk there is room once the job's directory is gone."""
    for pause in (0.05, 0.2, 1.0, 3.0):
        try:
            change()
            return
        except Exception:
            logger.exception("the end of a job could not be written; trying again")
            time.sleep(pause)
    change()


def empty(folder: Path) -> None:
    """Make a job's directory as it was before the job began."""
    remove(folder)
    (folder / "ml").mkdir(parents=True)


def remove(folder: Path) -> None:
    """Remove a directory, also one in which a job took its owner's rights away; somebody else may be removing it, too."""

    def unlock(function: Callable, path: str, _: object) -> None:
        for locked in (Path(path).parent, Path(path)):
            with contextlib.suppress(OSError):
                locked.chmod(0o700)
        with contextlib.suppress(OSError):
            if function in (os.unlink, os.rmdir):
                function(path)
            elif os.access(path, os.R_OK | os.W_OK | os.X_OK):  # it could not be listed, and now it can
                remove(Path(path))

    shutil.rmtree(folder, onerror=unlock)


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
