"""Paths into JSON values: of a step's properties (``ModelArtifacts.S3ModelArtifacts``) and of property files (``metrics.auc[0].value``).

Grammar: members separated by dots, ``[0]`` for an item of a list, ``['name']`` or ``["name"]`` for a member with any characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PART = re.compile(r"\.?(?:(?P<name>[^.\[\]'\"]+)|\[(?P<index>-?\d+)\]|\[(?P<quote>['\"])(?P<key>.*?)(?P=quote)\])")


class PathError(ValueError):
    """A path is not valid, or names nothing in the value. The message says which part."""


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path: member names (str) and positions in lists (int)."""

    parts: tuple[str | int, ...]
    text: str

    @classmethod
    def of(cls, text: str) -> Path:
        """Parse a path; ``$.`` at the beginning is allowed. Raises PathError."""
        parts: list[str | int] = []
        rest = text.removeprefix("$")
        position = 0
        while position < len(rest):
            found = _PART.match(rest, position)
            if not found:
                raise PathError(f"The path '{text}' is not valid at '{rest[position:]}'")
            index = found["index"]
            parts.append(int(index) if index is not None else found["name"] or found["key"] or "")
            position = found.end()
        if not parts:
            raise PathError("The path is empty")
        return cls(tuple(parts), text)

    def of_json(self, value: object) -> object:
        """The value that the path names. Raises PathError."""
        for part in self.parts:
            value = self._step(value, part)
        return value

    def of_properties(self, value: object) -> object:
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
