"""The thresholds of notifications and actions."""

from __future__ import annotations

import math
import operator

_CROSSED = {"GREATER_THAN": operator.gt, "LESS_THAN": operator.lt, "EQUAL_TO": math.isclose}
SIGNS = {"GREATER_THAN": ">", "LESS_THAN": "<", "EQUAL_TO": "="}


def amount(threshold: float, kind: str, limit: float) -> float:
    """A threshold in the unit of the budget: itself, or a percentage of the limit."""
    return threshold if kind == "ABSOLUTE_VALUE" else limit * threshold / 100


def is_crossed(comparison: str, value: float | None, threshold: float) -> bool:
    """Whether a value crosses a threshold. One that is not known does not."""
    return value is not None and _CROSSED[comparison](value, threshold)
