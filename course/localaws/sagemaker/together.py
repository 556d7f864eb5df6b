"""The programs of a job's instances as one: started together, and ended together when one of them fails."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence

from course.localaws.containers.box import Running


class Together:
    """Has of a `Running` what a `Job` needs of it, for several of them.

    The first program that fails ends the others, as SageMaker ends the other instances of a job: they get SIGTERM, and SIGKILL after
    the grace.

    Parameters
    ----------
    starts : sequence of callable
        Each starts the program of one instance. When one of them raises, those that were started are killed.
    grace : float
        Seconds between SIGTERM and SIGKILL for the others.

    Attributes
    ----------
    exit_code : int
        Of the program that failed first; 0 while none has.
    limit : str
        The limit that ended it, as `Running.limit`.
    """

    def __init__(self, starts: Sequence[Callable[[], Running]], grace: float) -> None:
        self.exit_code, self.limit = 0, ""
        self._grace = grace
        self._failure: BaseException | None = None
        self._ends: queue.SimpleQueue[tuple[Running, BaseException | None]] = queue.SimpleQueue()
        self._all: list[Running] = []
        try:
            for start in starts:
                self._all.append(start())
        except BaseException:
            self.kill()
            raise
        self._left = list(self._all)
        for running in self._all:
            threading.Thread(target=self._follow, args=(running,), daemon=True, name="instance").start()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of all and return the exit code.

        Raises
        ------
        TimeoutError
            After ``timeout`` seconds; they go on.
        Exception
            What `Running.wait` of the first of them raised, when all have ended.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while self._left:
            try:
                running, failure = self._ends.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"{len(self._left)} instances still run after {timeout} s") from None
            self._left.remove(running)
            self._note(running, failure)
        if self._failure is not None:
            raise self._failure
        return self.exit_code

    def stop(self, grace: float) -> None:
        """SIGTERM for all, SIGKILL after ``grace`` seconds; returns when they have ended."""
        each(self._all, lambda running: running.stop(grace))

    def kill(self) -> None:
        each(self._all, Running.kill)

    def _follow(self, running: Running) -> None:
        failure = None
        try:
            running.wait()
        except BaseException as error:
            failure = error
        self._ends.put((running, failure))

    def _note(self, running: Running, failure: BaseException | None) -> None:
        if self.exit_code or self._failure or not (failure or running.exit_code or running.limit):
            return
        self._failure, self.exit_code, self.limit = failure, running.exit_code or 0, running.limit
        others = list(self._left)
        threading.Thread(target=each, args=(others, lambda other: other.stop(self._grace)), daemon=True, name="stop-instances").start()


def each(runnings: Sequence[Running], act: Callable[[Running], None]) -> None:
    """Do something with all of them side by side; returns when it is done."""
    threads = [threading.Thread(target=act, args=(running,), daemon=True) for running in runnings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
