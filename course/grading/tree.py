"""The JSON tree in which plain data travels: the key that marks special types, and the error for a malformed tree."""

from __future__ import annotations

TAG = "$"  # a dict with this key names its type: {"$": "table", "blob": 0, ...}


class DecodeError(ValueError):
    """A tree that `course.grading.values.encode` did not write."""
