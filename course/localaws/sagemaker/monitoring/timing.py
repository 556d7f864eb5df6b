"""When a schedule runs, and the data of which time it analyzes.

Source: "Cron expression for monitoring schedules" and "Schedule monitoring jobs" of the SageMaker developer guide, read 2026-11-28: hourly
to daily in UTC, ``NOW`` for once; SageMaker waits up to 20 minutes after the hour.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from course.localaws.core.errors import invalid
from course.localaws.core.schedule_expressions import ScheduleExpression, ScheduleExpressionError

NOW = "NOW"
# The forms that AWS takes: each hour, once a day, every so many hours from an hour on.
CRON = re.compile(r"cron\(0 (\*|([01]?\d|2[0-3])(/([1-9]|1\d|2[0-4]))?) \? \* \* \*\)")
HOUR = 3600.0
LONGEST_DELAY = 20 * 60  # seconds
# The guide's own example, -P7H, has no T. M stands for minutes.
DURATION = re.compile(r"(-?)P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")


@dataclass(frozen=True)
class Window:
    """The time whose data is analyzed, in Unix seconds: from ``start`` to before ``end``."""

    start: float
    end: float

    @property
    def hours(self) -> list[datetime]:
        """The hours in which captured data of the window is filed."""
        first, last = int(self.start // HOUR), int(-(-self.end // HOUR))
        return [datetime.fromtimestamp(hour * HOUR, UTC) for hour in range(first, last)]


def check(expression: str) -> None:
    """Raises AwsError for an expression that AWS does not take."""
    if expression != NOW and not CRON.fullmatch(expression):
        raise invalid(
            f"Invalid schedule expression {expression!r}: it must be NOW, cron(0 * ? * * *) for hourly, cron(0 [00-23] ? * * *) for daily, "
            "or cron(0 [00-23]/[01-24] ? * * *) for every so many hours."
        )
    if expression != NOW:
        try:
            ScheduleExpression(expression)
        except ScheduleExpressionError as error:
            raise invalid(f"Invalid schedule expression: {error}") from None


def following(expression: str, moment: float) -> float:
    """The next time of an expression after a moment, both in Unix seconds. ``NOW`` is the moment itself."""
    return moment if expression == NOW else ScheduleExpression(expression).after(moment)


def delay(schedule: str) -> float:
    """The seconds that SageMaker waits after the hour before it runs a schedule. AWS chooses them by load; here the name decides."""
    return float(zlib.crc32(schedule.encode()) % LONGEST_DELAY)


def window(schedule: dict[str, str], scheduled: float, source: dict[str, Any]) -> Window:
    """The window of an execution: the hours since the scheduled time before, or for ``NOW`` the offsets that the schedule names.

    ``source``, the job's ``EndpointInput``, may move start and end back, so that labels have time to come.
    """
    expression = schedule["ScheduleExpression"]
    if expression == NOW:
        start, end = (schedule.get(f"DataAnalysis{name}Time", "-PT1H" if name == "Start" else "PT0S") for name in ("Start", "End"))
        return Window(scheduled + offset(start), scheduled + offset(end))
    start, end = (offset(source.get(f"{name}TimeOffset", "-PT0S")) for name in ("Start", "End"))
    period = following(expression, scheduled) - scheduled
    return Window(scheduled + (start or -period), scheduled + end)


def offset(text: str) -> float:
    """The seconds of an ISO 8601 duration such as ``-PT1H``. Raises AwsError."""
    found = DURATION.fullmatch(text)
    if not found or text.rstrip("T").endswith("P"):
        raise invalid(f"Invalid duration {text!r}: it must be of ISO 8601, for example -PT1H.")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    total = days * 24 * HOUR + hours * HOUR + minutes * 60 + seconds
    return -total if found[1] else total
