"""Runs tasks at their times on the local AWS's clock, in order, whether time passes or the clock is advanced.

Advancing the clock runs every task due in between, in order, each with its own time. There is no thread and no timer while no task is due.

It also knows which threads do work that takes real time (`Scheduler.working`) and which of them only wait for the clock
(`Scheduler.awaiting`). So the clock can be advanced on its own when everything waits for it (`Scheduler.awaited`).
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from course.localaws.core.clock import Clock

BUSY_SECONDS = 60.0  # how long the scheduler waits for a woken thread to wait again
LONGEST_WAIT = 3600.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """A recurring task.

    ``due`` returns the next time of the task in Unix seconds, or None while it has none. ``run`` receives that time.
    """

    due: Callable[[], float | None]
    run: Callable[[float], None]


class Scheduler:
    """Runs due tasks in one thread. When two tasks are due at the same time, the one that was added first runs first.

    Attributes
    ----------
    clock : Clock
    stopping : bool
        Whether the local AWS is stopping, so that running tasks should end.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._tasks: list[ScheduledTask] = []
        self._waiters: list[ClockWaiter] = []
        self._busy: ClockWaiter | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._woken = self.stopping = False
        self._reached = 0.0
        self._working: Counter[int] = Counter()  # by thread
        self._awaiting: dict[int, float] = {}

    def add(self, due: Callable[[], float | None], act: Callable[[float], None], *, first: bool = False) -> None:
        """Add a task (see `ScheduledTask`); ``first`` puts it before all others."""
        self._tasks.insert(0 if first else len(self._tasks), ScheduledTask(due, act))

    def waiter(self) -> ClockWaiter:
        """A waiter for a thread that goes on at times of this clock."""
        return ClockWaiter(self)

    def wake(self) -> None:
        """Call this when the clock was advanced, or when a task may be due earlier than before."""
        anything = self._next() is not None
        with self._changed:
            self._woken = True
            if anything and self._thread is None and not self.stopping:
                self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Declare that this thread does work that takes real time, such as a job, until the block ends."""
        thread = threading.get_ident()
        with self._changed:
            self._working[thread] += 1
        try:
            yield
        finally:
            with self._changed:
                self._working[thread] -= 1
                self._working += Counter()  # forget threads that have ended

    @contextlib.contextmanager
    def awaiting(self, moment: float) -> Iterator[None]:
        """Declare that this thread only waits until the clock reaches ``moment``, until the block ends."""
        thread = threading.get_ident()
        with self._changed:
            self._awaiting[thread] = moment
        try:
            yield
        finally:
            with self._changed:
                del self._awaiting[thread]

    def awaited(self) -> float | None:
        """The next time of the clock that a thread waits for; None if none does, or if another thread works."""
        with self._changed:
            if self.stopping or self._busy is not None or self._working.keys() - self._awaiting.keys():
                return None
            return min(self._awaiting.values(), default=None)

    def next_due(self) -> float | None:
        """The time of the next task or waiter; None if there is none."""
        following = self._next()
        return following[0] if following else None

    def run_due(self, seconds: float) -> None:
        """Wait until everything that is due now has run, at most ``seconds``."""
        moment = self.clock.now()
        self.wake()
        with self._changed:
            self._changed.wait_for(lambda: self._thread is None or self._reached >= moment, seconds)

    def shutdown(self) -> None:
        """End the thread and all waits. After `resume`, tasks run again."""
        with self._changed:
            self.stopping, thread = True, self._thread
            for waiter in self._waiters:
                waiter.end()
            self._waiters.clear()
            self._changed.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        with self._changed:
            self._thread = self._busy = None
            self._changed.notify_all()

    def resume(self) -> None:
        self.stopping = False

    def _next(self) -> tuple[float, Callable[[float], None]] | None:
        found = [(moment, task.run) for task in self._tasks if (moment := task.due()) is not None]
        with self._changed:
            found += [(waiter.moment, waiter.release) for waiter in self._waiters]
        return min(found, key=lambda pair: pair[0], default=None)

    def _run(self) -> None:
        while not self.stopping:
            with self._changed:
                self._woken = False
            now, following = self.clock.now(), self._next()
            if following is not None and following[0] <= now:
                self._do(*following)
                continue
            with self._changed:
                self._reached = now
                self._changed.notify_all()
                if not self._woken and not self.stopping:
                    self._changed.wait(min(LONGEST_WAIT, following[0] - now) if following else None)

    def _do(self, moment: float, act: Callable[[float], None]) -> None:
        try:
            act(moment)
        except Exception:
            logger.exception("what was due at %s failed", moment)
            with self._changed:
                self._changed.wait(1)  # it may still be due

    # Called by waiters

    def _wait(self, waiter: ClockWaiter) -> None:
        with self._changed:
            if self.stopping:
                waiter.end()
                return
            self._waiters.append(waiter)
            self._not_busy(waiter)
        self.wake()

    def _release(self, waiter: ClockWaiter) -> None:
        """In the scheduler's thread: wake a waiter, and run nothing else until it waits again or closes."""
        with self._changed:
            if waiter not in self._waiters:
                return
            self._waiters.remove(waiter)
            self._busy = waiter
            waiter.wake()
            self._changed.wait_for(lambda: self._busy is not waiter or self.stopping, BUSY_SECONDS)
            self._busy = None

    def _not_busy(self, waiter: ClockWaiter) -> None:
        with self._changed:
            if self._busy is waiter:
                self._busy = None
                self._changed.notify_all()


class ClockWaiter:
    """Lets one thread wait for times of the clock. While the thread works after a wait, no later task runs.

    Attributes
    ----------
    moment : float
        The time that it waits for, or at which it was last woken.
    ended : bool
        Whether it does not wait any more, because the local AWS is stopping.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._released = threading.Event()
        self._interrupted: float | None = None
        self.ended = False
        self.moment = scheduler.clock.now()

    def wait_until(self, moment: float) -> None:
        """Wait until the clock reaches ``moment``, or until `interrupt` or the end of the local AWS wakes it earlier."""
        self._released.clear()
        if self.ended:
            return
        self.moment = moment if self._interrupted is None else self._interrupted
        with self._scheduler.awaiting(self.moment):
            self._scheduler._wait(self)
            self._released.wait()
        self._interrupted = None

    def interrupt(self, moment: float) -> None:
        """Wake it now, at the time ``moment``, or when it next waits."""
        self._interrupted = self.moment = moment
        self._scheduler.wake()

    def end(self) -> None:
        """Wake it before its time, and let it never wait again."""
        self.ended = True
        self._released.set()

    def release(self, moment: float) -> None:
        """In the scheduler's thread: the time has come."""
        self._scheduler._release(self)

    def wake(self) -> None:
        self._released.set()

    def close(self) -> None:
        """Declare that it will not wait again."""
        self._scheduler._not_busy(self)
