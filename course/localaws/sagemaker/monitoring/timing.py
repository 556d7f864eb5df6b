"""When a schedule runs, and the data of which time it analyzes.

Source: "Cron expression for monitoring schedules" and "Schedule monitoring jobs" of the SageMaker developer guide, read 2026-11-28: hourly
to daily in UTC, ``NOW`` for once; SageMaker waits up to 20 minutes after the hour. The offsets of a window: ScheduleConfig of the API
reference.
"""

from __future__ import annotations

import itertools
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from course.localaws.core.errors import invalid

NOW = "NOW"
# The forms that AWS takes: each hour, once a day, every so many hours from an hour on.
CRON = re.compile(r"cron\(0 (?:\*|([01]?\d|2[0-3])(?:/(0?[1-9]|1\d|2[0-4]))?) \? \* \* \*\)")
HOUR, DAY = 3600.0, 86_400.0  # seconds
LONGEST_DELAY = 20 * 60  # seconds
LONGEST_WINDOW = 24 * HOUR  # that a schedule names
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


def hours_of_day(expression: str) -> list[int]:
    """The hours of the day at which a cron expression runs. ``17/12`` is also 5 o'clock, as AWS says: every 12 hours from 17 o'clock on."""
    start, every = CRON.fullmatch(expression).groups()
    first, step = int(start or 0), int(every or (1 if start is None else 24))
    return sorted({hour % 24 for hour in range(first, first + 24, step)}) if 24 % step == 0 else list(range(first, 24, step))


def following(expression: str, moment: float) -> float:
    """The next time of an expression after a moment, both in Unix seconds. ``NOW`` is the moment itself."""
    return moment if expression == NOW else min(each for each in _around(expression, moment) if each > moment)


def previous(expression: str, moment: float) -> float:
    """The last time of a cron expression before a moment, both in Unix seconds."""
    return max(each for each in _around(expression, moment) if each < moment)


def period(expression: str) -> float:
    """The shortest time between two times of an expression, in seconds; 0 for ``NOW``."""
    if expression == NOW:
        return 0.0
    first, *rest = hours_of_day(expression)
    hours = [first, *rest, first + 24]
    return min(later - earlier for earlier, later in itertools.pairwise(hours)) * HOUR


def _around(expression: str, moment: float) -> list[float]:
    """The times of a cron expression on the day of a moment, the day before and the day after, in UTC."""
    day = moment // DAY
    return [(day + more) * DAY + hour * HOUR for more in (-1, 0, 1) for hour in hours_of_day(expression)]


def delay(schedule: str) -> float:
    """The seconds that SageMaker waits after the hour before it runs a schedule. AWS chooses them by load; here the name decides."""
    return float(zlib.crc32(schedule.encode()) % LONGEST_DELAY)


def window(schedule: dict[str, str], scheduled: float, source: dict[str, Any]) -> Window:
    """The window of an execution: the time since the scheduled time before, unless the schedule or the input moves its start or end.

    Parameters
    ----------
    schedule : dict
        The ``ScheduleConfig``. Its ``DataAnalysisStartTime`` and ``DataAnalysisEndTime`` are offsets to the scheduled time; ``NOW`` needs
        them.
    scheduled : float
        Unix seconds.
    source : dict
        The job's input. Its ``StartTimeOffset`` and ``EndTimeOffset`` move start and end back, so that labels have time to come.

    Raises
    ------
    AwsError
        A duration is missing or wrong, or the window has no or too much time.
    """
    expression = schedule["ScheduleExpression"]
    given = {side: schedule.get(f"DataAnalysis{side}Time") for side in ("Start", "End")}
    if expression == NOW and not all(given.values()):
        raise invalid("DataAnalysisStartTime and DataAnalysisEndTime must be provided if ScheduleExpression is NOW.")
    start, end = (offset(text or source.get(f"{side}TimeOffset", "PT0S")) for side, text in given.items())
    if not start and not given["Start"] and expression != NOW:
        start = previous(expression, scheduled) - scheduled
    if start >= end:
        raise invalid("The window of data to analyze must start before it ends.")
    if any(given.values()) and end - start > LONGEST_WINDOW:
        raise invalid("DataAnalysisStartTime can precede DataAnalysisEndTime by at most 24 hours.")
    return Window(scheduled + start, scheduled + end)


def offset(text: str) -> float:
    """The seconds of an ISO 8601 duration such as ``-PT1H``. Raises AwsError."""
    found = DURATION.fullmatch(text)
    if not found or text.rstrip("T").endswith("P"):
        raise invalid(f"Invalid duration {text!r}: it must be of ISO 8601, for example -PT1H.")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    total = days * 24 * HOUR + hours * HOUR + minutes * 60 + seconds
    return -total if found[1] else total
