"""Event patterns: compiled once, matched against many events.

Source: "Creating Amazon EventBridge event patterns" of the EventBridge User Guide and AWS's own matcher,
https://github.com/aws/event-ruler (README, "JSON Array Matching", and JsonRuleCompiler), read 2026-11-28. As there, the names on a path
are joined by dots, so ``{"detail.state": [...]}`` is ``{"detail": {"state": [...]}}``; ``exists`` sees only leaves; and filters on fields
inside one array must match in the same element of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product

from course.localaws.core import json_text
from course.localaws.events.matchers import Matcher, PatternError, matcher

OR = "$or"
RESERVED = {"exactly", "prefix", "suffix", "numeric", "anything-but", "exists", "cidr", "equals-ignore-case", "wildcard"}
MOST_BRANCHES = 1000  # "$or" in "Comparison operators": fewer than 1,000 rule combinations

Places = dict[int, int]
"""Where a field is: the array, by a number of its own, and the index in it, for each array on the field's path, from the outside."""

Place = tuple[tuple[int, int], ...]
"""The same as pairs."""


@dataclass(frozen=True, slots=True)
class FieldTest:
    """What a pattern wants of one field: any of ``matchers`` matches or, if ``absent``, there is no such field.

    ``present`` is whether any value will do.
    """

    matchers: tuple[Matcher, ...]
    present: bool = False
    absent: bool = False

    def matches(self, value: object) -> bool:
        return self.present or any(each(value) for each in self.matchers)


class EventPattern:
    """A compiled event pattern.

    Parameters
    ----------
    text : str
        JSON.

    Raises
    ------
    PatternError
    """

    def __init__(self, text: str) -> None:
        try:
            document = json_text.load(text)
        except ValueError as error:
            raise PatternError(str(error)) from None
        if not isinstance(document, dict):
            raise PatternError("Filter is not an object")
        self._branches = _branches(document, "", inside_or=False)

    def matches(self, event: dict) -> bool:
        fields: dict[str, list[tuple[object, Places]]] = {}
        for path, value, places in _fields(event):
            fields.setdefault(path, []).append((value, places))
        return any(_matches(branch, fields) for branch in self._branches)


compiled = lru_cache(maxsize=1024)(EventPattern)
"""The compiled pattern of a text. Raises PatternError."""


# ---- compiling --------------------------------------------------------------------------------------------------------------


def _branches(document: dict, prefix: str, inside_or: bool) -> list[dict[str, FieldTest]]:
    """The alternatives of a pattern: ``$or`` makes several. Each has the tests of all its fields by path."""
    if not document:
        raise PatternError("Empty objects are not allowed")
    found: list[dict[str, FieldTest]] = [{}]
    for name, wanted in document.items():
        if name == OR and isinstance(wanted, list):
            alternatives = _alternatives(wanted, prefix)
        elif inside_or and name in RESERVED:
            raise PatternError(f"{name} is Ruler reserved fieldName which cannot be used inside {OR}.")
        elif isinstance(wanted, dict):
            alternatives = _branches(wanted, f"{prefix}{name}.", inside_or)
        elif isinstance(wanted, list):
            alternatives = [{f"{prefix}{name}": _field_test(wanted)}]
        else:
            raise PatternError(f'"{name}" must be an object or an array')
        if len(found) * len(alternatives) >= MOST_BRANCHES:
            raise PatternError(f"Rule is too complex: {OR} makes {MOST_BRANCHES} combinations or more")
        found = [branch | more for branch in found for more in alternatives]
    return found


def _alternatives(wanted: list, prefix: str) -> list[dict[str, FieldTest]]:
    if not all(isinstance(each, dict) for each in wanted):
        raise PatternError(f"Only JSON object is allowed in array of {OR} relationship.")
    if len(wanted) < 2:
        raise PatternError(f"There must have at least 2 Objects in {OR} relationship.")
    return [branch for each in wanted for branch in _branches(each, prefix, inside_or=True)]


def _field_test(wanted: list) -> FieldTest:
    if not wanted:
        raise PatternError("Empty arrays are not allowed")
    exists = [_exists(each) for each in wanted if isinstance(each, dict) and "exists" in each]
    others = [each for each in wanted if not (isinstance(each, dict) and "exists" in each)]
    return FieldTest(tuple(matcher(each) for each in others), present=True in exists, absent=False in exists)


def _exists(wanted: dict) -> bool:
    if not isinstance(wanted["exists"], bool):
        raise PatternError("exists match pattern must be either true or false.")
    if len(wanted) > 1:
        raise PatternError("Only one key allowed in match expression")
    return wanted["exists"]


# ---- matching ---------------------------------------------------------------------------------------------------------------


def _fields(event: dict) -> Iterator[tuple[str, object, Places]]:
    """The leaves of an event: path, value, and where they are. An empty object or array is no leaf."""
    arrays = iter(range(1 << 62))

    def walk(value: object, path: str, places: Places) -> Iterator[tuple[str, object, Places]]:
        if isinstance(value, dict):
            for name, inner in value.items():
                yield from walk(inner, f"{path}.{name}" if path else name, places)
        elif isinstance(value, list):
            array = next(arrays)
            for index, inner in enumerate(value):
                yield from walk(inner, path, places | {array: index})
        else:
            yield path, value, places

    return walk(event, "", {})


def _matches(branch: dict[str, FieldTest], fields: dict[str, list[tuple[object, Places]]]) -> bool:
    chosen = []
    for path, test in branch.items():
        values = fields.get(path, [])
        if test.absent and not values:
            continue
        chosen.append([tuple(places.items()) for value, places in values if test.matches(value)])
    return _agree(chosen)


def _agree(fields: list[list[Place]]) -> bool:
    """Whether each field has a value such that no two of them are in different elements of one array.

    The arrays of an event are a tree. So for each outermost array one element must do for all fields in it, whatever the other arrays
    say. To combine the places of all fields instead would take a time that grows with their product.
    """
    if not all(fields):
        return False
    inside = [_by_array(places) for places in fields if () not in places]
    # A field may be in several outermost arrays only if names contain dots: {"a": [...], "a.b": [...]}.
    return any(_one_element_each(zip(choice, inside, strict=True)) for choice in islice(product(*inside), MOST_BRANCHES))


def _by_array(places: list[Place]) -> dict[int, dict[int, list[Place]]]:
    """The rest of each place, by the number of its outermost array and the index in it."""
    found: dict[int, dict[int, list[Place]]] = {}
    for (array, index), *rest in places:
        found.setdefault(array, {}).setdefault(index, []).append(tuple(rest))
    return found


def _one_element_each(choice: Iterable[tuple[int, dict[int, dict[int, list[Place]]]]]) -> bool:
    together: dict[int, list[dict[int, list[Place]]]] = {}
    for array, arrays in choice:
        together.setdefault(array, []).append(arrays[array])
    return all(
        any(_agree([field[index] for field in members]) for index in set.intersection(*map(set, members))) for members in together.values()
    )
