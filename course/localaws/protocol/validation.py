"""Checks the model's constraints: required members, enums, patterns, lengths, ranges, unions. Reports violations in AWS's words.

Source of the words: responses of AWS's services, quoted in public issues, e.g.
https://github.com/aws-samples/sagemaker-ml-workflow-with-apache-airflow/issues/3 (two violations of one name),
https://github.com/aws-samples/amazon-sagemaker-pytorch-detectron2/issues/10 (values of a map),
https://github.com/aws/sagemaker-python-sdk/pull/6016 (size of a map, and the map in Java's format).
Positions in lists (``tags.1.member.key``) and the limit of ten come from DynamoDB, which has the same front end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from botocore.model import Shape

from course.localaws.protocol.model import NUMBERS, SCALARS, required
from course.localaws.protocol.patterns import pattern

MOST_REPORTED = 10
# A text that exceeds both its own limit and this one is not matched, so that callers cannot make a pattern expensive.
LONGEST_MATCHED_IN_VAIN = 1024


def violations(shape: Shape | None, params: dict) -> list[str]:
    """Returns the violations in ``params`` in AWS's words, at most ten.

    Parameters
    ----------
    shape : Shape or None
        The structure that the parameters must satisfy; ``None`` when the operation takes none.
    params : dict
        Parameters with the value types of `course.localaws.protocol.json_values`.
    """
    found: list[str] = []
    if shape is not None:
        _structure(shape, params, "", found)
    return found[:MOST_REPORTED]


def message(found: list[str]) -> str:
    """Returns AWS's message for violations: ``"2 validation errors detected: Value ...; Value ..."``."""
    return f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: {'; '.join(found)}"


@dataclass(slots=True)
class _Limits:
    """A shape's constraints. ``least`` and ``most`` limit a number's value, the length of a text or blob, or a collection's size."""

    least: float | None
    most: float | None
    java: str | None
    pattern: re.Pattern[str] | None
    enum: tuple[str, ...]
    measure: str

    def at_most(self) -> str:
        return f"Member must have {self.measure} less than or equal to {self.most}"

    def at_least(self) -> str:
        return f"Member must have {self.measure} greater than or equal to {self.least}"

    def matching(self) -> str:
        return f"Member must satisfy regular expression pattern: {self.java}"

    def one_of(self) -> str:
        return f"Member must satisfy enum value set: [{', '.join(self.enum)}]"

    def all(self) -> list[str]:
        """Returns all constraints, as AWS lists them for the items of a collection."""
        words = [self.at_most()] if self.most is not None else []
        words += [self.at_least()] if self.least is not None else []
        words += [self.matching()] if self.java else []
        return words + ([self.one_of()] if self.enum else [])

    def broken(self, value: object) -> list[str]:
        """Returns the constraints that a value violates."""
        broken = []
        if self.most is not None or self.least is not None:
            size = value if self.measure == "value" else len(value)
            if self.most is not None and size > self.most:
                broken.append(self.at_most())
            if self.least is not None and size < self.least:
                broken.append(self.at_least())
        if self.pattern and not (broken and len(value) > LONGEST_MATCHED_IN_VAIN) and not self.pattern.fullmatch(value):
            broken.append(self.matching())
        if self.enum and value not in self.enum:
            broken.append(self.one_of())
        return broken


@cache
def _limits(shape: Shape) -> _Limits | None:
    """Returns the constraints of a scalar or of a collection's size; ``None`` when it has none."""
    traits, java = shape.metadata, shape.metadata.get("pattern")
    if not traits.keys() & {"min", "max", "pattern", "enum"}:
        return None
    measure = "value" if shape.type_name in NUMBERS else "length"
    return _Limits(traits.get("min"), traits.get("max"), java, _compiled(java), tuple(traits.get("enum", ())), measure)


def _compiled(java: str | None) -> re.Pattern[str] | None:
    """Returns the compiled pattern, or ``None`` without a pattern that Python can match. Then this constraint is not checked."""
    try:
        return pattern(java) if java else None
    except re.error:
        return None


