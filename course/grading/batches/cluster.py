"""Grades submissions on the workers of a Dask cluster, which all have the course's folder at the same path as this machine.

Each worker gets the plug-in `_GradingPlugin`, which grades in a process of this package (`worker.py`), as many submissions at a time as
the worker has threads. Dask notices when a worker is lost; another worker then grades its unfinished submissions.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import threading
import uuid
from pathlib import Path
from typing import Any

from distributed import Client, Future, WorkerPlugin, get_worker
from distributed.comm import get_address_host_port

from course.grading.batches.folder import CourseFolder
from course.grading.batches.grade import GradingTask, packages
from course.grading.batches.queue import BatchCancelled, GraderError
from course.grading.batches.result import Result
from course.grading.batches.worker import GradingWorker
from course.sandbox.isolation import isolation, warning

SECONDS = 30  # how long to wait for the scheduler and for a first worker
AT_A_TIME = 256  # tasks handed to the scheduler, so that a new worker finds work


class DaskGrader:
    """A `course.grading.batches.queue.Grader`.

    Parameters
    ----------
    address : str
        Address of the scheduler: ``tcp://HOST:8786``, or ``tls://`` as set up in Dask's own configuration.
    folder : CourseFolder

    Raises
    ------
    GraderError
        On entry, when there is no scheduler or no worker, or a worker has another folder or other packages.
    """

    def __init__(self, address: str, folder: CourseFolder) -> None:
        self._address, self._folder = address, folder
        self._name = f"course-grade-{uuid.uuid4().hex}"
        self._mark = folder.root / f".{self._name}"
        self._numbers = itertools.count()
        self._futures: dict[int, Future] = {}
        self._given_up = False

    def __enter__(self) -> DaskGrader:
        try:
            get_address_host_port(self._address)  # a client of an impossible address takes a minute to end
            self._client = Client(self._address, timeout=SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            start = "`dask scheduler` starts one, and prints its address"
            raise GraderError(f"no Dask scheduler answers at {self._address} ({error}); {start}.") from error
        try:
            self._mark.touch()
            self._set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _set_up(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=SECONDS)
        except TimeoutError as error:
            start = f"`dask worker {self._address} --nthreads 4`, on each machine, starts one that grades four at a time"
            raise GraderError(f"the scheduler at {self._address} has no workers; {start}.") from error
        try:
            self._client.register_plugin(_GradingPlugin(self._name, self._mark, packages()))
        except Exception as error:  # any error of a worker that cannot load the plug-in
            why = f"{type(error).__name__}: {error}"
            raise GraderError(f"a worker of {self._address} lacks this course's `course` package ({why}); install it there.") from error
        states: dict[str, dict[str, str]] = self._client.run(_state, self._name)
        if problems := [f"worker {worker} {each['problem']}" for worker, each in states.items() if each["problem"]]:
            raise GraderError("\n".join(problems))
        for worker, each in sorted(states.items()):
            if said := warning(each["sandbox"], f"The machine of worker {worker}"):
                print(said, file=sys.stderr)

    def grade(self, work: GradingTask) -> Result:
        """The result from a worker. Raises `BatchCancelled`, or RuntimeError when no worker could grade it."""
        number = next(self._numbers)
        try:
            self._futures[number] = self._client.submit(_grade, self._name, work, key=f"{self._name}-{number}", pure=False)
            return self._futures[number].result()
        except (Exception, asyncio.CancelledError) as error:
            if self._given_up:
                raise BatchCancelled from error
            raise RuntimeError(f"no worker graded it: {type(error).__name__}: {error}") from error
        finally:
            self._futures.pop(number, None)

    def cancel(self) -> None:
        self._given_up = True
        with contextlib.suppress(OSError, ValueError):  # the scheduler has ended
            self._client.cancel(list(self._futures.values()), force=True)

    def __exit__(self, *_: object) -> None:
        self.cancel()
        try:
            if self._client.status == "running":
                self._client.unregister_worker_plugin(self._name)  # ends the grading processes there
        except (OSError, ValueError):  # the scheduler and its workers have ended, or the plug-in was never registered
            pass
        finally:
            self._client.close()
            self._mark.unlink(missing_ok=True)


class _GradingPlugin(WorkerPlugin):
    """The plug-in of a worker: grades in a process that starts with the first task and ends with the batch."""

    def __init__(self, name: str, mark: Path, packages: str) -> None:
        self.name, self._mark, self._packages = name, mark, packages

    def setup(self, worker: Any) -> None:
        self._lock = threading.Lock()
        self._worker: GradingWorker | None = None
        self.problem = self._look()

    def _look(self) -> str:
        """Why this worker cannot be used; empty when it can."""
        root = self._mark.parent
        if not self._mark.exists():
            return f"does not have the folder {root} of this machine; share that folder with it, at the same path."
        try:
            probe = self._mark.with_name(f"{self._mark.name}-{uuid.uuid4().hex}")
            probe.touch()
            probe.unlink()
        except OSError as error:
            return f"cannot write to {root} ({error.strerror}); start it as the user who grades."
        if packages() != self._packages:
            return "has different packages from this machine; make its environment from the same uv.lock."
        return ""

    def grade(self, work: GradingTask) -> Result:
        if self.problem:
            raise RuntimeError(f"this worker {self.problem}")
        with self._lock:
            if self._worker is None or not self._worker.running:
                self._worker = GradingWorker()
        return self._worker.grade(work)

    def transition(self, key: str, start: str, finish: str, **_: object) -> None:
        """End the process when a task is released: Dask cannot stop a running task whose client has ended or was interrupted."""
        if (start, finish) == ("executing", "released") and str(key).startswith(self.name):
            threading.Thread(target=self._end).start()

    async def teardown(self, worker: Any) -> None:
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        with self._lock:
            if self._worker:
                self._worker.end()


def _grade(name: str, work: GradingTask) -> Result:
    """Grade on a worker."""
    return get_worker().plugins[name].grade(work)


def _state(name: str, dask_worker: Any) -> dict[str, str]:
    """The state of the plug-in on a worker."""
    return {"problem": dask_worker.plugins[name].problem, "sandbox": isolation()}
