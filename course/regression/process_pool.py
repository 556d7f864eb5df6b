"""Runs jobs that wait for child processes, a few at a time. When a job fails or is interrupted, the children are ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any

from course import interrupts

GRACE_SECONDS = 60.0  # seconds for children to end their own processes


class ProcessPool:
    """A context manager. At the end of its block all jobs are done; after an exception, all are ended.

    Parameters
    ----------
    size : int
        Jobs at a time.
    """

    def __init__(self, size: int) -> None:
        self._pool = ThreadPoolExecutor(size)
        self._children: set[subprocess.Popen] = set()
        self._lock = threading.Lock()
        self._dismissed = False

    def __enter__(self) -> ProcessPool:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind:
            self._dismiss()
        self._pool.shutdown()

    def submit(self, job: Callable[..., Any], *arguments: Any) -> Future:
        return self._pool.submit(job, *arguments)

    @contextlib.contextmanager
    def child(self, command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen]:
        """A process in its own process group, for the block to wait for. It has ended after the block in every case.

        Raises
        ------
        CancelledError
            When the pool has been dismissed.
        """
        with contextlib.ExitStack() as at_end:
            with interrupts.defer_signals(), self._lock:
                if self._dismissed:
                    raise CancelledError
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
                self._children.add(process)
                at_end.callback(self._children.discard, process)
                at_end.enter_context(process)
                at_end.enter_context(_ended_on_failure(process))
            yield process

    def _dismiss(self) -> None:
        with self._lock:
            self._dismissed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        _end(list(self._children))


@contextlib.contextmanager
def _ended_on_failure(process: subprocess.Popen) -> Iterator[None]:
    try:
        yield
    except BaseException:  # its job no longer waits for it, for example after a time limit
        _end([process])
        raise


def _end(children: Sequence[subprocess.Popen]) -> None:
    """Interrupt each process group, as Ctrl-C in a terminal does, and kill those that do not end in time."""
    for child in children:
        _signal(child, signal.SIGINT)
    end = time.monotonic() + GRACE_SECONDS
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, end - time.monotonic()))
        _signal(child, signal.SIGKILL)


def _signal(child: subprocess.Popen, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)
