"""The ledger: what all usage so far would have cost on AWS, what lasts now, and what that costs a day."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from course.localaws.billing import prices
from course.localaws.billing.charges import Charge, charges, monthly
from course.localaws.billing.usage import Item, UsageStore

REST = "(no lesson)"
HOURS_A_DAY, DAYS_A_MONTH = 24.0, 30.4375


def ledger(usage: UsageStore, now: float, marker: str = "", free_tier: bool = False) -> dict:
    """The ledger as JSON values.

    Parameters
    ----------
    now : float
        Unix seconds.
    marker : str
        Only resources whose ARNs contain it; by default all usage.
    free_tier : bool
        Whether what AWS gives free in each month costs nothing.

    Returns
    -------
    dict
        ``since`` and ``now`` (Unix seconds), ``total`` (US dollars), ``services``: their ``name``, ``cost`` and ``lines``; ``running``:
        what lasts now, with the dollars of a day, the dearest first; ``tags``: dollars by tag and value; ``lessons``: dollars by lesson;
        ``unpriced``: usage without a price in the table; ``free_tier``: whether it is ``applied``, and the dollars that it ``saves``;
        ``prices``: the date and source of the table.
    """
    since = usage.first()
    found = charges(usage, since, now, monthly, now) if since is not None else []
    found = [charge for charge in found if marker in charge.item.resource]
    saved = sum(charge.saved for charge in found)
    if free_tier:
        found = [charge if charge.cost is None else replace(charge, cost=charge.cost - charge.saved) for charge in found]
    held = {resource: items for resource, items in usage.held().items() if marker in resource}
    running = [_running(item, quantity) for items in held.values() for item, quantity in items.items()]
    return {
        "since": since,
        "now": now,
        "total": sum(charge.cost or 0.0 for charge in found),
        "services": _services(found),
        "running": sorted(running, key=lambda each: -(each["a_day"] or 0.0)),
        "tags": _tags(found),
        "lessons": _lessons(found, usage.lessons()),
        "free_tier": {"applied": free_tier, "saves": saved},
        "unpriced": sorted({_billed(charge.item) for charge in found if charge.cost is None}),
        "prices": prices.about(),
    }


def _services(found: Iterable[Charge]) -> list[dict]:
    names, lines = prices.names(), defaultdict[str, dict[tuple[str, str], list]](dict)
    for charge in found:
        if charge.cost is not None:
            rows = lines[names[charge.item.service]]  # data transfer is shown under the service that sent the data
            line = rows.setdefault((_billed(charge.item), charge.item.region), [0.0, charge.unit, 0.0, 0.0])
            line[0] += charge.amount
            line[2] += charge.cost
            line[3] += charge.free
    services = [
        {
            "name": name,
            "cost": sum(cost for _, _, cost, _ in rows.values()),
            "lines": [
                {"usage_type": usage_type, "region": region, "amount": amount, "unit": unit, "cost": cost, "free": free}
                for (usage_type, region), (amount, unit, cost, free) in sorted(rows.items(), key=lambda row: -row[1][2])
            ],
        }
        for name, rows in lines.items()
    ]
    return sorted(services, key=lambda service: -service["cost"])


def _running(item: Item, quantity: float) -> dict:
    rate = prices.rate(item.service, item.usage_type, item.region)
    hours = HOURS_A_DAY if rate and rate.unit == "Hrs" else 1 / DAYS_A_MONTH
    return {
        "resource": item.resource,
        "usage_type": _billed(item),
        "region": item.region,
        "quantity": quantity,
        "a_day": None if rate is None else quantity * hours * rate.price,
    }


def _tags(found: Iterable[Charge]) -> dict[str, dict[str, float]]:
    costs: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for charge in found:
        for key, value in charge.tags:
            costs[key][value] += charge.cost or 0.0
    return {key: dict(sorted(values.items())) for key, values in sorted(costs.items())}


def _lessons(found: Iterable[Charge], lessons: Mapping[str, str]) -> dict[str, float]:
    """What each lesson cost: the resources whose ARN or tags contain one of its markers. ``""`` is the rest."""
    if not lessons:
        return {}
    marker, costs = re.compile("|".join(map(re.escape, lessons))), dict.fromkeys(sorted({*lessons.values(), ""}), 0.0)
    for charge in found:
        named = marker.search(" ".join((charge.item.resource, *(value for _, value in charge.tags))))
        costs[lessons[named[0]] if named else ""] += charge.cost or 0.0
    return {lesson: cost for lesson, cost in costs.items() if cost}


def _billed(item: Item) -> str:
    return prices.billed_type(item.service, item.usage_type, item.region)


def text(found: Mapping) -> str:
    """The ledger for a terminal."""
    lines = [f"On AWS, all of this would have cost {dollars(found['total'])}."]
    for service in found["services"]:
        lines += ["", f"{service['name']}: {dollars(service['cost'])}"]
        lines += [f"  {_line(each)}" for each in service["lines"]]
    for key, values in found["tags"].items():
        lines += ["", f"By the tag {key}:", *(f"  {value or '(empty)'}: {dollars(cost)}" for value, cost in values.items())]
    if found["lessons"]:
        lines += ["", "By lesson:", *(f"  {lesson or REST}: {dollars(cost)}" for lesson, cost in found["lessons"].items())]
    lines += ["", "Nothing runs now." if not found["running"] else "What runs now:"]
    lines += [f"  {_held(each)}" for each in found["running"]]
    if costs := [each["a_day"] for each in found["running"] if each["a_day"] is not None]:
        lines.append(f"  Together {dollars(sum(costs))} a day.")
    if found["unpriced"]:
        lines += ["", f"No price is known here for: {', '.join(found['unpriced'])}."]
    lines += ["", f"Prices of {found['prices']['date']}, without taxes and discounts. {free_tier(found)}"]
    return "\n".join(lines)


def _line(line: Mapping) -> str:
    shown = f"{line['usage_type']:<44} {line['amount']:>14,.6g} {line['unit']:<12} {dollars(line['cost']):>12}  {line['region']}"
    return f"{shown}  {within(line)}".rstrip()


def within(line: Mapping) -> str:
    """How much of a line is within the free tier; empty if nothing is."""
    if not line["free"]:
        return ""
    return f"{'all' if line['free'] >= line['amount'] else format(line['free'], ',.6g')} within the free tier"


def free_tier(found: Mapping) -> str:
    """A sentence about the free tier."""
    saves = dollars(found["free_tier"]["saves"])
    if found["free_tier"]["applied"]:
        return f"{saves} more are free in each month's free tier, and not counted here."
    return f"AWS gives {saves} of it free in each month's free tier. It is counted here; --free-tier takes it off."


def _held(each: Mapping) -> str:
    cost = "no price is known" if each["a_day"] is None else f"{dollars(each['a_day'])} a day"
    return f"{each['resource']}: {each['quantity']:g} x {each['usage_type']}, {cost} ({each['region']})"


def dollars(amount: float) -> str:
    """An amount of money: to the cent from a dollar on, else with more digits."""
    return f"${amount:,.2f}" if amount == 0 or amount >= 1 else f"${amount:.4f}" if amount >= 0.0001 else "less than $0.0001"
