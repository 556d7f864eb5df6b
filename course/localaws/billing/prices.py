"""The price table: what AWS asks for a unit of each usage type, by region. The file says of which date, and from where."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course.localaws.core.data_files import table

PRICES = Path(__file__).with_name("prices.yaml")


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of a usage type in a region.

    Attributes
    ----------
    unit : str
        ``"Hrs"``, ``"GB-Mo"``, ``"Requests"``, ...
    tiers : tuple of (float, float)
        From which amount of a month on which price in US dollars a unit holds; the first one from 0.
    """

    unit: str
    tiers: tuple[tuple[float, float], ...]

    @property
    def price(self) -> float:
        """US dollars for a unit of the first tier."""
        return self.tiers[0][1]

    def cost(self, before: float, amount: float) -> float:
        """US dollars for an amount, after ``before`` of the same month."""
        if len(self.tiers) == 1:
            return amount * self.price
        ends = (*(low for low, _ in self.tiers[1:]), math.inf)
        parts = [(min(before + amount, end) - max(before, low), price) for (low, price), end in zip(self.tiers, ends, strict=True)]
        return sum(max(0.0, part) * price for part, price in parts)


def about() -> dict[str, str]:
    """The date and the source of the table."""
    return {"date": str(table(PRICES)["date"]), "source": table(PRICES)["source"]}


def names() -> dict[str, str]:
    """Code of a service -> its name in a bill and in Cost Explorer: ``"Amazon SageMaker"``."""
    return {code: found["name"] for code, found in table(PRICES)["services"].items()}


def priced() -> Iterator[tuple[str, str, str]]:
    """Service, usage type without its region's prefix, and region of each price."""
    for service, found in table(PRICES)["services"].items():
        for entry in found["prices"]:
            if isinstance(entry["price"], dict):
                yield from ((service, entry["usage"], region) for region in entry["price"])
            else:
                for region, instances in table(PRICES)["instances"][entry["price"]].items():
                    yield from ((service, entry["usage"].replace("{instance}", instance), region) for instance in instances)


@cache
def rate(service: str, usage_type: str, region: str) -> Rate | None:
    """The price of a usage type without its region's prefix; None if the table has none."""
    entry, instance = _entry(service, usage_type)
    if entry is None:
        return None
    found = entry["price"].get(region) if not instance else table(PRICES)["instances"][entry["price"]].get(region, {}).get(instance)
    if found is None:
        return None
    tiers = found if isinstance(found, list) else [[0, found]]
    return Rate(entry["unit"], tuple((float(low), float(price)) for low, price in tiers))


@cache
def unit(service: str, usage_type: str) -> str:
    """The unit of a usage type; hours if the table does not have it."""
    entry, _ = _entry(service, usage_type)
    return entry["unit"] if entry else "Hrs"


def text(service: str, usage_type: str) -> str:
    """What a unit of a usage type of the table is, in our words: ``"a gigabyte for a month"``."""
    return _entry(service, usage_type)[0]["text"]


@cache
def instance(service: str, usage_type: str) -> tuple[str, str] | None:
    """The component and the instance type in a usage type: ``("Hosting", "ml.m5.large")``; None if it is not one of instances."""
    entry, found = _entry(service, usage_type)
    return (entry["component"], found) if found else None


@cache
def free(service: str, usage_type: str) -> float:
    """The amount of a month that AWS's free tier has for ever, of all regions together."""
    entry, _ = _entry(service, usage_type)
    return float((entry or {}).get("free", 0.0))


def prefix(region: str) -> str:
    """The prefix of usage types in the bill of a region: ``"USE1"``. Of a region that the table does not have, its name."""
    return table(PRICES)["regions"].get(region, region)


@cache
def billed_type(service: str, usage_type: str, region: str) -> str:
    """A usage type as AWS's bill writes it: ``"USE1-Train:ml.m5.large"``."""
    entry, _ = _entry(service, usage_type)
    form = (entry or {}).get("form") or table(PRICES)["services"].get(service, {}).get("form")
    if form in (None, "region"):
        return f"{region}-{usage_type}"
    return usage_type if form == "plain" and region == "us-east-1" else f"{prefix(region)}-{usage_type}"


def _entry(service: str, usage_type: str) -> tuple[dict | None, str]:
    """The table's entry for a usage type, and the instance type in it."""
    for entry in table(PRICES)["services"].get(service, {}).get("prices", ()):
        before, instance, _ = entry["usage"].partition("{instance}")
        if instance and usage_type.startswith(f"{before}ml."):
            return entry, usage_type.removeprefix(before)
        if usage_type == entry["usage"]:
            return entry, ""
    return None, ""
