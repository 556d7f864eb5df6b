"""What a job does in this process, and not in a box: stopped and waited for all the same."""

from __future__ import annotations

import threading
from collections.abc import Callable


class ThreadTask:
    """Work in a thread of its own that is waited for, stopped and killed like a program in a box (`Running`).

    Parameters
    ----------
    work : callable
    end : callable
        Makes the work end, within the seconds that it is given.
    """

    def __init__(self, work: Callable[[], None], end: Callable[[float], None]) -> None:
        self._work, self._end = work, end
        self._error: BaseException | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._run, name="activity", daemon=True).start()

    def wait(self, timeout: float | None = None) -> None:
        """Raises TimeoutError, or what the work raised."""
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
