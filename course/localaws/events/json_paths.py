"""The part of JSONPath that EventBridge understands: ``$.detail.name``, ``$.resources[0]``, ``$.items[*].id``.

Source: "Amazon EventBridge input transformation" of the User Guide, read 2026-11-28.
"""

from __future__ import annotations

import json
import re

MISSING = object()
_STEP = re.compile(r"\.([^.\[\]\s\"']+)|\[(\d+|\*)\]")
_PATH = re.compile(rf"\$(?:{_STEP.pattern})*")


def is_valid(path: str) -> bool:
    return _PATH.fullmatch(path) is not None


def find(document: object, path: str) -> object:
    """The value at a path, `MISSING` when there is none. A path with ``*`` gives the list of all values."""
    found = [document]
    for name, index in _STEP.findall(path):
        found = [inner for value in found for inner in _children(value, name or index, by_name=bool(name))]
    if "*" in path:
        return found
    return found[0] if found else MISSING


def _children(value: object, step: str, by_name: bool) -> list:
    if step == "*":
        return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    if by_name:
        return [value[step]] if isinstance(value, dict) and step in value else []
    return [value[int(step)]] if isinstance(value, list) and int(step) < len(value) else []


def text_of(value: object) -> str:
    """A value as text: a string as it is, everything else as JSON."""
    return value if isinstance(value, str) else compact(value)


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
