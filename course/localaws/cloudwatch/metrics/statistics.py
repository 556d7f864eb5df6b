"""Computes statistics of data points in periods.

Source: CloudWatch API Reference, GetMetricStatistics and GetMetricData (periods, rounding of the start time), and User Guide,
"Statistics definitions". Periods begin at the rounded start time, even when it is not a multiple of the period
(https://github.com/boto/boto3/issues/3457). AWS does not publish how CloudWatch interpolates percentiles. Here the interpolation is linear
between the two nearest ranks.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from course.localaws.cloudwatch.metrics.store import MetricStore
from course.localaws.core.errors import AwsError, not_supported

MINUTE, HOUR, DAY = 60, 3600, 86_400
SHORT_PERIODS = (1, 5, 10, 20, 30)
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100(?:\.0{1,10})?)")
_OTHER_EXTENDED = re.compile(r"(?:(?:tm|wm|tc|ts|pr)\d.*|(?:TM|WM|PR|TC|TS)\(.*\)|IQM|iqm)")


@dataclass(frozen=True, slots=True)
class Summary:
    """The data of one metric in one period. ``observations`` are ``(value, count)`` sorted by value; None when they are unknown."""

    count: float
    sum: float
    minimum: float
    maximum: float
    observations: tuple[tuple[float, float], ...] | None

    def statistic(self, name: str) -> float | None:
        """Returns a statistic by CloudWatch's name, e.g. ``"Average"`` or ``"p99.9"``; None when it cannot be computed."""
        match name:
            case "SampleCount":
                return self.count
            case "Sum":
                return self.sum
            case "Minimum":
                return self.minimum
            case "Maximum":
                return self.maximum
            case "Average":
                return self.sum / self.count if self.count else None
        return self._percentile(float(name[1:]))

    def _percentile(self, percent: float) -> float | None:
        if self.observations is None or self.minimum < 0:
            return None
        rank = percent / 100 * max(self.count - 1, 0)
        below, above = self._at(int(rank)), self._at(int(rank) + 1)
        return below + (above - below) * (rank - int(rank))

    def _at(self, rank: int) -> float:
        """Returns the value with this many values before it."""
        seen = 0.0
        for value, count in self.observations or ():
            seen += count
            if rank < seen:
                return value
        return self.maximum


def check_statistic(name: str) -> None:
    """Raises ``InvalidParameterValue``; ``NotSupportedByLocalAws`` for trimmed means and similar statistics."""
    if name in ("SampleCount", "Average", "Sum", "Minimum", "Maximum") or _PERCENTILE.fullmatch(name):
        return
    if _OTHER_EXTENDED.fullmatch(name):
        raise not_supported("cloudwatch", f"the statistic {name}")
    raise AwsError("InvalidParameterValue", f"The value {name} for parameter Stat is not supported.")


def check_period(period: int) -> None:
    """Raises ``InvalidParameterValue``."""
    if period not in SHORT_PERIODS and period % MINUTE:
        raise AwsError("InvalidParameterValue", "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.")


def rounded_start(start: float, period: int, now: float) -> float:
    """Rounds a start time down as CloudWatch does. Older times are rounded more coarsely."""
    if period in SHORT_PERIODS:
        step = period
    else:
        age = now - start
        step = MINUTE if age < 15 * DAY else 5 * MINUTE if age < 63 * DAY else HOUR
    return start // step * step


def summaries(
    store: MetricStore, region: str, metric: dict, start: float, end: float, period: int, unit: str | None
) -> dict[tuple[float, str], Summary]:
    """Returns the data from ``start`` (inclusive) to ``end`` (exclusive): ``(begin of the period, unit)`` -> summary, in order of time."""
    periods: dict[tuple[float, str], list[sqlite3.Row]] = defaultdict(list)
    for row in store.data(region, metric, start, end):
        if unit in (None, row["unit"]):
            periods[start + (row["timestamp"] - start) // period * period, row["unit"]].append(row)
    return {key: _summary(rows) for key, rows in sorted(periods.items())}


def merged(by_unit: dict[tuple[float, str], Summary]) -> dict[float, Summary]:
    """Merges the summaries of all units."""
    periods: dict[float, list[Summary]] = defaultdict(list)
    for (moment, _), summary in by_unit.items():
        periods[moment].append(summary)
    return {moment: found[0] if len(found) == 1 else _merge(found) for moment, found in periods.items()}


def _summary(rows: list[sqlite3.Row]) -> Summary:
    return _merge([Summary(row["count"], row["sum"], row["minimum"], row["maximum"], _observations(row)) for row in rows])


def _observations(row: sqlite3.Row) -> tuple[tuple[float, float], ...] | None:
    if row["observations"]:
        return tuple((value, count) for value, count in json.loads(row["observations"]))
    # When all values are equal, a statistic set describes them completely.
    return ((row["minimum"], row["count"]),) if row["minimum"] == row["maximum"] else None


def _merge(parts: Iterable[Summary]) -> Summary:
    parts = list(parts)
    counts: dict[float, float] | None = {}
    for part in parts:
        if part.observations is None:
            counts = None
            break
        for value, count in part.observations:
            counts[value] = counts.get(value, 0.0) + count
    return Summary(
        sum(part.count for part in parts),
        sum(part.sum for part in parts),
        min(part.minimum for part in parts),
        max(part.maximum for part in parts),
        None if counts is None else tuple(sorted(counts.items())),
    )
