"""Parses AWS's schedule expressions, ``at(...)``, ``rate(...)`` and ``cron(...)``, and finds their next time in a time zone.

Source: "Schedule scaling actions using cron expressions" of the Application Auto Scaling user guide and "Cron expressions" of EventBridge,
read 2026-11-25: six fields (minutes, hours, day of month, month, day of week, year); one of the two days is ``?``. "Schedule types" of
EventBridge Scheduler, read 2026-11-28: a time that does not exist when the clocks go forward is skipped, one that comes twice counts once.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)\)")
_RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")
_CRON = re.compile(r"cron\(([^()]+)\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}
LAST_YEAR = 2199


class ScheduleExpressionError(ValueError):
    """The text is not a schedule expression; the message says why."""


@dataclass(frozen=True)
class ScheduleExpression:
    """A valid schedule expression.

    Parameters
    ----------
    text : str
    zone : str
        The time zone of an ``at`` or ``cron`` expression.
    begin : float
        The start of a ``rate``, in Unix seconds.

    Raises
    ------
    ScheduleExpressionError
    """

    text: str
    zone: str = "UTC"
    begin: float = 0.0

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ScheduleExpressionError(f"{self.zone!r} is no time zone") from None
        self.after(self.begin)

    def after(self, moment: float) -> float | None:
        """The first time after ``moment``, both in Unix seconds; None when there is no more. Raises ScheduleExpressionError."""
        if found := _AT.fullmatch(self.text):
            try:
                once = datetime.fromisoformat(found[1]).replace(tzinfo=ZoneInfo(self.zone)).timestamp()
            except ValueError as error:
                raise ScheduleExpressionError(f"{self.text!r}: {error}") from None
            return once if once > moment else None
        if found := _RATE.fullmatch(self.text):
            seconds = int(found[1]) * _SECONDS[found[2].removesuffix("s")]
            if not seconds:
                raise ScheduleExpressionError(f"{self.text!r}: the rate must be greater than 0")
            return self.begin + (max(moment - self.begin, 0) // seconds + 1) * seconds
        if found := _CRON.fullmatch(self.text):
            return _Cron(found[1]).after(moment, ZoneInfo(self.zone))
        raise ScheduleExpressionError(f"{self.text!r} is no at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(fields)")


class _Cron:
    def __init__(self, fields: str) -> None:
        parts = fields.split()
        if len(parts) != 6:
            raise ScheduleExpressionError(
                f"cron({fields}) has {len(parts)} fields, not 6: minutes, hours, day of month, month, day of week, year"
            )
        minutes, hours, self._day, months, self._weekday, years = parts
        if (self._day == "?") == (self._weekday == "?"):
            raise ScheduleExpressionError(f"cron({fields}): one of day of month and day of week must be ?, and only one")
        self._minutes, self._hours = _values(minutes, 0, 59), _values(hours, 0, 23)
        self._months, self._years = _values(months, 1, 12, MONTHS), _values(years, 1970, LAST_YEAR)
        self._days(2024, 2)  # raises when the days cannot be parsed

    def after(self, moment: float, zone: ZoneInfo) -> float | None:
        times = [time(hour, minute) for hour in self._hours for minute in self._minutes]
        now = datetime.fromtimestamp(moment, zone).replace(tzinfo=None)
        earliest = now - timedelta(hours=3)  # no clock goes back further; all earlier times of the day need no conversion
        for day in self._dates(now.date()):
            candidates = (local for at in times if (local := datetime.combine(day, at)) >= earliest)
            moments = (_timestamp(local, zone) for local in candidates)
            found = next((each for each in moments if each is not None and each > moment), None)
            if found is not None:
                return found
        return None

    def _dates(self, first: date) -> Iterator[date]:
        """The dates of the expression from ``first`` on."""
        months = ((year, month) for year in self._years if year >= first.year for month in self._months)
        for year, month in months:
            if (year, month) >= (first.year, first.month):
                yield from (found for day in self._days(year, month) if (found := date(year, month, day)) >= first)

    def _days(self, year: int, month: int) -> list[int]:
        first_weekday, last = calendar.monthrange(year, month)  # Monday is 0
        if self._weekday == "?":
            return self._month_days(year, month, last)
        weekday = {day: (first_weekday + day) % 7 + 1 for day in range(1, last + 1)}  # Sunday is 1
        if found := re.fullmatch(r"(\w+)#([1-5])", self._weekday):
            [wanted] = _values(found[1], 1, 7, DAYS)
            days = [day for day in weekday if weekday[day] == wanted]
            return days[int(found[2]) - 1 : int(found[2])]
        if found := re.fullmatch(r"(\w*)L", self._weekday):
            [wanted] = _values(found[1] or "7", 1, 7, DAYS)
            return [max(day for day in weekday if weekday[day] == wanted)]
        wanted_days = _values(self._weekday, 1, 7, DAYS)
        return [day for day in weekday if weekday[day] in wanted_days]

    def _month_days(self, year: int, month: int, last: int) -> list[int]:
        if self._day == "L":
            return [last]
        if found := re.fullmatch(r"(\d+)W", self._day):
            return _nearest_workday(year, month, min(int(found[1]), last), last)
        return [day for day in _values(self._day, 1, 31) if day <= last]


def _timestamp(local: datetime, zone: ZoneInfo) -> float | None:
    """A local time in Unix seconds. None for a time that the clocks skip in spring; the first one of a time that they repeat in autumn."""
    found = local.replace(tzinfo=zone).timestamp()
    return found if datetime.fromtimestamp(found, zone).replace(tzinfo=None) == local else None


def _nearest_workday(year: int, month: int, day: int, last: int) -> list[int]:
    weekday = date(year, month, day).weekday()
    move = {5: -1 if day > 1 else 2, 6: 1 if day < last else -2}.get(weekday, 0)
    return [(date(year, month, day) + timedelta(days=move)).day]


def _values(text: str, low: int, high: int, names: dict[str, int] | None = None) -> list[int]:
    """The numbers of a field such as ``*``, ``1-5``, ``1,3``, ``0/15``, ``MON``."""
    found: set[int] = set()
    for part in text.upper().split(","):
        span, _, step = part.partition("/")
        begin, dash, end = span.partition("-")
        first = low if begin == "*" else _number(begin, names)
        last = _number(end, names) if dash else high if begin == "*" or step else first
        if not low <= first <= last <= high or not (step or "1").isdecimal() or not 1 <= int(step or 1) <= high:
            raise ScheduleExpressionError(f"{text!r} is no list of numbers between {low} and {high}")
        found.update(range(first, last + 1, int(step or 1)))
    return sorted(found)


def _number(text: str, names: dict[str, int] | None) -> int:
    if names and text in names:
        return names[text]
    if not text.isdecimal():
        raise ScheduleExpressionError(f"{text!r} is no number")
    return int(text)
