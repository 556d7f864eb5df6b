"""The conditions of a Condition step: comparisons, ``In``, ``Not`` and ``Or``.

Source: `sagemaker.core.workflow.conditions` and the definition's JSON schema, read 2026-11-28.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError, Scope, resolve

COMPARISONS: dict[str, Callable[[object, object], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
# Type -> the members that a condition of this type has.
MEMBERS = {name: ("LeftValue", "RightValue") for name in COMPARISONS} | {
    "In": ("QueryValue", "Values"),
    "Not": ("Condition",),
    "Or": ("Conditions",),
}


def all_hold(conditions: Sequence[dict], scope: Scope) -> bool:
    """Whether every condition holds. Raises ExpressionError for a value that cannot be resolved or compared."""
    return all(holds(condition, scope) for condition in conditions)


def holds(condition: dict, scope: Scope) -> bool:
    match condition["Type"]:
        case "In":
            query = resolve(condition["QueryValue"], scope)
            return any(_compare("Equals", query, resolve(value, scope)) for value in condition["Values"])
        case "Not":
            return not holds(condition["Condition"], scope)
        case "Or":
            return any(holds(inner, scope) for inner in condition["Conditions"])
        case kind:
            return _compare(kind, resolve(condition["LeftValue"], scope), resolve(condition["RightValue"], scope))


def _compare(kind: str, left: object, right: object) -> bool:
    """Compare two values. Text that is a number is compared as a number with a number."""
    left, right = _comparable(left, right)
    try:
        return bool(COMPARISONS[kind](left, right))
    except TypeError:
        raise ExpressionError(
            f"The condition {kind} cannot compare {left!r} ({type(left).__name__}) with {right!r} ({type(right).__name__})"
        ) from None


def _comparable(left: object, right: object) -> tuple[object, object]:
    try:
        if isinstance(left, str) and _is_number(right):
            return float(left), right
        if isinstance(right, str) and _is_number(left):
            return left, float(right)
    except ValueError:
        pass
    return left, right


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
