"""What is to be done when the clock gets there: in the order of the moments, whether time passes or the clock is advanced.

A jump of the clock is no reason to leave anything out: every moment that it passes has its turn, with the clock's own time as its name.
Where nothing is to be done there is no thread and no timer.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from course.localaws.core.clock import Clock

BUSY_SECONDS = 60.0  # for which time stands still for somebody who was woken, and has not gone to sleep again
LONGEST_WAIT = 3600.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """Something that recurs: when it is next to be done (None: never, as things are), and how, given that moment."""

    due: Callable[[], float | None]
    run: Callable[[float], None]


class Scheduler:
    """Does what is due. Of two duties of the same moment the one that was added first goes first.

    Attributes
    ----------
    clock : Clock
    stopping : bool
        Whether the local AWS ends: whatever is done now is to come to an end.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._duties: list[ScheduledTask] = []
        self._sleepers: list[ClockWaiter] = []
        self._busy: ClockWaiter | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._woken = self.stopping = False
        self._reached = 0.0

    def add(self, due: Callable[[], float | None], act: Callable[[float], None], *, first: bool = False) -> None:
        """Add a duty; ``first`` puts it before all others."""
        self._duties.insert(0 if first else len(self._duties), ScheduledTask(due, act))

    def sleeper(self) -> ClockWaiter:
        """For a thread of one's own that goes on at moments of this clock."""
        return ClockWaiter(self)

    def wake(self) -> None:
        """To be called when the clock was advanced, or when something may be due earlier than before."""
        anything = self._next() is not None
        with self._changed:
            self._woken = True
            if anything and self._thread is None and not self.stopping:
                self._thread = threading.Thread(target=self._run, name="agenda", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def run_due(self, seconds: float) -> None:
        """Wait, at most so many seconds, until everything is done that is due now."""
        moment = self.clock.now()
        self.wake()
        with self._changed:
            self._changed.wait_for(lambda: self._thread is None or self._reached >= moment, seconds)

    def shutdown(self) -> None:
        """End the thread, and let nobody sleep any longer. After `resume` things are done again."""
        with self._changed:
            self.stopping, thread = True, self._thread
            for sleeper in self._sleepers:
                sleeper.end()
            self._sleepers.clear()
            self._changed.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join()
        with self._changed:
            self._thread = self._busy = None
            self._changed.notify_all()

    def resume(self) -> None:
        self.stopping = False

    def _next(self) -> tuple[float, Callable[[float], None]] | None:
        found = [(moment, duty.run) for duty in self._duties if (moment := duty.due()) is not None]
        with self._changed:
            found += [(sleeper.moment, sleeper.release) for sleeper in self._sleepers]
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

    # What sleepers do with it

    def _sleep(self, sleeper: ClockWaiter) -> None:
        with self._changed:
            if self.stopping:
                sleeper.end()
                return
            self._sleepers.append(sleeper)
            self._forget_busy(sleeper)
        self.wake()

    def _let_go(self, sleeper: ClockWaiter) -> None:
        """In the agenda's thread: let somebody go on, and the clock's moments stand still until they sleep again or leave."""
        with self._changed:
            if sleeper not in self._sleepers:
                return
            self._sleepers.remove(sleeper)
            self._busy = sleeper
            sleeper.wake()
            self._changed.wait_for(lambda: self._busy is not sleeper or self.stopping, BUSY_SECONDS)
            self._busy = None

    def _forget_busy(self, sleeper: ClockWaiter) -> None:
        with self._changed:
            if self._busy is sleeper:
                self._busy = None
                self._changed.notify_all()


class ClockWaiter:
    """One thread that waits for moments of the clock. While it does what it woke up for, no later moment has its turn.

    Attributes
    ----------
    moment : float
        The one that it waits for, or was last woken at.
    ended : bool
        Whether it shall not sleep any more, since the local AWS ends.
    """

    def __init__(self, agenda: Scheduler) -> None:
        self._agenda = agenda
        self._released = threading.Event()
        self._disturbed: float | None = None
        self.ended = False
        self.moment = agenda.clock.now()

    def wait_until(self, moment: float) -> None:
        """Sleep until the clock is there, or until woken earlier, by `interrupt` or because the local AWS ends."""
        self._released.clear()
        if self.ended:
            return
        self.moment = moment if self._disturbed is None else self._disturbed
        self._agenda._sleep(self)
        self._released.wait()
        self._disturbed = None

    def interrupt(self, moment: float) -> None:
        """Wake it now, which is ``moment``, or when it would next go to sleep."""
        self._disturbed = self.moment = moment
        self._agenda.wake()

    def end(self) -> None:
        """Let it go on although the moment has not come, and never sleep again."""
        self.ended = True
        self._released.set()

    def release(self, moment: float) -> None:
        """In the agenda's thread: the moment has come."""
        self._agenda._let_go(self)

    def wake(self) -> None:
        self._released.set()

    def close(self) -> None:
        """Say that it will not sleep again."""
        self._agenda._forget_busy(self)
