"""Paths into JSON values: of a step's properties (``ModelArtifacts.S3ModelArtifacts``) and of property files (``metrics.auc[0].value``).

Both have members separated by dots, ``[0]`` for an item of a list, and ``['name']`` for a member with any characters. The path of a
``Std:JsonGet`` is a JsonPath as https://github.com/json-path/JsonPath documents it (which the developer guide names, "Property Files and
JsonGet", read 2026-11-28): it may begin with ``$``, and ``[-1]`` is the last item. What names several values there (``*``, ``..``,
``[0:2]``, ``[0,1]``, ``[?(...)]``) and functions (``length()``) are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PART = re.compile(
    r"""(?P<dot>\.)?(?:
    (?P<name>[^.\[\]'"()\s*]+)
    | \[\s*(?P<index>-?\d{1,9})\s*\]
    | \[\s*(?P<quote>['"])(?P<key>(?:\\.|(?!\\).)*?)(?P=quote)\s*\]
    )""",
    re.VERBOSE | re.DOTALL,
)
_SEVERAL_KEYS = re.compile(r"""['"]\s*,\s*['"]""")
_REFUSED = (  # what JsonPath has and a path here has not: how it begins -> its name
    (re.compile(r"\.\."), "deep scan (..)"),
    (re.compile(r"\.?\*|\.?\[\s*\*"), "wildcards (*)"),
    (re.compile(r"\.?\[\s*\?"), "filters ([?(...)])"),
    (re.compile(r"\.?\[[^\]]*:"), "slices ([a:b])"),
    (re.compile(r"\.?\[[^\]]*,"), "several keys in one bracket"),
    (re.compile(r"\.?[A-Za-z]*\("), "functions"),
)


class PathError(ValueError):
    """A path is not valid, or names nothing in the value. The message says which part."""


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path: member names (str) and positions in lists (int)."""

    parts: tuple[str | int, ...]
    text: str

    @classmethod
    def of(cls, text: str) -> Path:
        """Parse a path of properties. Raises PathError."""
        parsed = cls(_parts(text, 0), text)
        if not parsed.parts:
            raise PathError("The path is empty")
        return parsed

    @classmethod
    def of_json_path(cls, text: str) -> Path:
        """Parse a JsonPath, with or without ``$`` at the beginning. Raises PathError."""
        if not text:
            raise PathError("The path is empty")
        return cls(_parts(text, text.startswith("$")), text)

    def in_json(self, value: object) -> object:
        """The value that the path names. Raises PathError."""
        for part in self.parts:
            value = self._step(value, part)
        return value

    def in_properties(self, value: object) -> object:
        """The value that the path names in an answer of Describe, where ``Outputs['train']`` is the item of a list with that name.

        Raises PathError.
        """
        for part in self.parts:
            value = self._named(value, part) if isinstance(value, list) and isinstance(part, str) else self._step(value, part)
        return value

    def _step(self, value: object, part: str | int) -> object:
        try:
            if isinstance(value, dict) and isinstance(part, str) or isinstance(value, list) and isinstance(part, int):
                return value[part]
        except (KeyError, IndexError):
            pass
        raise PathError(f"'{part}' of the path '{self.text}' was not found")

    def _named(self, items: list, name: str) -> object:
        """The item whose name is given. A name is the item's first member that ends with ``Name``, e.g. ``OutputName``."""
        for item in items:
            if isinstance(item, dict) and name == next((value for member, value in item.items() if member.endswith("Name")), None):
                return item
        raise PathError(f"'{name}' of the path '{self.text}' was not found")


def _parts(text: str, begin: int) -> tuple[str | int, ...]:
    """The parts of a path that follow position ``begin``. Raises PathError."""
    parts: list[str | int] = []
    position = begin
    while position < len(text):
        found = _PART.match(text, position)
        if not found or _misplaced(found) or _SEVERAL_KEYS.search(found["key"] or ""):
            raise _invalid(text, position)
        parts.append(_part(found))
        position = found.end()
    return tuple(parts)


def _misplaced(found: re.Match[str]) -> bool:
    """Whether a dot is where none may be, or a name has no dot before it."""
    if found["dot"]:
        return found.start() == 0
    return bool(found["name"]) and found.start() != 0


def _part(found: re.Match[str]) -> str | int:
    if found["index"] is not None:
        return int(found["index"])
    return found["name"] or re.sub(r"\\(.)", r"\1", found["key"], flags=re.DOTALL)


def _invalid(text: str, position: int) -> PathError:
    rest = text[position:]
    for pattern, name in _REFUSED:
        if pattern.match(rest):
            return PathError(f"The path '{text}' is not supported at '{rest}': {name} are not; a path names one value")
    return PathError(f"The path '{text}' is not valid at '{rest}'")
