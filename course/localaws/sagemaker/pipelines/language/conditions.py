"""The conditions of a Condition step: comparisons, ``In``, ``Not`` and ``Or``.

Source: `sagemaker.core.workflow.conditions`; the definition's JSON schema for ``NotEquals`` and ``NotIn``, which no SDK writes; read
2026-11-28. Text is compared with text in the order of characters, as the SDK's tests against AWS show (``"1" > "3"`` is false); text that
is a number is compared with a number as a number. Other values of two types are not equal, and have no order.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError, Scope, resolve
from course.localaws.sagemaker.pipelines.language.faults import require
from course.localaws.sagemaker.pipelines.language.limits import limit
from course.localaws.sagemaker.pipelines.language.parameters import number

ORDERS: dict[str, Callable[[object, object], bool]] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
# Type -> the members that a condition of this type has.
MEMBERS = {name: ("LeftValue", "RightValue") for name in ("Equals", "NotEquals", *ORDERS)} | {
    "In": ("QueryValue", "Values"),
    "NotIn": ("QueryValue", "Values"),
    "Not": ("Condition",),
    "Or": ("Conditions",),
}


def check(listed: object, place: str) -> None:
    """Check the form of the conditions of a step. Raises AwsError."""
    require(isinstance(listed, list) and listed, place, "it must be a list with one condition at least")
    require(len(listed) <= limit("conditions"), place, f"it has more than {limit('conditions')} conditions")
    for number_, condition in enumerate(listed):
        _check(condition, f"{place}[{number_}]")


def _check(condition: object, place: str) -> None:
    require(isinstance(condition, dict), place, "a condition must be an object")
    kind = condition.get("Type")
    require(isinstance(kind, str) and kind in MEMBERS, f"{place}.Type", f"'{kind}' is not one of {', '.join(MEMBERS)}")
    members = {"Type", *MEMBERS[kind]}
    require(set(condition) == members, place, f"a condition of type {kind} has the members {', '.join(sorted(members))}")
    if kind == "Not":
        _check(condition["Condition"], f"{place}.Condition")
    elif kind == "Or":
        check(condition["Conditions"], f"{place}.Conditions")
    elif kind in ("In", "NotIn"):
        require(isinstance(condition["Values"], list), f"{place}.Values", "it must be a list")


def all_hold(conditions: Sequence[dict], scope: Scope) -> bool:
    """Whether every condition holds. Raises ExpressionError for a value that cannot be resolved or compared."""
    return all(holds(condition, scope) for condition in conditions)


def holds(condition: dict, scope: Scope) -> bool:
    """Whether one condition holds. Raises ExpressionError."""
    match condition["Type"]:
        case "In" | "NotIn" as kind:
            query = resolve(condition["QueryValue"], scope)
            return (kind == "In") == any(_equal(query, resolve(value, scope)) for value in condition["Values"])
        case "Not":
            return not holds(condition["Condition"], scope)
        case "Or":
            return any(holds(inner, scope) for inner in condition["Conditions"])
    left, right = resolve(condition["LeftValue"], scope), resolve(condition["RightValue"], scope)
    match condition["Type"]:
        case "Equals" | "NotEquals" as kind:
            return (kind == "Equals") == _equal(left, right)
        case kind:
            return _ordered(kind, left, right)


def _equal(left: object, right: object) -> bool:
    left, right = _comparable(left, right)
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _ordered(kind: str, left: object, right: object) -> bool:
    left, right = _comparable(left, right)
    if not (_is_number(left) and _is_number(right) or isinstance(left, str) and isinstance(right, str)):
        raise ExpressionError(f"The condition {kind} cannot compare {left!r} with {right!r}")
    return ORDERS[kind](left, right)


def _comparable(left: object, right: object) -> tuple[object, object]:
    """Two values, of which text is converted to the type of the other value if it can be."""
    return _converted(left, right), _converted(right, left)


def _converted(value: object, other: object) -> object:
    if isinstance(value, str) and isinstance(other, bool) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if isinstance(value, str) and _is_number(other):
        try:
            return number(value)
        except ValueError:
            pass
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
