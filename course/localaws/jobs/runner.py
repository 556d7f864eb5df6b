"""Runs jobs in background threads: a few at a time, each in its own folder, each stoppable."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from course.localaws.images import Image
from course.localaws.jobs.boxes import BoxSpec, make_box, search_path
from course.localaws.jobs.overlay import Overlay, Overlays
from course.sandbox.process import BoxGroup, BoxProcess, OnLines, sweep

if TYPE_CHECKING:
    from course.localaws.platform import Platform

# A tenth of AWS's 120 s: enough to save a model, and short enough to wait for. COURSE_STOP_GRACE_SECONDS overrides it.
GRACE_SECONDS = 12.0
CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0a-\x1f]|\t")
Program = TypeVar("Program", BoxProcess, BoxGroup)
logger = logging.getLogger(__name__)


class JobFailure(Exception):
    """The job fails; the message is the reason that its description gives."""


class ServerShuttingDown(Exception):
    """The local AWS is stopping. The job's thread leaves everything as it is; `recover` fails the job at the next start."""


class StoppedBeforeStart(Exception):
    """The job was stopped before its next program started."""


def stop_grace_seconds() -> float:
    """Seconds that a job's program gets between SIGTERM and SIGKILL."""
    return float(os.environ.get("COURSE_STOP_GRACE_SECONDS", GRACE_SECONDS))


class JobControl:
    """Stops a job from outside while its thread works.

    Attributes
    ----------
    stopped_by : str
        ``"Stopped"``, or the late status of the time limit that the job exceeded; ``""`` while it may go on.
    abandoned : bool
        Whether the local AWS is stopping.
    watch : callable
        From a function that kills the current program to a context in which each program runs, so that somebody may kill it.
    """

    def __init__(self) -> None:
        self.stopped_by = ""
        self.abandoned = False
        self.watch: Callable[[Callable[[], None]], AbstractContextManager] = contextlib.nullcontext
        self._running: BoxProcess | BoxGroup | None = None
        self._lock = threading.Lock()

    @property
    def ending(self) -> bool:
        return bool(self.stopped_by) or self.abandoned

    def check(self) -> None:
        """Raise ServerShuttingDown when the local AWS is stopping."""
        if self.abandoned:
            raise ServerShuttingDown

    def begin(self) -> None:
        """Raise ServerShuttingDown or StoppedBeforeStart when the job must not start anything more."""
        self.check()
        if self.stopped_by:
            raise StoppedBeforeStart

    def stop(self, reason: str) -> None:
        """End the current program: SIGTERM, then SIGKILL after the grace period. Returns at once."""
        with self._lock:
            self.stopped_by = self.stopped_by or reason
            running = self._running
        if running is not None:
            threading.Thread(target=running.stop, args=(stop_grace_seconds(),), daemon=True, name="stop-job").start()

    def abandon(self) -> None:
        """Kill the current program, because the local AWS is stopping."""
        with self._lock:
            self.abandoned = True
            running = self._running
        if running is not None:
            running.kill()

    def run(self, start: Callable[[], Program], seconds: float | None = None, late: str = "MaxRuntimeExceeded") -> Program:
        """Start a program and wait until it ends. After ``seconds`` it is stopped for the reason ``late``.

        Raises StoppedBeforeStart when the job was stopped before, and ServerShuttingDown when the local AWS is stopping.
        """
        with self._lock:
            self.begin()
            self._running = running = start()
        try:
            try:
                with self.watch(running.kill):
                    running.wait(seconds)
            except TimeoutError:
                self.stop(late)
                running.wait()
        finally:
            with self._lock:
                self._running = None
        self.check()
        return running


Task = Callable[[JobControl], None]


