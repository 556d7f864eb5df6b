"""Regular expressions for patterns with wildcards, which take no longer for a hostile pattern than for a plain one.

Written as ``.*``, each ``*`` multiplies the work of an engine that backtracks: ``*a*a*a*b`` takes hours for a text of a thousand ``a``.
Here the engine never goes back to a ``*`` once what follows it, up to the next one, has matched (an atomic group). The leftmost match is
the right one, because it leaves the most text for the rest. Only the last ``*`` is free, since what follows it must end the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

ANY = ".*"
"""A ``*`` that matches any characters."""

SEGMENT = "[^:]*"
"""A ``*`` that matches within a segment of an ARN."""


def expression(parts: Sequence[str]) -> str:
    """The expression for `re.Pattern.fullmatch`; compile it with ``re.DOTALL``.

    Parameters
    ----------
    parts : sequence of str
        `ANY`, `SEGMENT`, and expressions of a fixed length. One that may match a colon, like ``.``, comes after a `SEGMENT` only
        behind a literal colon: then it is clear where the segment ends.
    """
    first, *others = _split(parts, ANY)
    if not others:
        return _within(first, last=True)
    *middle, last = others
    return _within(first) + "".join(f"(?>.*?{_within(part)})" for part in middle) + ANY + _within(last, last=True)


def glob(text: str) -> re.Pattern[str]:
    """A pattern in which ``*`` is the only wildcard. Use it with ``fullmatch``."""
    pieces = [part for piece in text.split("*") for part in (ANY, re.escape(piece))][1:]
    return re.compile(expression(pieces), re.DOTALL)


def _within(parts: Sequence[str], last: bool = False) -> str:
    """The expression for parts without `ANY`. ``last``: the end of the text must follow."""
    first, *others = ("".join(piece) for piece in _split(parts, SEGMENT))
    end = SEGMENT + others.pop() if last and others else ""
    return first + "".join(f"(?>[^:]*?{piece})" for piece in others) + end


def _split(parts: Sequence[str], at: str) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for part in parts:
        if part == at:
            found.append([])
        else:
            found[-1].append(part)
    return found
