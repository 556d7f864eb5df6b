"""Decides the state of an alarm from its data points, some of which may be missing.

Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data" and "Avoiding premature transitions to alarm state".
Their tables are the test cases of this file. The evaluation range is two data points longer than ``EvaluationPeriods`` (by those tables),
so that a few missing points need not be filled in. Not in the tables: breaching points that are too recent and too few for ALARM leave the
state unchanged.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MORE = 2
OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}


@dataclass(frozen=True, slots=True)
class DataPoint:
    """One period of a metric. ``value`` is None when there are no data; ``count`` (of samples) is None for an expression."""

    moment: float
    value: float | None
    count: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A state and the data points behind it.

    Attributes
    ----------
    points : tuple of DataPoint
        The points that have data, the oldest first.
    filled : int
        Number of missing points that the alarm's setting treated as breaching or not breaching.
    """

    state: str
    points: tuple[DataPoint, ...]
    filled: int = 0


def breaching(alarm: dict) -> Callable[[float], bool]:
    """Returns a function that says whether a value breaches the alarm's threshold."""
    compare, threshold = COMPARISONS[alarm["ComparisonOperator"]][0], alarm["Threshold"]
    return lambda value: compare(value, threshold)


def verdict(alarm: dict, points: Sequence[DataPoint], breaching: Callable[[float], bool]) -> Verdict:
    """Decides the state of an alarm from its evaluation range.

    Parameters
    ----------
    alarm : dict
        The alarm in the form of DescribeAlarms.
    points : sequence of DataPoint
        The evaluation range, the oldest first.
    breaching : callable
        Returns whether a value breaches the threshold.
    """
    wanted = alarm["EvaluationPeriods"]
    needed, treatment = alarm.get("DatapointsToAlarm", wanted), alarm.get("TreatMissingData", "missing")
    known = tuple(point for point in points if point.value is not None)[-wanted:]
    crossed = sum(breaching(point.value) for point in known)
    missing = wanted - len(known)
    if missing == 0 or crossed >= needed:
        return Verdict(ALARM if crossed >= needed else OK, known)
    if treatment in ("breaching", "notBreaching"):
        filled = missing if treatment == "breaching" else 0
        return Verdict(ALARM if crossed + filled >= needed else OK, known, missing)
    if len(known) > crossed:
        return Verdict(OK, known)
    if treatment == "ignore":
        return Verdict(alarm["StateValue"], known)
    if not known:
        return Verdict(INSUFFICIENT_DATA, known)
    age = len(points) - next(place for place, point in enumerate(points) if point.value is not None)
    return Verdict(ALARM if age >= needed else alarm["StateValue"], known)
