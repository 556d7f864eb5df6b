"""The JSONPath of batch transform's filters: exactly the operators that AWS documents.

Sources: "Supported JSONPath Operators" and the examples of "Associate Prediction Results with Input Records" in the SageMaker developer
guide (the end of a slice is inclusive: ``$[1:4]`` is the second through the fifth column; a name in a list of several has no dot);
``DataProcessing`` of the API reference (``$[0,5:]`` is a path; an index beyond the dimension is an error); for the error text about
ranges, https://github.com/aws/sagemaker-python-sdk/issues/1112. Read 2026-11-25. Results have the form of json-path/JsonPath, which the
guide names: several names select one object, other paths to several values select an array.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

STEP = re.compile(
    r"\.(?P<name>[^.\[\]*'\s]+)"
    r"|\.?\[\s*(?P<names>'[^']*'(?:\s*,\s*'[^']*')*)\s*\]"
    r"|\[\s*(?P<places>-?\d*(?::-?\d*)?(?:\s*,\s*-?\d*(?::-?\d*)?)*)\s*\]"
    r"|(?P<all>\.\*|\[\*\])"
)
PLACE = re.compile(r"(?P<index>-?\d+)|(?P<start>-?\d+)?:(?P<end>-?\d+)?")


class PathError(ValueError):
    """AWS does not accept the path, or a value has nothing at it. The message goes to the job's data log."""


@dataclass(frozen=True, slots=True)
class NameSelector:
    names: tuple[str, ...]

    @property
    def several(self) -> bool:
        return False  # several names select one object

    def of(self, value: object) -> list:
        if not isinstance(value, dict):
            raise PathError(f"it has no attribute {self.names[0]!r}: it is no object")
        for name in self.names:
            if name not in value:
                raise PathError(f"it has no attribute {name!r}")
        return [value[self.names[0]] if len(self.names) == 1 else {name: value[name] for name in self.names}]


@dataclass(frozen=True, slots=True)
class IndexSelector:
    """Indexes and at most one range, as pairs of start and end. Both are inclusive; None is an open end."""

    places: tuple[int | tuple[int | None, int | None], ...]

    @property
    def several(self) -> bool:
        return len(self.places) > 1 or isinstance(self.places[0], tuple)

    def of(self, value: object) -> list:
        if not isinstance(value, list):
            raise PathError("it has no elements: it is no array")
        found = []
        for place in self.places:
            if isinstance(place, int):
                found.append(value[_within(place, len(value))])
            else:
                start, end = place
                last = len(value) - 1 if end is None else _within(end, len(value))
                found += value[0 if start is None else _within(start, len(value)) : last + 1]
        return found


@dataclass(frozen=True, slots=True)
class WildcardSelector:
    several = True

    def of(self, value: object) -> list:
        if isinstance(value, dict):
            return list(value.values())
        if isinstance(value, list):
            return list(value)
        raise PathError("it has neither attributes nor elements")


@dataclass(frozen=True)
class JsonPath:
    """A parsed path.

    >>> parse("$.features[0,2:]").select({"features": [5, 6, 7, 8]})
    [5, 7, 8]
    """

    text: str
    steps: tuple[NameSelector | IndexSelector | WildcardSelector, ...]

    @property
    def whole(self) -> bool:
        """Whether it selects everything, like ``$``."""
        return not self.steps

    @property
    def of_rows(self) -> bool:
        """Whether it applies to a row of CSV, which has elements but no attributes."""
        return len(self.steps) <= 1 and not any(isinstance(step, NameSelector) for step in self.steps)

    def select(self, value: object) -> object:
        """The value at the path. Raises PathError."""
        found, several = [value], False
        try:
            for step in self.steps:
                found = [inner for each in found for inner in step.of(each)]
                several = several or step.several
        except PathError as error:
            raise PathError(f"Invalid JsonPath: {self.text}: {error}") from None
        return found if several else found[0]


def parse(text: str) -> JsonPath:
    """Parse a path. Raises PathError."""
    if not text.startswith("$"):
        raise PathError(f"Invalid JsonPath: {text}")
    steps, position = [], 1
    while position < len(text):
        found = STEP.match(text, position)
        if not found:
            raise PathError(f"Invalid JsonPath: {text}")
        steps.append(_step(text, found))
        position = found.end()
    return JsonPath(text, tuple(steps))


def _step(text: str, found: re.Match[str]) -> NameSelector | IndexSelector | WildcardSelector:
    if found["name"] is not None:
        return NameSelector((found["name"],))
    if found["names"] is not None:
        names = tuple(re.findall(r"'([^']*)'", found["names"]))
        if len(names) > 1 and any("." in name for name in names):
            raise PathError(f"Invalid JsonPath: {text}: additional nesting of children within brackets is not supported")
        return NameSelector(names)
    if found["all"] is not None:
        return WildcardSelector()
    places = [PLACE.fullmatch(part.strip()) for part in found["places"].split(",")]
    if not all(places):
        raise PathError(f"Invalid JsonPath: {text}")
    if sum(place["index"] is None for place in places) > 1:
        ranges = f"[{found['places']}]"
        raise PathError(
            f"Invalid JsonPath: {text}: only single range filters of format (eg: [1:5]) are supported. Format {ranges} is not supported"
        )
    return IndexSelector(tuple(_place(place) for place in places))


def _place(found: re.Match[str]) -> int | tuple[int | None, int | None]:
    if found["index"] is not None:
        return int(found["index"])
    return tuple(None if bound is None else int(bound) for bound in (found["start"], found["end"]))


def _within(index: int, length: int) -> int:
    """The index, counted from the beginning. Raises PathError if there is no such element."""
    if not -length <= index < length:
        raise PathError(f"index {index} is not within the dimension size {length}")
    return index % length
