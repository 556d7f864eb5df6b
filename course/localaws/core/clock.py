"""The clock of schedules, alarms, cool-downs and time stamps. A lesson may advance it, so that "an hour later" takes no hour."""

from __future__ import annotations

import math
import time


class Clock:
    """Unix time in seconds plus an offset, the sum of all advances."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def now(self) -> float:
        return time.time() + self.offset

    def advance(self, seconds: float) -> float:
        """Move the clock forward and return the new time. Raises ValueError when ``seconds`` is negative or not finite."""
        if not 0 <= seconds < math.inf:
            raise ValueError(f"the clock only moves forward; got {seconds} s")
        self.offset += seconds
        return self.now()