@cache
def _parts(shape: Shape) -> list[tuple[str, str, Shape, bool, _Limits | None]]:
    """Returns for each member: name, name in messages, shape, whether it is a scalar, and constraints."""
    return [(name, _lower_first(name), member, member.type_name in SCALARS, _limits(member)) for name, member in shape.members.items()]


def _broken(shape: Shape, value: object) -> list[str]:
    limits = _limits(shape)
    return limits.broken(value) if limits else []


def _structure(shape: Shape, value: dict, path: str, found: list[str]) -> None:
    for name in required(shape):
        if value.get(name) is None:
            found.append(_violation(None, None, path + _lower_first(name), "Member must not be null"))
    if shape.is_tagged_union and sum(member is not None for member in value.values()) != 1:
        found.append(f"Value at '{path[:-1]}' failed to satisfy constraint: Member must have exactly one of: [{', '.join(shape.members)}]")
    for name, lowered, member, is_scalar, limits in _parts(shape):
        inner = value.get(name)
        if inner is None:
            continue
        if not is_scalar:
            _value(member, inner, path + lowered, found)
        elif limits and len(found) < MOST_REPORTED and (broken := limits.broken(inner)):
            found.extend(_violation(member, inner, path + lowered, constraint) for constraint in broken)


def _value(shape: Shape, value: object, path: str, found: list[str]) -> None:
    if len(found) >= MOST_REPORTED:
        return
    kind = shape.type_name
    if kind == "structure":
        _structure(shape, value, f"{path}.", found)
        return
    found.extend(_violation(shape, value, path, constraint) for constraint in _broken(shape, value))
    if kind == "list":
        places = [(f"{path}.{place}.member", item) for place, item in enumerate(value, 1)]
        _items(shape, shape.member, value, places, path, "Member", found)
    elif kind == "map":
        _items(shape, shape.key, value, [(path, key) for key in value], path, "Map keys", found)
        _items(shape, shape.value, value, [(f"{path}.{key}.member", item) for key, item in value.items()], path, "Map value", found)


def _items(whole: Shape, part: Shape, value: object, items: list[tuple[str, object]], path: str, what: str, found: list[str]) -> None:
    """Checks the items of a list or map. AWS reports scalars once for the collection, other items each at its position."""
    if part.type_name not in SCALARS:
        for place, item in items:
            if item is None:
                found.append(_violation(None, None, place, "Member must not be null"))
            else:
                _value(part, item, place, found)
        return
    broken = [constraint for _, item in items for constraint in (["Member must not be null"] if item is None else _broken(part, item))]
    if broken:
        limits = _limits(part)
        constraints = limits.all() if limits else []
        constraints += [constraint for constraint in dict.fromkeys(broken) if constraint not in constraints]
        found.append(_violation(whole, value, path, f"{what} must satisfy constraint: [{', '.join(constraints)}]"))


def _violation(shape: Shape | None, value: object, path: str, constraint: str) -> str:
    return f"Value{_shown(shape, value)} at '{path}' failed to satisfy constraint: {constraint}"


def _shown(shape: Shape | None, value: object) -> str:
    """Returns the value in Java's format; ``""`` for secrets, bytes and collections of structures, whose format only AWS knows."""
    if value is None:
        return " null"
    kind = shape.type_name
    parts = [shape.member] if kind == "list" else [shape.key, shape.value] if kind == "map" else []
    if any(part.metadata.get("sensitive") or part.type_name not in SCALARS - {"blob"} for part in parts):
        return ""
    if kind == "blob" or shape.metadata.get("sensitive"):
        return ""
    if kind == "list":
        return f" '[{', '.join(map(_scalar, value))}]'"
    if kind == "map":
        return " '{" + ", ".join(f"{_scalar(key)}={_scalar(item)}" for key, item in value.items()) + "}'"
    return f" '{_scalar(value)}'"


def _scalar(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
