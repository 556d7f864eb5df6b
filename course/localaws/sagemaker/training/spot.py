"""Managed Spot training: interruptions, which a lesson or a test orders, and the billed seconds.

Source: "Managed Spot Training in Amazon SageMaker AI" and "Managed Spot Training Lifecycle" of the SageMaker developer guide, read
2026-11-25. AWS documents no signal before an interruption, and there is none here: the program is killed at once, and its checkpoints are
copied to S3 before the instance goes. Nothing is interrupted unless somebody orders it.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from course.localaws.core.clock import seconds_ahead


@dataclass(frozen=True, slots=True)
class Interruption:
    """One interruption.

    ``after`` is the seconds that the program runs before it. ``outage`` is the seconds without capacity, on the local AWS's clock.
    """

    after: float = 0.0
    outage: float = 0.0

    def __post_init__(self) -> None:
        for name in ("after", "outage"):
            seconds_ahead(f"an interruption's {name!r}", getattr(self, name))


class Interruptions:
    """The interruptions ordered for one job. Each takes effect once, in the order in which they were ordered."""

    def __init__(self) -> None:
        self._orders: deque[Interruption] = deque()
        self._kill: Callable[[], None] | None = None
        self._timer: threading.Timer | None = None
        self._taken: Interruption | None = None
        self._lock = threading.Lock()

    def order(self, interruption: Interruption) -> None:
        with self._lock:
            self._orders.append(interruption)
            self._arm()

    @contextlib.contextmanager
    def watch(self, kill: Callable[[], None]) -> Iterator[None]:
        """During the block, an interruption calls ``kill``."""
        with self._lock:
            self._kill = kill
            self._arm()
        try:
            yield
        finally:
            with self._lock:
                self._kill = None
                if self._timer:
                    self._timer.cancel()
                self._timer = None

    def taken(self) -> Interruption | None:
        """The interruption that ended the last program; None when the program ended by itself, and at every further call."""
        taken, self._taken = self._taken, None
        return taken

    def _arm(self) -> None:
        if self._kill and self._orders and not self._timer:
            self._timer = threading.Timer(self._orders[0].after, self._take)
            self._timer.daemon = True
            self._timer.start()

    def _take(self) -> None:
        with self._lock:
            if self._kill is not None:  # otherwise the program has just ended by itself, and the order waits for the next program
                self._taken = self._orders.popleft()
                self._kill()
