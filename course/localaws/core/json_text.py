"""Reads JSON that callers of the local AWS, or their programs, wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

# Objects and lists inside each other. The number is ours; AWS publishes none for requests. What is read once must not exceed Python's limit
# on recursion where it is copied, compared or written later.
DEEPEST = 100
# Commas and brackets. Each value takes up to a hundred times as much memory as its text.
MOST_PARTS = 4_000_000

_PARTS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class JsonTooDeep(ValueError):
    """A text has more than `DEEPEST` levels."""

    def __init__(self) -> None:
        super().__init__(f"it is nested more than {DEEPEST} levels deep")


class JsonTooLarge(ValueError):
    """A text has more than `MOST_PARTS` parts."""

    def __init__(self) -> None:
        super().__init__(f"it has more than {MOST_PARTS:,} commas and brackets")


def load(text: str | bytes, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """The value of a JSON text.

    Raises
    ------
    ValueError
        It is not JSON, is nested too deeply, or has too many parts.
    """
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    opened = text.count("[") + text.count("{")
    if opened + text.count(",") > MOST_PARTS:
        raise JsonTooLarge
    if opened > DEEPEST and _levels(text) > DEEPEST:
        raise JsonTooDeep
    return json.loads(text, parse_constant=parse_constant)


def _levels(text: str) -> int:
    """How deep a text is nested; at most one more than `DEEPEST`."""
    deepest = level = 0
    for part in _PARTS.finditer(text):
        if (first := part[0][0]) in "[{":
            level += 1
            deepest = max(deepest, level)
            if deepest > DEEPEST:
                break
        elif first in "]}":
            level -= 1
    return deepest
