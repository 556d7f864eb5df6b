"""Changes of feature groups that take some time of the clock, e.g. from ``Creating`` to ``Created``.

They run in the scheduler's thread, in the order of their times. Advancing the clock makes them at once. A change that is under way when the
local AWS ends is in the group's document, and `FeatureGroups.recover` makes it at the next start.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable

from course.localaws.core.scheduler import Scheduler

logger = logging.getLogger(__name__)


class Transitions:
    """The changes that are due later. May be used from any thread."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._numbers = itertools.count()
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._lock = threading.Lock()
        scheduler.add(self._due, self._run)

    def later(self, seconds: float, change: Callable[[], None]) -> None:
        """Make a change after some seconds of the clock."""
        with self._lock:
            heapq.heappush(self._waiting, (self._scheduler.clock.now() + seconds, next(self._numbers), change))
        self._scheduler.wake()

    def clear(self) -> None:
        """Forget all changes that are not made yet."""
        with self._lock:
            self._waiting.clear()

    def _due(self) -> float | None:
        with self._lock:
            return self._waiting[0][0] if self._waiting else None

    def _run(self, moment: float) -> None:
        with self._lock:
            if not self._waiting:
                return
            change = heapq.heappop(self._waiting)[2]
        try:
            change()
        except Exception:
            logger.exception("a change of a feature group failed")
