"""What is written in batches, so that nobody waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class BatchWriter(Generic[T]):
    """Takes note of things at once; a thread hands what came to ``write``, as long as something comes.

    Parameters
    ----------
    write : callable
        Gets a list of things, never an empty one; is not called twice at a time, and raises nothing.
    seconds : float
        Between two calls of it.
    name : str
        Of the thread.
    """

    def __init__(self, write: Callable[[list[T]], None], seconds: float, name: str) -> None:
        self._write, self._seconds, self._name = write, seconds, name
        self._noted: list[T] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._writer_runs = False

    def add(self, thing: T) -> None:
        with self._lock:
            self._noted.append(thing)
            if self._writer_runs:
                return
            self._writer_runs = True
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def flush(self) -> bool:
        """Write what was noted; False when there was nothing. When it returns, everything noted before is written."""
        with self._writing:
            with self._lock:
                noted, self._noted = self._noted, []
            if noted:
                self._write(noted)
        return bool(noted)

    def _run(self) -> None:
        while True:
            time.sleep(self._seconds)
            if self.flush():
                continue
            with self._lock:
                if not self._noted:
                    self._writer_runs = False
                    return
