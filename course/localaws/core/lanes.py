"""Whose work goes first. The grader reads what a submission left while the submission may flood its local AWS with slow requests.

A request of a caller whom no policy limits, the grader, has a lane of its own: it takes threads that other requests cannot take, and the
next turn of a thread that all share.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_first: ContextVar[bool] = ContextVar("first", default=False)


def is_first() -> bool:
    """Whether the work that begins here, in this task or thread, is for the caller who goes first."""
    return _first.get()


@contextlib.contextmanager
def lane(first: bool) -> Iterator[None]:
    """Declare for whom the block works."""
    token = _first.set(first)
    try:
        yield
    finally:
        _first.reset(token)


class LaneThreads(ThreadPoolExecutor):
    """The threads of an event loop's `asyncio.to_thread`: the first lane has some of its own.

    Parameters
    ----------
    threads : int
        Their number in each lane.
    """

    def __init__(self, threads: int) -> None:
        super().__init__(threads, thread_name_prefix="work")
        self._own = ThreadPoolExecutor(threads, thread_name_prefix="first")

    def submit(self, function: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        submit = self._own.submit if is_first() else super().submit
        return submit(function, *arguments, **named)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._own.shutdown(wait, cancel_futures=cancel_futures)
        super().shutdown(wait, cancel_futures=cancel_futures)


class OneThread:
    """Runs functions one at a time, in one thread that starts with the first: those of the first lane before all that wait.

    Parameters
    ----------
    name : str
        Of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: queue.PriorityQueue[tuple[int, int, Callable[[], None]]] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ended = False

    def submit(self, function: Callable[[], T]) -> Future[T]:
        """Run ``function`` in the thread. Raises RuntimeError after `shutdown`."""
        future: Future[T] = Future()
        with self._lock:
            if self._ended:
                raise RuntimeError(f"the thread {self._name} has ended")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._put(0 if is_first() else 1, lambda: _fulfil(future, function))
        return future

    def shutdown(self) -> None:
        """Run what waits, then end the thread."""
        with self._lock:
            self._ended = True
            if self._thread is not None:
                self._put(2, None)
        if self._thread is not None:
            self._thread.join()

    def _put(self, priority: int, work: Callable[[], None] | None) -> None:
        self._waiting.put((priority, next(self._numbers), work))

    def _run(self) -> None:
        while (work := self._waiting.get()[2]) is not None:
            work()


def _fulfil(future: Future[T], function: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(function())
    except BaseException as error:
        future.set_exception(error)
