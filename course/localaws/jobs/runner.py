"""Runs jobs in background threads: a few at a time, each in its own folder, each stoppable."""

from __future__ import annotations

import logging
import os
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from course.localaws.jobs.control import JobControl, ServerShuttingDown
from course.localaws.jobs.overlay import Overlays
from course.sandbox.process import sweep
from course.sandbox.trees import remove

if TYPE_CHECKING:
    from course.localaws.platform import Platform

logger = logging.getLogger(__name__)


class Run(Protocol):
    """One run of a job. Its methods are called in its own thread."""

    job: JobControl

    def attempt(self, folder: Path) -> None:
        """Create ``folder`` and do the job in it. Raises ServerShuttingDown."""

    def end(self) -> bool:
        """Record how the job ended. Returns False when it must be done again.

        The folder of the attempt is removed before, so that a disk which the job has filled has space for the record.
        """


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
        self._runs: dict[str, Run] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    def submit(self, arn: str, run: Run) -> None:
        """Run a job in a thread when one is free."""
        with self._lock:
            self._runs[arn] = run
            self._pool = self._pool or ThreadPoolExecutor(max(2, os.cpu_count() or 1), thread_name_prefix=self.kind)
            self._pool.submit(self._work, arn, run)

    def stop(self, arn: str) -> None:
        """Stop a job, if it has not ended."""
        if run := self._runs.get(arn):
            run.job.stop("Stopped")

    def run(self, arn: str) -> Run | None:
        """The run of a job that has not ended."""
        return self._runs.get(arn)

    def shutdown(self) -> None:
        """End every job's processes and wait for their threads. Jobs in progress stay as they are for `recover`."""
        with self._lock:
            pool, self._pool = self._pool, None
            runs = list(self._runs.values())
        for run in runs:
            run.job.abandon()
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
        self._runs.clear()

    def recover(self) -> None:
        """End processes that a killed local AWS left behind, and remove their folders."""
        for folder in self._boxes.glob(f"{self.kind}.*"):
            sweep(folder)
            remove(folder)

    def _work(self, arn: str, run: Run) -> None:
        try:
            with self.platform.scheduler.working():
                self._attempt(run)
                while not run.end():
                    self._attempt(run)
        except ServerShuttingDown:
            pass
        except Exception:
            logger.exception("%s ended without a status", arn)
        finally:
            self._runs.pop(arn, None)

    def _attempt(self, run: Run) -> None:
        folder = self._boxes / f"{self.kind}.{uuid.uuid4().hex}"
        try:
            run.attempt(folder)
        finally:
            remove(folder)


def _private_folder(path: Path) -> Path:
    path.mkdir(mode=0o700, exist_ok=True)
    return path
