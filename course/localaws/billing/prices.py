"""The price table: what AWS asks for a unit of each usage type, by region. The file says of which date, and from where."""

from __future__ import annotations

import bisect
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
    family : str
        AWS's product family: ``"ML Instance"``.
    text : str
        What the price is for.
    """

    unit: str
    tiers: tuple[tuple[float, float], ...]
    family: str = ""
    text: str = ""

    @property
    def price(self) -> float:
        """US dollars for a unit of the first tier."""
        return self.tiers[0][1]

    @property
    def is_lasting(self) -> bool:
        """Whether the unit is a quantity times a time, so that its usage is an interval."""
        return self.unit in ("Hrs", "GB-Mo", "Mo")

    def cost(self, before: float, amount: float) -> float:
        """US dollars for an amount, after ``before`` of the same month."""
        first = bisect.bisect_right(self.tiers, before, key=lambda tier: tier[0]) - 1
        if len(self.tiers) == 1 or first == len(self.tiers) - 1:
            return amount * self.tiers[first][1]
        total, at, end = 0.0, before, before + amount
        for number in range(first, len(self.tiers)):
            until = min(end, self.tiers[number + 1][0]) if number + 1 < len(self.tiers) else end
            total += max(0.0, until - at) * self.tiers[number][1]
            at = max(at, until)
        return total


@dataclass(frozen=True, slots=True)
class Place:
    """A region in the price table.

    Attributes
    ----------
    prefix : str
        What its usage types begin with in a bill: ``"USE1"``.
    location : str
        Its name in the price list: ``"US East (N. Virginia)"``.
    """

    prefix: str
    location: str


def regions() -> dict[str, Place]:
    """The regions of the table."""
    return {name: Place(**found) for name, found in table(PRICES)["regions"].items()}


def about() -> dict[str, str]:
    """The date and the source of the table."""
    return {"date": str(table(PRICES)["date"]), "source": table(PRICES)["source"]}


def names() -> dict[str, str]:
    """Code of a service -> its name in a bill and in Cost Explorer: ``"Amazon SageMaker"``."""
    return {code: found["name"] for code, found in table(PRICES)["services"].items()}


@cache
def rate(service: str, usage_type: str, region: str) -> Rate | None:
    """The price of a usage type without its region's prefix; None if the table has none."""
    entry, instance = _entry(service, usage_type)
    found = entry["price"].get(region) if entry else None
    if isinstance(found, str):  # the name of a table by instance type
        found = table(PRICES)["instances"][found].get(region, {}).get(instance)
    if entry is None or found is None:
        return None
    tiers = found if isinstance(found, list) else [[0, found]]
    return Rate(entry["unit"], tuple((float(low), float(price)) for low, price in tiers), entry.get("family", ""), entry["text"])


@cache
def unit(service: str, usage_type: str) -> str:
    """The unit of a usage type; hours if the table does not have it."""
    entry, _ = _entry(service, usage_type)
    return entry["unit"] if entry else "Hrs"


@cache
def billed_type(service: str, usage_type: str, region: str) -> str:
    """A usage type as AWS's bill writes it: ``"USE1-Train:ml.m5.large"``."""
    entry, _ = _entry(service, usage_type)
    place, form = regions().get(region), (entry or {}).get("form") or table(PRICES)["services"].get(service, {}).get("form", "region")
    if place is None or form == "region":
        return f"{region}-{usage_type}"
    return usage_type if form == "plain" and region == "us-east-1" else f"{place.prefix}-{usage_type}"


def _entry(service: str, usage_type: str) -> tuple[dict | None, str]:
    """The table's entry for a usage type, and the instance type in it."""
    for entry in table(PRICES)["services"].get(service, {}).get("prices", ()):
        before, form, after = entry["usage"].partition("{instance}")
        if form and usage_type.startswith(f"{before}ml.") and usage_type.endswith(after):
            return entry, usage_type.removeprefix(before)
        if usage_type == entry["usage"]:
            return entry, ""
    return None, ""
