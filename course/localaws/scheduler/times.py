"""When a schedule is due.

Source: "Schedule types in EventBridge Scheduler" of its User Guide and `StartDate`, `EndDate`, `FlexibleTimeWindow` of its API reference,
read 2026-11-28. A rate begins at its start date or, without one, at once. A one-time schedule ignores both dates. A flexible time window
begins with the time itself, which is where a schedule is due here; AWS may take any time in the window.
"""

from __future__ import annotations

from course.localaws.core.schedule_expressions import ScheduleExpression


def expression(schedule: dict) -> ScheduleExpression:
    """The parsed expression of a schedule. Raises ScheduleExpressionError."""
    begin = schedule.get("_Begin", 0.0)
    return ScheduleExpression(schedule["ScheduleExpression"], schedule.get("ScheduleExpressionTimezone", "UTC"), begin)


def is_one_time(schedule: dict) -> bool:
    return schedule["ScheduleExpression"].startswith("at(")


def begun(schedule: dict, now: float) -> dict:
    """A new or changed schedule with its begin and its first time. ``now`` is in Unix seconds."""
    begin = max(schedule.get("StartDate", now), now)
    schedule = schedule | {"_Begin": begin}
    return schedule | {"_Next": following(schedule, begin - 1 if schedule["ScheduleExpression"].startswith("rate(") else now)}


def following(schedule: dict, after: float) -> float | None:
    """The next time after ``after``; None when there is no more."""
    if schedule["State"] == "DISABLED":
        return None
    if is_one_time(schedule):
        return expression(schedule).after(after)
    begin = schedule["_Begin"]
    if schedule["ScheduleExpression"].startswith("rate("):
        return _within(schedule, begin if after < begin else expression(schedule).after(after))
    return _within(schedule, expression(schedule).after(max(after, schedule.get("StartDate", 0.0) - 1e-3)))


def _within(schedule: dict, moment: float | None) -> float | None:
    return None if moment is None or moment > schedule.get("EndDate", moment) else moment
