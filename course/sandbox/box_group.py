"""Several boxes that are one job: they end together, each by itself or all when the first fails."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from course.sandbox.process import BoxProcess


class BoxGroup:
    """The running boxes of a job's hosts, to be waited for, stopped and killed like one (`BoxProcess`).

    Attributes
    ----------
    failed : int or None
        The number of the box that was the first to fail, counted from 0; the others are killed then. None while none has.
    """

    def __init__(self, boxes: Sequence[BoxProcess]) -> None:
        self.boxes = boxes
        self.failed: int | None = None
        self._stopping = False
        self._left = len(boxes)
        self._ends: queue.SimpleQueue[tuple[int, BaseException | None]] = queue.SimpleQueue()
        for number in range(len(boxes)):
            threading.Thread(target=self._follow, args=(number,), daemon=True, name="host").start()

    @classmethod
    def begin(cls, starts: Iterable[Callable[[], BoxProcess]]) -> BoxGroup:
        """Start the boxes of all hosts; when one cannot be started, those that were are killed."""
        begun: list[BoxProcess] = []
        try:
            for start in starts:
                begun.append(start())
        except BaseException:
            cls(begun).kill()
            raise
        return cls(begun)

    @property
    def first_failure(self) -> BoxProcess | None:
        """The box that was the first to fail."""
        return None if self.failed is None else self.boxes[self.failed]

    def wait(self, timeout: float | None = None) -> None:
        """Wait until all have ended.

        Raises
        ------
        TimeoutError
            After ``timeout`` seconds; those that are left go on.
        Exception
            What `BoxProcess.wait` raised of one of them; the others were killed.
        """
        limit = None if timeout is None else time.monotonic() + timeout
        while self._left:
            try:
                number, error = self._ends.get(timeout=limit and max(0.0, limit - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"{self._left} boxes still run after {timeout} s") from None
            self._left -= 1
            if self.failed is None and (error or self.boxes[number].exit_code or self.boxes[number].limit):
                self.failed = number
                if error or not self._stopping:  # a program that was asked to end leaves the others their time
                    self.kill()
            if error:
                raise error

    def stop(self, grace: float) -> None:
        """Ask all programs to end, and kill those that have not after ``grace`` seconds; returns when all have ended."""
        self._stopping = True
        self._of_all(lambda box: box.stop(grace))

    def kill(self) -> None:
        """End every process of all boxes at once; returns when they have ended."""
        self._of_all(BoxProcess.kill)

    def _of_all(self, do: Callable[[BoxProcess], None]) -> None:
        threads = [threading.Thread(target=do, args=(box,), daemon=True) for box in self.boxes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _follow(self, number: int) -> None:
        error: BaseException | None = None
        try:
            self.boxes[number].wait()
        except BaseException as raised:
            error = raised
        self._ends.put((number, error))
