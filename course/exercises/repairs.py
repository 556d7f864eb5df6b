"""A learner's repair of a definition with a fault: other values at some paths."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

# The member that names an element of a list, e.g. of a list of steps or channels. A property file has the name of an output, too.
NAMES = ("Name", "ChannelName", "InputName", "PropertyFileName", "OutputName")


def repaired(definition: dict, change: dict[str, Any]) -> dict:
    """A copy of a definition with other values at some paths.

    A path names members with dots between them. An element of a list is named by its own name, e.g. ``Steps.Train`` or
    ``InputDataConfig.train``, or by its place, from 0, if it has none.

    Raises
    ------
    KeyError
        If there is no such path; the message is the part of it that was not found.
    """
    definition = copy.deepcopy(definition)
    for path, value in change.items():
        *way, last = path.split(".")
        place: Any = definition
        for word in way:
            place = place[_key(place, word)]
        place[_key(place, last)] = value
    return definition


def _key(place: Any, word: str) -> Any:
    """The key or the index in a dictionary or a list that a word of a path means."""
    if isinstance(place, dict) and word in place:
        return word
    if isinstance(place, list):
        words = [_word(index, each) for index, each in enumerate(place)]
        if word in words:
            return words.index(word)
    raise KeyError(word)


def _word(index: int, element: Any) -> str:
    """The word of a path that means an element of a list."""
    names = [element[name] for name in NAMES if name in element] if isinstance(element, dict) else []
    return str(names[0] if names else index)


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """All text, numbers and other single values in a definition, by their paths."""
    if isinstance(value, dict):
        inner = value
    elif isinstance(value, list):
        inner = {_word(index, each): each for index, each in enumerate(value)}
    else:
        return {path: value}
    return {at: leaf for word, each in inner.items() for at, leaf in leaves(each, f"{path}.{word}" if path else word).items()}


def changed(before: Any, after: Any) -> set[str]:
    """The paths at which two definitions differ."""
    one, other = leaves(before), leaves(after)
    return {path for path in one.keys() | other.keys() if path not in one or path not in other or one[path] != other[path]}


def changed_by(definition: dict, change: object) -> set[str]:
    """The paths at which `repaired` changes a definition; none if the change cannot be made."""
    with contextlib.suppress(KeyError, TypeError):
        return changed(definition, repaired(definition, change))
    return set()
