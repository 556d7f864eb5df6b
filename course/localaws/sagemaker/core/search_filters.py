"""Evaluates search expressions on records. The model's types of the properties say how values are compared.

Source: API reference of Search, SearchExpression, Filter and NestedFilters, read 2026-11-25; "Find features in your feature groups" and
"Find feature groups in your Feature Store" of the developer guide, read 2026-11-28. Not documented, and so our choice: a record without the
property satisfies ``NotEquals`` and no other comparison; text comparisons are case-sensitive.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from botocore.model import Shape

from course.localaws.core.errors import invalid
from course.localaws.protocol.model import NUMBERS

MOST_CONDITIONS = 50
COMPARISONS: dict[str, Callable] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
INTEGER = re.compile(r"[+-]?\d+")
WITHOUT_VALUE = ("Exists", "NotExists")
# The properties that may have more than one Contains in a search expression.
# AWS's examples of searching features use it for several of their properties ("Find features in your feature groups").
CONTAINED = (
    "DisplayName", "ExperimentName", "TrialName", "TrialComponentName", "Tags", "AllTags", "InputArtifacts", "OutputArtifacts",
    "FeatureGroupName", "FeatureName", "Description", "Parameters", "AllParameters",
)  # fmt: skip
# Lists that are searched by their elements' names: the element's member with the name, and the default member.
NAMED = {
    "Tags": ("Key", "Value"),
    "Parameters": ("Key", "Value"),
    "FinalMetricDataList": ("MetricName", "Value"),
    "Metrics": ("MetricName", "Last"),
}
EVERY = {"AllTags": "Tags", "AllParameters": "Parameters"}  # properties that mean every key and value of a list
METRICS = "FinalMetricDataList"  # what Metrics means for records without such a member
# Strings that may be numbers, and structures that are compared by the value in them.
FREE = ("HyperParameterValue", "StringParameterValue", "ConfigValue")
VALUES = ("TrialComponentParameterValue", "TrialComponentArtifact")


class SearchExpression:
    """A checked search expression.

    Parameters
    ----------
    expression : dict
        ``SearchExpression``; an empty one matches everything.
    shape : Shape
        The shape of the records.

    Raises
    ------
    AwsError
        ``ValidationException`` for an unknown property, a missing value, too many conditions, or a repeated ``Contains``.
    """

    def __init__(self, expression: dict, shape: Shape) -> None:
        self._expression, self._shape = expression, shape
        filters = list(filters_of(expression))
        if len(filters) > MOST_CONDITIONS:
            raise invalid(f"A search expression can have at most {MOST_CONDITIONS} conditions; this has {len(filters)}.")
        for condition in filters:
            self._check(condition)
        for nested in nested_of(expression):
            for condition in nested["Filters"]:
                if not condition["Name"].startswith(f"{nested['NestedPropertyName']}."):
                    raise invalid(f"{condition['Name']} does not begin with the nested property {nested['NestedPropertyName']}.")
        names = [each["Name"] for each in filters if each.get("Operator") == "Contains"]
        if len([name for name in names if name.partition(".")[0] not in CONTAINED]) > 1:
            raise invalid("'CONTAINS' operator usage limit of 1 exceeded.")

    def matches(self, record: dict) -> bool:
        """Whether a record matches. Raises AwsError for a comparison that the property's type does not support."""
        return self._satisfied(self._expression, record) if self._expression else True

    def _satisfied(self, expression: dict, record: dict) -> bool:
        conditions = [lambda each=each: holds(each, found(record, self._shape, each["Name"])) for each in expression.get("Filters", ())]
        conditions += [lambda each=each: self._nested(each, record) for each in expression.get("NestedFilters", ())]
        conditions += [lambda each=each: self._satisfied(each, record) for each in expression.get("SubExpressions", ())]
        combine = any if expression.get("Operator") == "Or" else all
        return combine(condition() for condition in conditions)

    def _nested(self, nested: dict, record: dict) -> bool:
        """Whether a single element of a list satisfies all filters."""
        name = nested["NestedPropertyName"]
        return any(
            all(holds(condition, found(element, shape, condition["Name"].removeprefix(f"{name}."))) for condition in nested["Filters"])
            for element, shape in found(record, self._shape, name)
        )

    def _check(self, condition: dict) -> None:
        if member(self._shape, condition["Name"].partition(".")[0]) is None:
            raise invalid(f"{condition['Name']!r} is not a property of {self._shape.name}.")
        without = condition.get("Operator", "Equals") in WITHOUT_VALUE
        if without == ("Value" in condition):
            raise invalid(f"The filter on {condition['Name']} {'takes no' if without else 'needs a'} Value.")


def holds(condition: dict, found: Iterable[tuple[object, Shape]]) -> bool:
    """Whether the values of a property satisfy a condition."""
    values = list(found)
    match condition.get("Operator", "Equals"):
        case "Exists":
            return bool(values)
        case "NotExists":
            return not values
        case "NotEquals":
            return not any(compare(value, shape, "Equals", condition) for value, shape in values)
        case name:
            return any(compare(value, shape, name, condition) for value, shape in values)


