"""The periods of budgets: days, months, quarters, years, or one of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from course.localaws.billing.charges import daily, monthly

FOREVER = datetime(2087, 6, 15, tzinfo=UTC).timestamp()  # the default end of a budget (Budgets API reference, `TimePeriod`)
_MONTHS = {"MONTHLY": 1, "QUARTERLY": 3, "ANNUALLY": 12}


def period(budget: dict, at: float) -> tuple[float, float]:
    """Begin and end of the period of a ``Budget`` that a time belongs to, in Unix seconds. It does not begin before the budget's start."""
    start, end = budget["TimePeriod"]["Start"], budget["TimePeriod"]["End"]
    if budget["TimeUnit"] == "CUSTOM":
        return start, end
    begin = start_of(budget["TimeUnit"], at)
    return max(begin, start), min(_following(budget["TimeUnit"], begin), max(end, begin))


def start_of(unit: str, at: float) -> float:
    """The begin of the day, month, quarter or year of a time."""
    day = datetime.fromtimestamp(at, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if unit not in _MONTHS:
        return day.timestamp()
    return day.replace(month=day.month - (day.month - 1) % _MONTHS[unit], day=1).timestamp()


def past(budget: dict, since: float, until: float) -> list[tuple[float, float]]:
    """The periods of a budget from that of one time to that of another, oldest first."""
    found = [period(budget, since)]
    while found[-1][1] <= until and found[-1][0] < found[-1][1]:
        found.append(period(budget, found[-1][1]))
    return found


def _following(unit: str, begin: float) -> float:
    at = datetime.fromtimestamp(begin, UTC)
    if unit not in _MONTHS:
        return daily(at).timestamp()
    for _ in range(_MONTHS[unit]):
        at = monthly(at)
    return at.timestamp()


def oldest(unit: str, now: float) -> float:
    """How far back the history of a budget goes (Budgets API reference, ``DescribeBudgetPerformanceHistory``).

    60 days, 12 months or 4 quarters.
    """
    if unit == "DAILY":
        return now - timedelta(days=60).total_seconds()
    at = datetime.fromtimestamp(start_of(unit, now), UTC)
    return at.replace(year=at.year - 1).timestamp()
