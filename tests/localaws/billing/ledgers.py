"""Helpers of the tests of the ledger: what it says, and how long a time is in months."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime

from course.localaws.server import launch

HOUR, DAY, GIGABYTE = 3600.0, 86_400.0, 2**30


def amounts(handle: launch.Handle, marker: str = "") -> dict[str, float]:
    """The amount of each usage type in the ledger."""
    return {line["usage_type"]: line["amount"] for service in handle.ledger(marker)["services"] for line in service["lines"]}


def months(since: float, until: float) -> float:
    """How many months lie between two times, each day as a share of its own month."""
    total = 0.0
    while since < until:
        day = datetime.fromtimestamp(since, UTC)
        midnight = (since // DAY + 1) * DAY
        total += (min(until, midnight) - since) / DAY / monthrange(day.year, day.month)[1]
        since = midnight
    return total
