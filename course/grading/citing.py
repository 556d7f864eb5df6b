"""Judges lines that a learner cites from a log: whether the log has them, what they say, and whether the next run would have them too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

SHORTEST = 3  # characters that show which line is meant
OF_ONE_RUN = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|0x[0-9a-f]{6,}")  # dates, times of day and addresses
CLASS = re.compile(r"[\w.]*(Error|Exception)\b")
MARKS = "^~ "  # with which Python 3.11 underlines a part of the code


def cites(cited: str, lines: Iterable[str]) -> bool:
    """Whether at least `SHORTEST` characters are cited, and from one of the lines."""
    words = cited.strip()
    return len(words) >= SHORTEST and any(words in line for line in lines)


def shows(cited: str, lines: Iterable[str], signs: Iterable[str]) -> bool:
    """Whether the cited words occur in a line that has one of the signs, and in no other line."""
    telling, others = [], []
    for line in lines:
        (telling if any(sign in line for sign in signs) else others).append(line)
    return cites(cited, telling) and not cites(cited, others)


def passing(cited: str) -> str:
    """The part of the cited words that belongs to one run only, such as a time of day; "" when there is none."""
    found = OF_ONE_RUN.search(cited)
    return found[0] if found else ""


def class_alone(cited: str) -> bool:
    """Whether the cited words name classes of exceptions, and nothing else."""
    return len(CLASS.sub("", cited).strip(" :")) < SHORTEST


def statements(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a log without places in a program, its code, and the announcements of other lines."""
    code = False
    for line in lines:
        text = line.strip()
        if text.strip(MARKS) and not (code or text.startswith(('File "', "[bt]")) or text.endswith(":")):
            yield line
        code = text.startswith('File "')
