"""Which sample lines of a bill a budget counts: a small reading of its filter, in either form that Budgets takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# By the names of FilterExpression, and by those of CostFilters.
DIMENSIONS = {"SERVICE": "Service", "REGION": "Region", "LINKED_ACCOUNT": "LinkedAccount", "RECORD_TYPE": "RecordType"}
TAGS, OF_USERS = "TagKeyValue", "user:"  # "user:team$cargo"; without its owner a tag is no tag of the bill


class UnreadFilter(Exception):
    """A filter has a part that is not read here; the message names it."""


@dataclass(frozen=True)
class Line:
    """A line of a bill: its dimensions by Cost Explorer's names, and the tags of its resource."""

    dimensions: dict[str, str]
    tags: dict[str, str] = field(default_factory=dict)


def counted(budget: dict[str, Any], line: Line) -> bool:
    """Whether a ``Budget`` of DescribeBudget counts a line. Raises UnreadFilter."""
    if expression := budget.get("FilterExpression"):
        return _matches(expression, line)
    return all(_in_filter(key, values, line) for key, values in budget.get("CostFilters", {}).items())


def _matches(expression: dict[str, Any], line: Line) -> bool:
    if "And" in expression:
        return all(_matches(each, line) for each in expression["And"])
    if "Or" in expression:
        return any(_matches(each, line) for each in expression["Or"])
    if "Not" in expression:
        return not _matches(expression["Not"], line)
    if "Tags" in expression:
        return _among(line.tags.get(expression["Tags"].get("Key")), expression["Tags"])
    if expression.get("Dimensions", {}).get("Key") in DIMENSIONS:
        return _among(line.dimensions[expression["Dimensions"]["Key"]], expression["Dimensions"])
    raise UnreadFilter(f"a filter by {expression.get('Dimensions', {}).get('Key') or ', '.join(expression)}")


def _among(value: str | None, values: dict[str, Any]) -> bool:
    if "ABSENT" in values.get("MatchOptions", ()):
        return value is None
    return value in values.get("Values", ())  # Budgets takes no match option but ABSENT, EQUALS and CASE_SENSITIVE


def _in_filter(key: str, values: list[str], line: Line) -> bool:
    if key == TAGS:
        owned = (each.removeprefix(OF_USERS).partition("$") for each in values if each.startswith(OF_USERS))
        return any(line.tags.get(name) == value for name, _, value in owned)
    for dimension, name in DIMENSIONS.items():
        if key == name:
            return line.dimensions[dimension] in values
    raise UnreadFilter(f"a filter by {key}")