def filters_of(expression: dict) -> Iterator[dict]:
    """Every filter of an expression, at any depth."""
    yield from expression.get("Filters", ())
    for nested in expression.get("NestedFilters", ()):
        yield from nested["Filters"]
    for inner in expression.get("SubExpressions", ()):
        yield from filters_of(inner)


def nested_of(expression: dict) -> Iterator[dict]:
    """Every nested filter of an expression, at any depth."""
    yield from expression.get("NestedFilters", ())
    for inner in expression.get("SubExpressions", ()):
        yield from nested_of(inner)


def found(value: object, shape: Shape, path: str) -> Iterator[tuple[object, Shape]]:
    """The values at a path with their shapes; for a list on the path, the values of all its elements.

    The name of a map's key, a tag or a metric may contain dots.
    """
    if isinstance(value, list):
        for element in value:
            yield from found(element, shape.member, path)
    elif not path:
        if shape.name in VALUES:
            yield from ((inner, shape.members[name]) for name, inner in value.items() if name != "MediaType")
        else:
            yield value, shape
    elif shape.type_name == "structure":
        first, _, rest = path.partition(".")
        name = member(shape, first)
        if name in value:
            inner, inner_shape = value[name], shape.members[name]
            if first in EVERY:
                yield from ((text, inner_shape.member.members[key]) for element in inner for key, text in element.items())
                return
            yield from found(inner, inner_shape, rest)
            if name in NAMED and rest and isinstance(inner, list):
                yield from _named(inner, inner_shape, *NAMED[name], rest)
    elif shape.type_name == "map":
        for key, rest in splits(path):
            if key in value:
                yield from found(value[key], shape.value, rest)


def _named(elements: list[dict], shape: Shape, key: str, default: str, path: str) -> Iterator[tuple[object, Shape]]:
    """The values of the list elements whose name the path begins with."""
    for name, rest in splits(path):
        for element in elements:
            if element[key] == name:
                yield from found(element, shape.member, rest or default)


def member(shape: Shape, name: str) -> str | None:
    """A structure's member by its name in any case, as AWS accepts it: the SDK sorts by ``metrics.loss.max``."""
    if name in shape.members:
        return name
    if EVERY.get(name) in shape.members:
        return EVERY[name]
    known = {each.lower(): each for each in shape.members}
    return known.get(name.lower()) or (METRICS if name.lower() == "metrics" and METRICS in shape.members else None)


def splits(path: str) -> Iterator[tuple[str, str]]:
    """Every way to split a path into a first name and the rest.

    >>> list(splits("a.b.c"))
    [('a', 'b.c'), ('a.b', 'c'), ('a.b.c', '')]
    """
    parts = path.split(".")
    for number in range(1, len(parts) + 1):
        yield ".".join(parts[:number]), ".".join(parts[number:])


def compare(value: object, shape: Shape, name: str, condition: dict) -> bool:
    """Whether one value satisfies a condition. Raises AwsError when its type does not support the operator."""
    given = condition["Value"]
    if shape.type_name in ("map", "structure"):
        return False
    numbers = _numbers(value, shape, condition)
    if name in COMPARISONS:
        if numbers is None and shape.name not in FREE:
            raise invalid(f"The operator {name} is not supported for text properties: {condition['Name']}.")
        return numbers is not None and COMPARISONS[name](*numbers)
    if name == "Equals":
        if shape.type_name == "boolean":
            return str(value).lower() == given.lower()
        return value == given if numbers is None else numbers[0] == numbers[1]
    if shape.type_name != "string":
        raise invalid(f"The operator {name} is only supported for text properties, which {condition['Name']} is not.")
    return given in value if name == "Contains" else value in [part.strip() for part in given.split(",")]


def _numbers(value: object, shape: Shape, condition: dict) -> tuple[float, float] | None:
    """Both sides of a comparison as numbers; None when the property is text."""
    given, name = condition["Value"], condition["Name"]
    if shape.type_name == "timestamp":
        return value, moment(given, name)
    if shape.type_name in NUMBERS:
        return value, number(given, name)
    if shape.name not in FREE:
        return None
    try:
        left, right = float(value), float(given)
    except ValueError:
        return None
    # "If the specified Value is an integer, the decimal hyperparameter values are treated as integers."
    return (math.trunc(left) if INTEGER.fullmatch(given) and math.isfinite(left) else left), right


def number(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise invalid(f"{name} is compared with a number, which {text!r} is not.") from None


def moment(text: str, name: str) -> float:
    """Unix seconds of an ISO 8601 date and time; UTC when it has no time zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"{name} is compared with a time of the form YYYY-mm-dd'T'HH:MM:SS, which {text!r} is not.") from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
