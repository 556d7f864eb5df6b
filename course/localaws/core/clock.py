"""The clock of schedules, alarms, cool-downs and time stamps. A lesson may advance it, so that "an hour later" takes no hour."""

from __future__ import annotations

import math
import time

YEAR = 365.25 * 86_400  # seconds
MOST_YEARS = 100
# Seconds that the clock may be ahead of the time. Dates that are further ahead exceed what Python, schedules and SQLite can hold.
FURTHEST = MOST_YEARS * YEAR


def seconds_ahead(name: str, seconds: float) -> float:
    """``seconds``, if they are a time span that the clock can reach. Raises ValueError, which names them as ``name``."""
    if not (math.isfinite(seconds) and 0 <= seconds <= FURTHEST):
        raise ValueError(f"{name} is a number of seconds from 0 to {FURTHEST:.0f} ({MOST_YEARS} years); got {seconds:g}")
    return seconds


class Clock:
    """Unix time in seconds plus an offset, the sum of all advances.

    Parameters
    ----------
    offset : float
        Of an earlier process. One that the clock cannot reach, of a state of an earlier release, counts as `FURTHEST`.
    """

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset if 0 <= offset <= FURTHEST else FURTHEST

    def now(self) -> float:
        return time.time() + self.offset

    def advance(self, seconds: float) -> float:
        """Move the clock forward and return the new time.

        Raises
        ------
        ValueError
            ``seconds`` is negative or not finite, or the clock would be more than a hundred years ahead of the time.
        """
        ahead = self.offset + seconds_ahead("the clock only moves forward: an advance", seconds)
        if ahead > FURTHEST:
            raise ValueError(
                f"the clock is {self.offset / YEAR:.1f} years ahead of the time, and can be {MOST_YEARS} years ahead at most: "
                f"it cannot be advanced by {seconds / YEAR:.1f} more. Advance it less, or start a local AWS with a new state folder"
            )
        self.offset = ahead
        return self.now()