class JobRunner:
    """A pool of threads for the jobs of one family.

    Parameters
    ----------
    platform : Platform
    kind : str
        E.g. ``"training-job"``: a part of folder names and of the caller's name in the request log.
    """

    def __init__(self, platform: Platform, kind: str) -> None:
        self.platform, self.kind = platform, kind
        self.overlays = Overlays(_private_folder(platform.state / "overlays"))
        self._boxes = _private_folder(platform.state / "boxes")
        self._jobs: dict[str, tuple[JobControl, Task]] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    def submit(self, arn: str, task: Task) -> None:
        """Call ``task`` in a thread when one is free."""
        control = JobControl()
        with self._lock:
            self._jobs[arn] = control, task
            self._pool = self._pool or ThreadPoolExecutor(max(2, os.cpu_count() or 1), thread_name_prefix=self.kind)
            self._pool.submit(self._call, arn, control, task)

    def stop(self, arn: str) -> None:
        """Stop a job, if it has not ended."""
        if job := self._jobs.get(arn):
            job[0].stop("Stopped")

    def task(self, arn: str) -> Task | None:
        """The task of a job that has not ended."""
        job = self._jobs.get(arn)
        return job and job[1]

    def shutdown(self) -> None:
        """End every job's processes and wait for their threads. Jobs in progress stay as they are for `recover`."""
        with self._lock:
            pool, self._pool = self._pool, None
            jobs = list(self._jobs.values())
        for control, _ in jobs:
            control.abandon()
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
        self._jobs.clear()

    def recover(self) -> None:
        """End processes that a killed local AWS left behind, and remove their folders."""
        for folder in self._boxes.glob(f"{self.kind}.*"):
            sweep(folder)
            remove(folder)
        self.overlays.sweep()

    @contextlib.contextmanager
    def directory(self) -> Iterator[Path]:
        """A new folder for one job. It is removed afterwards, whatever happens."""
        folder = self._boxes / f"{self.kind}.{uuid.uuid4().hex}"
        empty(folder)
        try:
            yield folder
        finally:
            remove(folder)

    def overlay(self, control: JobControl, folder: Path, requirements: Path | None, image: Image | None = None) -> Overlay:
        """The overlay of the job in ``folder``. Stopping the job also stops the installation."""

        def install(overlay: Overlay, command: Sequence[str]) -> int:
            box = make_box(self.platform, BoxSpec(folder, {"PATH": search_path(overlay)}, overlay=overlay, image=image))
            running = control.run(lambda: box.start(command, lambda lines: None))
            control.begin()
            return running.exit_code

        return self.overlays.make(folder / "overlay", requirements, install, image.packages if image else ())

    def _call(self, arn: str, control: JobControl, task: Task) -> None:
        try:
            task(control)
        except ServerShuttingDown:
            pass
        except Exception:
            logger.exception("%s ended without a status", arn)
        finally:
            self._jobs.pop(arn, None)


class JobLog:
    """Writes a job's lines to its CloudWatch log stream as they are printed.

    A control character is written as ``#`` and three octal digits, as in the logs of AWS's jobs: a tab is ``#011``.

    Parameters
    ----------
    on_lines : callable
        Receives the lines as they are written.
    """

    def __init__(self, platform: Platform, region: str, group: str, stream: str, on_lines: OnLines = lambda lines: None) -> None:
        self._platform, self._stream, self._on_lines = platform, (region, group, stream), on_lines
        platform.logs.append(*self._stream, [])  # creates the stream at once: clients that wait for the job look for it

    def __call__(self, lines: list[str]) -> None:
        moment = self._platform.logs.now()
        texts = [CONTROL_CHARACTER.sub(lambda match: f"#{ord(match[0]):03o}", line.rstrip("\r")) for line in lines]
        # CloudWatch refuses empty messages; AWS's agent leaves empty lines out.
        self._platform.logs.append(*self._stream, [(moment, text) for text in texts if text])
        self._on_lines(texts)


def persist(change: Callable[[], object]) -> None:
    """Write a job's end, with retries: a full disk has free space again once the job's folder is removed."""
    for pause in (0.05, 0.2, 1.0, 3.0):
        try:
            change()
            return
        except Exception:
            logger.exception("the end of a job could not be written; trying again")
            time.sleep(pause)
    change()


def empty(folder: Path) -> None:
    """Remove everything from a job's folder, so that the job may start again."""
    remove(folder)
    (folder / "ml").mkdir(parents=True)


def remove(folder: Path) -> None:
    """Remove a folder, even one in which a job revoked its owner's rights, or which another thread is removing too."""

    def unlock(function: Callable, path: str, _: object) -> None:
        for locked in (Path(path).parent, Path(path)):
            with contextlib.suppress(OSError):
                locked.chmod(0o700)
        with contextlib.suppress(OSError):
            if function in (os.unlink, os.rmdir):
                function(path)
            elif os.access(path, os.R_OK | os.W_OK | os.X_OK):  # it could not be listed before, and now it can
                remove(Path(path))

    shutil.rmtree(folder, onerror=unlock)


def _private_folder(path: Path) -> Path:
    path.mkdir(mode=0o700, exist_ok=True)
    return path
