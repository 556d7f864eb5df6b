"""Writes things in batches from a background thread, so that callers do not wait."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

logger = logging.getLogger(__name__)


class BatchWriter(Generic[T]):
    """Queues things. A thread hands them to ``write`` in batches, and ends when nothing more arrives.

    Parameters
    ----------
    write : callable
        Receives a list of things, never an empty one. It is not called concurrently. When it raises, the things stay in the queue until the
        next call of `add` or `flush`.
    seconds : float
        The pause between two calls.
    name : str
        The thread's name.
    """

    def __init__(self, write: Callable[[list[T]], None], seconds: float, name: str) -> None:
        self._write, self._seconds, self._name = write, seconds, name
        self._queue: list[T] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._writer_runs = False

    def add(self, thing: T) -> None:
        with self._lock:
            self._queue.append(thing)
            if self._writer_runs:
                return
            self._writer_runs = True
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def flush(self) -> bool:
        """Write what was added before this call. Returns whether there was anything. Raises what ``write`` raises."""
        with self._writing:
            with self._lock:
                batch, self._queue = self._queue, []
            if batch:
                try:
                    self._write(batch)
                except BaseException:
                    with self._lock:
                        self._queue[:0] = batch
                    raise
        return bool(batch)

    def clear(self) -> None:
        """Drop everything that waits. A batch that is being written is written first."""
        with self._writing, self._lock:
            self._queue = []

    def _run(self) -> None:
        while True:
            time.sleep(self._seconds)
            try:
                if self.flush():
                    continue
                failed = False
            except Exception:
                logger.exception("%s: a batch could not be written", self._name)
                failed = True
            with self._lock:
                if failed or not self._queue:
                    self._writer_runs = False
                    return
