"""Grades many submissions at a time, each in its own process, so that none disturbs another, is lost or is graded twice."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Protocol

from course.grading.batches.grade import GradingTask, finished, grade
from course.grading.batches.result import UNGRADED, Result
from course.grading.exercise import seeds
from course.grading.sandbox import kernel_forkserver
from course.grading.sandbox.limits import limit_memory, limits
from course.grading.submission import seed_holder
from course.localaws.server import boxed

TRIES = 3  # tries of a submission whose grading process ends without a result
SECONDS = 2 * 3600.0  # time limit of a grading process
PRELOADED = ["course.grading.batches.preload"]
GRACE_SECONDS = 90.0  # longer than a local AWS takes to be killed if it hangs
# The number of threads of OpenMP (XGBoost, scikit-learn) and Arrow in grading processes and their children, unless it is set already. With
# one thread, each submission uses one core and its results do not depend on the number of cores.
THREADS = "OMP_NUM_THREADS"

OnResult = Callable[[Result], None]


class GraderError(Exception):
    """Grading cannot start; the message says why and what to do."""


class Grader(Protocol):
    """Grades submissions here or on other machines. A context manager: the end of its block cancels, too.

    ``grade`` raises when a submission could not be graded through no fault of its own, and `BatchCancelled` after ``cancel``, which ends
    the grading under way.
    """

    def __enter__(self) -> Grader: ...

    def __exit__(self, *error: object) -> None: ...

    def grade(self, work: GradingTask) -> Result: ...

    def cancel(self) -> None: ...


def pending(works: Sequence[GradingTask]) -> tuple[list[GradingTask], list[Result]]:
    """The tasks still to grade, and the results still valid: same submission, checks, seed and packages.

    A task of which only the second run is missing says so (`GradingTask.again`).
    """
    waiting, valid = [], []
    for work in works:
        old = Result.read(work.results, work.notebook)
        if old is None or old.fault or old.key != work.empty_result().key:
            waiting.append(work)
        elif old.again:
            waiting.append(replace(work, again=old.again))
        else:
            valid.append(old)
    return waiting, valid


def grade_all(works: Sequence[GradingTask], jobs: int, on_result: OnResult, grader: Grader) -> list[Result]:
    """Grade all tasks, ``jobs`` at a time, then one at a time those that have to run once more (`course.grading.submission.blame`).

    A task that fails `TRIES` times gets an *ungraded* result.

    Parameters
    ----------
    on_result : callable
        Called in this thread with each result as it is known.
    grader : Grader
        Inside its block.

    Raises
    ------
    BaseException
        Any interruption: the grader is cancelled, and written results stay.
    """
    once = [replace(work, later=True) for work in works if work.again is None]
    first = {result.name: result for result in _graded(once, jobs, on_result, grader)}
    left = [replace(work, again=result.again) for work in works if (result := first.get(work.name)) and result.again]
    second = _graded([*(work for work in works if work.again is not None), *left], 1, on_result, grader)
    return list((first | {result.name: result for result in second}).values())


def _graded(works: Sequence[GradingTask], jobs: int, on_result: OnResult, grader: Grader) -> list[Result]:
    results: list[Result] = []
    with ThreadPoolExecutor(jobs, thread_name_prefix="grade") as pool:
        waiting: list[Future] = [pool.submit(_tried, grader, work) for work in works]
        try:
            for done in as_completed(waiting):
                results.append(done.result())
                on_result(results[-1])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            grader.cancel()  # otherwise the pool's block would wait for the grading under way
            raise
    return results


def _tried(grader: Grader, work: GradingTask) -> Result:
    why = ""
    for number in range(TRIES):
        try:
            return grader.grade(work)
        except BatchCancelled:
            raise
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            time.sleep(number)  # the cause, such as a lack of memory, may pass
    fault = f"grading it failed {TRIES} times, at last with {why}. `{work.command}` tries again."
    result = finished(work.empty_result(), status=UNGRADED, fault=fault)
    result.write(work.results)
    return result


class BatchCancelled(Exception):
    """The batch was cancelled while this submission was graded."""


class ProcessGrader:
    """Grades each submission in its own process, forked from one that has imported grading's modules. A context manager.

    That process starts with the block and imports in the background. It opens nothing and draws no random number, so that all children
    start in the same state. They end with the block. Each uses one thread for numerical work (`THREADS`).

    Parameters
    ----------
    preload : bool
        Whether to start a forkserver for kernels; worth it when there are more submissions than jobs.

    Attributes
    ----------
    aws, kernels : str
        As in `course.grading.submission.run.Submission`. ``kernels`` is empty at first: that forkserver starts after the first grading
        process, since all of them import for seconds.
    """

    def __init__(self, preload: bool = True) -> None:
        self._preload = preload
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        self._running: set[multiprocessing.process.BaseProcess] = set()
        self._lock = threading.Lock()
        self._given_up = False
        self._cleanup = contextlib.ExitStack()
        self.aws = self.kernels = ""

    def __enter__(self) -> ProcessGrader:
        if THREADS not in os.environ:
            os.environ[THREADS] = "1"
            self._cleanup.callback(os.environ.pop, THREADS, None)
        with seeds.withheld():
            forkserver.ensure_running()
        self.aws = self._cleanup.enter_context(boxed.start_forkserver())
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._cleanup:
            self.cancel()

    def cancel(self) -> None:
        with self._lock:
            self._given_up = True
            left = list(self._running)
        for process in left:
            process.terminate()  # it then ends its own processes
        end = time.monotonic() + GRACE_SECONDS
        for process in left:
            process.join(max(0.0, end - time.monotonic()))
            process.kill()

    def grade(self, work: GradingTask) -> Result:
        """Grade one submission in a new process.

        Raises
        ------
        RuntimeError
            When the process ended without a result.
        """
        ours, theirs = socket.socketpair()
        holder = self._context.Process(target=seed_holder.hold, args=(theirs, work.draw))
        process = self._context.Process(target=_child, args=(replace(work.without_seed(), kernels=self.kernels, aws=self.aws), ours))
        with self._lock, ours, theirs:
            if self._given_up:
                raise BatchCancelled
            holder.start()  # returns when grading's modules are imported; it ends with the other process
            process.start()
            self._running.add(process)
            if self._preload and not self.kernels:
                self.kernels = self._cleanup.enter_context(kernel_forkserver.start_forkserver())
        try:
            process.join(SECONDS)
            if process.exitcode is None:
                process.kill()
                raise RuntimeError(f"it had not ended after {SECONDS:.0f} s")
        finally:
            self._running.discard(process)
        if self._given_up:
            raise BatchCancelled
        if process.exitcode != 0:
            raise RuntimeError(f"the process that graded it ended with {process.exitcode}; its log is {log_of(work)}")
        result = Result.read(work.results, work.notebook)
        if result is None:
            raise RuntimeError(f"it left no result in {work.results}")
        return result


def log_of(work: GradingTask) -> Path:
    """The log file of the process that grades it, of interest when the process fails."""
    return work.results / f"{work.notebook}.log"


def _child(work: GradingTask, holder: socket.socket) -> None:
    """The main function of the new process, which ends when the batch ends for any reason."""
    limit_memory(limits()["grader"]["memory"])
    threading.Thread(target=_end_with_batch, daemon=True).start()
    log = log_of(work)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    grade(work, holder)


def _end_with_batch() -> None:
    multiprocessing.parent_process().join()
    os.kill(os.getpid(), signal.SIGTERM)  # SIGTERM lets it end its own processes
