"""Evidence that a learner copies from a log: whether it stands there, and whether it will stand there the next time."""

from __future__ import annotations

import re
from collections.abc import Iterable

SHORTEST = 3  # characters that show which line is meant
OF_ONE_RUN = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|0x[0-9a-f]{6,}")  # dates, times of day and addresses


def cites(cited: str, lines: Iterable[str]) -> bool:
    """Whether at least `SHORTEST` characters are cited, and from one of the lines."""
    words = cited.strip()
    return len(words) >= SHORTEST and any(words in line for line in lines)


def passing(cited: str) -> str:
    """What of the cited words belongs to one run alone, as a time of day; "" when nothing does."""
    found = OF_ONE_RUN.search(cited)
    return found[0] if found else ""
