"""Helpers of the tests of the ledger: what it says, and how long a time is in months."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime
from functools import cache

import yaml

from course.localaws.billing.prices import PRICES
from course.localaws.server import launch

HOUR, DAY, GIGABYTE = 3600.0, 86_400.0, 2**30
SERVICES = ("AmazonSageMaker", "AmazonS3", "awskms", "AWSSecretsManager", "AmazonCloudWatch", "AWSDataTransfer")


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


@cache
def list_prices() -> dict[str, float]:
    """Usage type as bills of us-east-1 write it -> US dollars of a unit in its first tier, read from the table of prices itself."""
    table, found = yaml.safe_load(PRICES.read_text()), {}
    prefixes = {"plain": "", "prefixed": "USE1-", "region": "us-east-1-"}
    for service in (table["services"][name] for name in SERVICES):
        for entry in service["prices"]:
            written, price = prefixes[entry.get("form", service["form"])] + entry["usage"], entry["price"]
            by_instance = table["instances"][price]["us-east-1"] if isinstance(price, str) else {"": price.get("us-east-1")}
            for instance, value in by_instance.items():
                found[written.replace("{instance}", instance)] = value[0][1] if isinstance(value, list) else value
    return found


def list_price(usage_type: str) -> float:
    """The price of a usage type; see `list_prices`."""
    return list_prices()[usage_type]
