"""Work of a job in this process instead of a box, with the same interface: wait, stop, kill."""

from __future__ import annotations

import threading
from collections.abc import Callable


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
        threading.Thread(target=self._run, name="activity", daemon=True).start()

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
