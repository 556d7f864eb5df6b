"""Rotation rules: checks them, and finds the rotation windows that they make.

A rotation may begin at any time of a window. Here it begins with the window, and ``NextRotationDate`` is the window's end. Source:
"Rotation schedules" of the user guide, and RotationRulesType of the API reference.
"""

from __future__ import annotations

import math
import re

from course.localaws.core.errors import AwsError
from course.localaws.core.schedule_expressions import ScheduleExpression, ScheduleExpressionError

HOUR, DAY = 3600, 86_400
LEAST_HOURS, MOST_DAYS = 4, 999  # between two rotations of a schedule expression
_RATE = re.compile(r"rate\((\d+) (hour|hours|day|days)\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+ \S+ \S+) (\S+)\)")
_CHECKED = 40  # windows of a cron expression that are compared with one another

Window = tuple[float, float]


def check(rules: dict, now: float) -> None:
    """Refuse rules that Secrets Manager would refuse. Raises AwsError ``InvalidParameterException``."""
    expression, duration = rules.get("ScheduleExpression"), rules.get("Duration")
    if ("AutomaticallyAfterDays" in rules) == (expression is not None):
        raise _invalid("Give either AutomaticallyAfterDays or ScheduleExpression in RotationRules.")
    if duration and not 1 <= int(duration[:-1]) <= 24:
        raise _invalid("The Duration must be between 1h and 24h.")
    if expression is not None:
        _check_expression(expression)
    _check_windows(rules, now)


def _check_expression(text: str) -> None:
    if found := _RATE.fullmatch(text):
        hours = int(found[1]) * (24 if found[2].startswith("day") else 1)
        if not LEAST_HOURS <= hours <= MOST_DAYS * 24:
            raise _invalid(f"{text}: a secret can be rotated at most every {LEAST_HOURS} hours and at least every {MOST_DAYS} days.")
        return
    found = _CRON.fullmatch(text)
    if found is None:
        raise _invalid(f"{text!r} is no rate(value hours), rate(value days) or cron(fields) expression.")
    if found[1] != "0" or found[4] != "*":
        raise _invalid(f"{text}: the minutes of a rotation schedule must be 0 and its year *.")
    try:
        ScheduleExpression(text)
    except ScheduleExpressionError as error:
        raise _invalid(str(error)) from None


def _check_windows(rules: dict, now: float) -> None:
    """A window must not extend into the next day or the next window, and windows are at least four hours apart."""
    moment = now
    for _ in range(_CHECKED if _CRON.fullmatch(rules.get("ScheduleExpression", "")) else 1):
        window = window_after(rules, moment, now)
        if window is None:
            raise _invalid(f"The schedule {rules['ScheduleExpression']} has no next time.")
        begin, end = window
        following = window_after(rules, begin, now)
        if following and following[0] - begin < LEAST_HOURS * HOUR:
            raise _invalid(f"A secret can be rotated at most every {LEAST_HOURS} hours.")
        if end > _midnight(begin) + DAY or (following and end > following[0]):
            raise _invalid("The rotation window must not extend into the next UTC day or into the next rotation window.")
        moment = begin


def window_after(rules: dict, moment: float, begun: float) -> Window | None:
    """Begin and end of the first rotation window after a rotation, in Unix seconds.

    Parameters
    ----------
    moment : float
        When the secret was rotated, or when its rules were set.
    begun : float
        When the rules were set: rates in hours count from the midnight before.

    >>> window_after({"AutomaticallyAfterDays": 10}, 5 * DAY + 1.0, 0.0) == (15 * DAY, 16 * DAY)
    True
    """
    text = rules.get("ScheduleExpression", "")
    rate = _RATE.fullmatch(text)
    if not text or (rate and rate[2].startswith("day")):
        begin: float | None = _midnight(moment) + _days(rules) * DAY
    elif rate:
        begin = ScheduleExpression(text, begin=_midnight(begun)).after(moment)
    else:
        begin = ScheduleExpression(text).after(moment)
    if begin is None:
        return None
    if "Duration" in rules:
        return begin, begin + int(rules["Duration"][:-1]) * HOUR
    return begin, begin + HOUR if _is_hourly(text) else _midnight(begin) + DAY


def days_between(rules: dict, moment: float, begun: float) -> int:
    """``AutomaticallyAfterDays`` as DescribeSecret shows it, also for schedule expressions: the days until the next rotation."""
    if "AutomaticallyAfterDays" in rules or (found := _RATE.fullmatch(rules["ScheduleExpression"])) and found[2].startswith("day"):
        return _days(rules)
    window = window_after(rules, moment, begun)
    return max(1, math.ceil((window[0] - moment) / DAY)) if window else 1


def _days(rules: dict) -> int:
    return rules.get("AutomaticallyAfterDays") or int(_RATE.fullmatch(rules["ScheduleExpression"])[1])


def _is_hourly(text: str) -> bool:
    """Whether a schedule expression is one in hours, whose windows last an hour."""
    if found := _RATE.fullmatch(text):
        return found[2].startswith("hour")
    found = _CRON.fullmatch(text)
    return bool(found) and not found[2].isdecimal()


def _midnight(moment: float) -> float:
    """The begin of a moment's day in UTC."""
    return moment - moment % DAY


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
