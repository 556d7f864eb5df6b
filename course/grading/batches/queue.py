"""Many submissions at a time: each in a process of its own, none in the way of another, none lost and none graded twice."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Protocol

from course.grading.batches.grade import GradingTask, finished, grade
from course.grading.batches.result import UNGRADED, Result
from course.grading.sandbox import kernel_forkserver
from course.localaws.server import launch

TRIES = 3  # of a submission whose grading process ends without a result
SECONDS = 2 * 3600.0  # after which that process is ended
PRELOADED = ["course.grading.batches.preload"]
GRACE_SECONDS = 30.0
# Of OpenMP (XGBoost, scikit-learn) and Arrow, in all that they start, unless it is set: as many submissions at a time as jobs, each on a
# core, with the same result however many cores there are.
THREADS = "OMP_NUM_THREADS"

OnResult = Callable[[Result], None]


class GraderError(Exception):
    """Nothing at all can be graded; the message says why and what to do."""


class Grader(Protocol):
    """Grades somewhere. A context manager; when its block ends, so does what it has begun.

    ``grade`` raises when a piece of work could not be graded, by no fault of the work, and `BatchCancelled` when the block has ended.
    """

    def __enter__(self) -> Grader: ...

    def __exit__(self, *error: object) -> None: ...

    def grade(self, work: GradingTask) -> Result: ...


def pending(works: Sequence[GradingTask]) -> tuple[list[GradingTask], list[Result]]:
    """What is still to be graded, and the results that stand: same submission, checks, seed and packages."""
    waiting, standing = [], []
    for work in works:
        old = Result.read(work.results, work.notebook)
        if old is not None and not old.fault and old.key == work.empty_result().key:
            standing.append(old)
        else:
            waiting.append(work)
    return waiting, standing


def grade_all(works: Sequence[GradingTask], jobs: int, on_result: OnResult, grader: Grader | None = None) -> list[Result]:
    """Grade everything, ``jobs`` at a time; an infrastructure failure makes an *ungraded* result, after some tries.

    Parameters
    ----------
    on_result : callable
        Called in this thread as each is known.
    grader : Grader, optional
        `ProcessGrader` of this machine when not given.

    Raises
    ------
    GraderError
    BaseException
        Whatever interrupts it: the processes under way are ended then, and what is written stays.
    """
    results: list[Result] = []
    grader = grader or ProcessGrader(preload=len(works) > jobs)
    with ThreadPoolExecutor(jobs, thread_name_prefix="grade") as pool, grader as one:  # ended first: the pool waits for it
        waiting: list[Future] = [pool.submit(_tried, one, work) for work in works]
        try:
            for done in as_completed(waiting):
                results.append(done.result())
                on_result(results[-1])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
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
            time.sleep(number)  # whatever it was, such as a lack of memory, may pass
    fault = f"grading it failed {TRIES} times, at last with {why}. `{work.command}` tries again."
    result = finished(work.empty_result(), status=UNGRADED, fault=fault)
    result.write(work.results)
    return result


class BatchCancelled(Exception):
    """The batch was given up while this was graded."""


class ProcessGrader:
    """A process for each submission, forked from one that has imported what grading takes. A context manager.

    That one has opened nothing and drawn nothing, so that each begins alike. When the block ends by an exception, so do they. Numbers are
    computed by one thread in each (`THREADS`).

    Parameters
    ----------
    preload : bool
        Whether kernels are to be there at once, which pays from the first submission on that does not begin at once itself.

    Attributes
    ----------
    kernels : str
        As of `course.grading.submission.run.Submission`.
    """

    def __init__(self, preload: bool = True) -> None:
        self._preload = preload
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        self._running: set[multiprocessing.process.BaseProcess] = set()
        self._lock = threading.Lock()
        self._given_up = False
        self._put_away = contextlib.ExitStack()
        self.kernels = ""

    def __enter__(self) -> ProcessGrader:
        if THREADS not in os.environ:
            os.environ[THREADS] = "1"
            self._put_away.callback(os.environ.pop, THREADS, None)
        if self._preload:
            self.kernels = self._put_away.enter_context(kernel_forkserver.start_forkserver())
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._put_away:
            self._end()

    def _end(self) -> None:
        with self._lock:
            self._given_up = True
            left = list(self._running)
        for process in left:
            process.terminate()  # it then puts away what it started
        end = time.monotonic() + GRACE_SECONDS
        for process in left:
            process.join(max(0.0, end - time.monotonic()))
            process.kill()

    def grade(self, work: GradingTask) -> Result:
        """The result of one piece of work, graded in a new process.

        Raises
        ------
        RuntimeError
            When the process ended without one.
        """
        process = self._context.Process(target=_child, args=(replace(work, kernels=self.kernels),))
        with self._lock:
            if self._given_up:
                raise BatchCancelled
            process.start()
            self._running.add(process)
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
    """Where the process that grades it writes what is of no interest unless it fails."""
    return work.results / f"{work.notebook}.log"


def _child(work: GradingTask) -> None:
    """What the new process does; it ends when the batch does, however that ends."""
    launch.prepare()
    threading.Thread(target=_end_with_batch, daemon=True).start()
    log = log_of(work)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    grade(work)


def _end_with_batch() -> None:
    multiprocessing.parent_process().join()
    os.kill(os.getpid(), signal.SIGTERM)  # so that what was started is put away
