"""The time of a request to Cost Explorer. The texts of errors are recorded ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from course.localaws.billing.charges import Step, daily, hourly, monthly
from course.localaws.core.errors import invalid

STEPS: dict[str, Step] = {"HOURLY": hourly, "DAILY": daily, "MONTHLY": monthly}
MONTHS, HOURLY_DAYS = 14, 14  # how far back the data go ("Managing your costs with AWS Cost Explorer", AWS Cost Management)
_DAY, _HOUR = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


@dataclass(frozen=True, slots=True)
class Period:
    """A checked ``TimePeriod``; ``end`` does not belong to it.

    Attributes
    ----------
    granularity : str
        A key of `STEPS`.
    """

    begin: datetime
    end: datetime
    granularity: str

    def spans(self) -> list[tuple[datetime, datetime]]:
        """The hours, days or months; the first and the last one may be a part of one."""
        return spans(self.begin, self.end, STEPS[self.granularity])

    def text(self, at: datetime) -> str:
        """A time as Cost Explorer writes it."""
        return at.strftime("%Y-%m-%dT%H:%M:%SZ" if self.granularity == "HOURLY" else "%Y-%m-%d")


def spans(begin: datetime, end: datetime, step: Step) -> list[tuple[datetime, datetime]]:
    """The hours, days or months between two times."""
    found, at = [], begin
    while at < end:
        until = min(step(at), end)
        found.append((at, until))
        at = until
    return found


def period(given: dict, granularity: str, now: float) -> Period:
    """Check a ``TimePeriod``. Raises AwsError ``ValidationException``."""
    begin, end = (time_of(given[name], granularity) for name in ("Start", "End"))
    today = datetime.fromtimestamp(now, UTC)
    if begin >= end:
        raise invalid("Start date (and hour) should be before end date (and hour)")
    if end > monthly(today):
        raise invalid("end date past the beginning of next month")
    oldest = today - timedelta(days=HOURLY_DAYS + 1) if granularity == "HOURLY" else _months_before(today, MONTHS)
    if begin < oldest:
        raise invalid(f"You haven't enabled historical data beyond {MONTHS} {'days' if granularity == 'HOURLY' else 'months'}")
    return Period(begin, end, granularity)


def time_of(text: str, granularity: str = "DAILY") -> datetime:
    """A time in a request. Raises AwsError ``ValidationException``."""
    form = _HOUR if granularity == "HOURLY" else _DAY
    try:
        if not form.fullmatch(text):
            raise ValueError(text)
        return datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=UTC)
    except ValueError:
        if granularity == "HOURLY":
            raise invalid("Time period is invalid. Valid format is yyyy-MM-ddThh:mm:ssZ.") from None
        raise invalid(f"Start time {text} is invalid. Valid format is: yyyy-MM-dd.") from None


def _months_before(at: datetime, months: int) -> datetime:
    """The begin of the month that lies so many months before a time."""
    number = at.year * 12 + at.month - 1 - months
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
