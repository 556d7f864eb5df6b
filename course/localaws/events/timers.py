"""The times at which rules and schedules fire, on the clock of the local AWS.

While the local AWS runs, everything fires once for each of its times, also for those that are skipped when the clock is advanced. For all
times that passed while it did not run, a thing fires once, at the next start, with the first of these times.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from course.localaws.core.scheduler import Scheduler

Key = tuple[str, ...]


class Timers:
    """The next time of each thing that fires.

    Parameters
    ----------
    scheduler : Scheduler
    fire : callable
        Called with the key, its time, and the moment after which its next time is to be found; all times in Unix seconds. It calls `set`.
        When it raises, it is called again later.
    """

    def __init__(self, scheduler: Scheduler, fire: Callable[[Key, float, float], None]) -> None:
        self._scheduler, self._fire = scheduler, fire
        self._due: dict[Key, float] = {}
        self._missed: set[Key] = set()
        self._started = 0.0
        self._lock = threading.Lock()
        scheduler.add(self._earliest, self._run)

    def set(self, key: Key, due: float | None) -> None:
        """Set when a thing fires next; None for never."""
        with self._lock:
            self._missed.discard(key)
            if due is None:
                self._due.pop(key, None)
            else:
                self._due[key] = due
        self._scheduler.wake()

    def recover(self, times: Iterable[tuple[Key, float]]) -> None:
        """Set the stored times of all things after a start."""
        with self._lock:
            self._due = dict(times)
            self._started = self._scheduler.clock.now()
            self._missed = {key for key, due in self._due.items() if due <= self._started}
        self._scheduler.wake()

    def clear(self) -> None:
        with self._lock:
            self._due.clear()

    def _earliest(self) -> float | None:
        with self._lock:
            return min(self._due.values(), default=None)

    def _run(self, moment: float) -> None:
        with self._lock:
            key, due = min(self._due.items(), key=lambda item: item[1], default=((), moment + 1))
            after = self._started if key in self._missed else due
        if due <= moment:
            self._fire(key, due, after)
            self._forget(key, due)

    def _forget(self, key: Key, due: float) -> None:
        """Remove a time that has passed, unless the firing has set the next one."""
        with self._lock:
            if self._due.get(key) == due:
                del self._due[key]
