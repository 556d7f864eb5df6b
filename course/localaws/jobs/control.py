"""How a job's thread runs programs, and how the job is stopped from outside meanwhile."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from course.sandbox.process import BoxGroup, BoxProcess

# A tenth of AWS's 120 s: enough to save a model, and short enough to wait for. COURSE_STOP_GRACE_SECONDS overrides it.
GRACE_SECONDS = 12.0
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
        ``"Stopped"``, or the status for the time limit that the job exceeded, e.g. ``"MaxRuntimeExceeded"``; ``""`` while it may go on.
    abandoned : bool
        Whether the local AWS is stopping.
    watch : callable
        Gets a function that kills the current program, and returns the context in which that program runs.
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


class ThreadTask:
    """Work in its own thread, which is waited for, stopped and killed like a program in a box (`BoxProcess`).

    Parameters
    ----------
    work : callable
    end : callable
        Makes the work end within the given seconds.
    """

    def __init__(self, work: Callable[[], None], end: Callable[[float], None]) -> None:
        self._work, self._end = work, end
        self._error: BaseException | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._run, name="task", daemon=True).start()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the work ends. Raises TimeoutError, or the exception that the work raised."""
        if not self._ended.wait(timeout):
            raise TimeoutError(f"it goes on after {timeout} s")
        if self._error is not None:
            raise self._error

    def stop(self, grace: float) -> None:
        self._end(grace)
        self._ended.wait()

    def kill(self) -> None:
        self.stop(0)

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._error = error
        finally:
            self._ended.set()


def persist(change: Callable[[], object]) -> None:
    """Write a job's end, with retries: a full disk may have space again when the folders of other jobs are removed."""
    for pause in (0.05, 0.2, 1.0, 3.0):
        try:
            change()
            return
        except Exception:
            logger.exception("the end of a job could not be written; trying again")
            time.sleep(pause)
    change()
