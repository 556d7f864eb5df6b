"""What AWS would bill: usage times prices, for each hour, day or month."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from course.localaws.billing import prices
from course.localaws.billing.usage import HOUR, Item, UsageStore

SECONDS = {"Hrs": HOUR, "seconds": 1.0}  # of a unit that has the same length in every month
Step = Callable[[datetime], datetime]  # the begin of a span -> its end
History = list[tuple[float, dict[str, str]]] | None  # the tags of a resource, and since when
Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Charge:
    """A line of a bill.

    Attributes
    ----------
    item : Item
    begin : float
        When its hour, day or month begins, in Unix seconds.
    amount : float
        In units.
    unit : str
        Empty if the price table has no price.
    cost : float or None
        US dollars; None if the price table has no price.
    tags : tuple of (str, str)
        Those that the resource had.
    free : float
        The part of the amount that is within AWS's free tier.
    saved : float
        What that part costs, in US dollars.
    """

    item: Item
    begin: float
    amount: float
    unit: str
    cost: float | None
    tags: Tags = ()
    free: float = 0.0
    saved: float = 0.0


def hourly(at: datetime) -> datetime:
    """The begin of the next hour."""
    return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def daily(at: datetime) -> datetime:
    """The begin of the next day."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def monthly(at: datetime) -> datetime:
    """The begin of the next month."""
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first.replace(year=first.year + 1, month=1) if first.month == 12 else first.replace(month=first.month + 1)


def charges(
    usage: UsageStore,
    begin: float,
    end: float,
    step: Step,
    now: float,
    active: Mapping[str, float] | None = None,
    by_resource: bool = True,
) -> list[Charge]:
    """The lines of all usage between two times, by their begin.

    Parameters
    ----------
    step : callable
        `hourly`, `daily` or `monthly`.
    now : float
        Until when what lasts still is counted, in Unix seconds.
    active : mapping, optional
        The keys of tags that count, and since when. By default all tags count.
    by_resource : bool
        Whether each resource has lines of its own. Without them, a year of many jobs has few lines.
    """
    history = usage.tag_history()
    if active is not None:
        history = {resource: _visible(changes, active) for resource, changes in history.items()}
    first = _month_of(begin).timestamp()  # tiers count the amounts since the month began
    total: dict[tuple[Item, float, Tags], float] = defaultdict(float)
    end = min(end, max(now, begin))
    spans = _Spans(first, begin, end, step)
    line_of = (lambda item: item) if by_resource else _Together().item
    for interval in usage.intervals(first, end):
        line, unit = line_of(interval.item), prices.unit(interval.item.service, interval.item.usage_type)
        ended = now if interval.ended is None else min(interval.ended, now)
        for since, until, tags in _tagged(history.get(interval.item.resource), interval.began, ended):
            for span, lasted in spans.within(since, until):
                total[line, span, tags] += interval.quantity * lasted / seconds(unit, span)
    for count in usage.counts(first, end):
        tags = _tags_at(history.get(count.item.resource), count.hour + HOUR)
        total[line_of(count.item), spans.begin_of(count.hour), tags] += count.amount
    return [charge for charge in _priced(total) if charge.begin >= begin]


def _priced(total: dict[tuple[Item, float, Tags], float]) -> Iterator[Charge]:
    """The lines with their costs. Tiers count the amounts of a month, of all resources together; the free tier those of all regions."""
    used: dict[tuple[str, str, str, datetime], float] = defaultdict(float)
    everywhere: dict[tuple[str, str, datetime], float] = defaultdict(float)
    for (item, begin, tags), amount in sorted(total.items(), key=lambda entry: entry[0][1]):
        rate = prices.rate(item.service, item.usage_type, item.region)
        if rate is None:
            yield Charge(item, begin, amount, "", None, tags)
            continue
        month = _month_of(begin)
        key, of_all = (item.service, item.usage_type, item.region, month), (item.service, item.usage_type, month)
        free = max(0.0, min(amount, prices.free(item.service, item.usage_type) - everywhere[of_all]))
        yield Charge(item, begin, amount, rate.unit, rate.cost(used[key], amount), tags, free, rate.cost(used[key], free))
        used[key] += amount
        everywhere[of_all] += amount


class _Together:
    """Items without their resources."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str, str, str], Item] = {}

    def item(self, item: Item) -> Item:
        """The item of all resources of this kind."""
        key = item.service, item.usage_type, item.operation, item.region
        if key not in self._items:
            self._items[key] = Item(*key)
        return self._items[key]


class _Spans:
    """The hours, days or months between two times, and those of the month before them."""

    def __init__(self, first: float, begin: float, end: float, step: Step) -> None:
        self._edges = [first]
        for last in (begin, end):
            while self._edges[-1] < last:
                self._edges.append(min(last, step(datetime.fromtimestamp(self._edges[-1], UTC)).timestamp()))

    def within(self, began: float, ended: float) -> Iterator[tuple[float, float]]:
        """The spans that an interval touches: their begins, and its seconds in each."""
        number = max(0, bisect_right(self._edges, began) - 1)
        while number + 1 < len(self._edges) and self._edges[number] < ended:
            seconds = min(ended, self._edges[number + 1]) - max(began, self._edges[number])
            if seconds > 0:
                yield self._edges[number], seconds
            number += 1

    def begin_of(self, at: float) -> float:
        """The begin of the span with a time."""
        return self._edges[max(0, bisect_right(self._edges, at) - 1)]


def seconds(unit: str, at: float) -> float:
    """The seconds of a unit: an hour, a second, or the month of a time."""
    if unit in SECONDS:
        return SECONDS[unit]
    first = _month_of(at)
    return (monthly(first) - first).total_seconds()


def _month_of(at: float) -> datetime:
    """The begin of the month of a time."""
    return datetime.fromtimestamp(at, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _tagged(history: History, began: float, ended: float) -> Iterator[tuple[float, float, Tags]]:
    """The parts of an interval in which the resource had the same tags."""
    changes = [since for since, _ in history or () if began < since < ended]
    for since, until in zip([began, *changes], [*changes, ended], strict=True):
        yield since, until, _tags_at(history, since)


def _visible(history: list[tuple[float, dict[str, str]]], active: Mapping[str, float]) -> list[tuple[float, dict[str, str]]]:
    """The history of a resource's active tags."""
    times = sorted({since for since, _ in history} | {since for since in active.values() if since > history[0][0]})
    return [(at, {key: value for key, value in _tags_at(history, at) if active.get(key, math.inf) <= at}) for at in times]


def _tags_at(history: History, at: float) -> Tags:
    found = [tags for since, tags in history or () if since <= at]
    return tuple(found[-1].items()) if found else ()
