"""Stores metrics and their data points in one SQLite file."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from course.localaws.core.clock import Clock
from course.localaws.core.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS metrics (
    id INTEGER PRIMARY KEY, region TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, dimensions TEXT NOT NULL,
    updated REAL NOT NULL, UNIQUE (region, namespace, name, dimensions)
);
CREATE TABLE IF NOT EXISTS data (
    metric INTEGER NOT NULL REFERENCES metrics, timestamp REAL NOT NULL, unit TEXT NOT NULL,
    count REAL NOT NULL, sum REAL NOT NULL, minimum REAL NOT NULL, maximum REAL NOT NULL, observations TEXT
);
CREATE INDEX IF NOT EXISTS data_in_time ON data (metric, timestamp)
"""


@dataclass(frozen=True, slots=True)
class MetricDatum:
    """Observations of one metric at one time.

    Attributes
    ----------
    timestamp : float
        Unix seconds, stored to the minute, or to the second when ``resolution`` is 1.
    count, sum, minimum, maximum : float
        The statistic set of the observations.
    observations : tuple of (value, count), or None
        Each value and its number of observations. None when only the statistic set was published; then there are no percentiles.
    """

    namespace: str
    name: str
    timestamp: float
    unit: str
    count: float
    sum: float
    minimum: float
    maximum: float
    observations: tuple[tuple[float, float], ...] | None
    dimensions: Mapping[str, str] = field(default_factory=dict)
    resolution: int = 60


class MetricStore:
    """The interface to CloudWatch metrics for other services. Methods may be called from any thread."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.database = Database(path, SCHEMA)
        self.database.add_columns("metrics", {"sent": "INTEGER"})  # the last hour in which a customer sent data
        self.clock = clock
        self._flushes: list[Callable[[], object]] = []

    def flush_before_reading(self, flush: Callable[[], object]) -> None:
        """Register a function to call before each read. A service that buffers data passes its flush function."""
        self._flushes.append(flush)

    def _flush(self) -> None:
        for flush in self._flushes:
            flush()

    def put(
        self,
        region: str,
        namespace: str,
        name: str,
        value: float,
        dimensions: Mapping[str, str] | None = None,
        unit: str = "None",
        timestamp: float | None = None,
    ) -> None:
        """Record one observation. ``timestamp`` is in Unix seconds, now by default. Ignores NaN and infinity: CloudWatch has neither."""
        if not math.isfinite(value):
            return
        moment = self.clock.now() if timestamp is None else timestamp
        self.put_data(region, [observed(namespace, name, [(value, 1.0)], dimensions or {}, unit, moment)])

    def put_data(self, region: str, data: Iterable[MetricDatum], hour: int | None = None) -> int:
        """Record many observations in one transaction, which is much faster than one `put` for each.

        Parameters
        ----------
        hour : int, optional
            The hour since 1970 in which a customer sends the data.

        Returns
        -------
        int
            How many of the metrics the customer had not sent before in this hour.
        """
        new = 0
        with self.database.write() as connection:
            for datum in data:
                moment = datum.timestamp // datum.resolution * datum.resolution
                key = (region, datum.namespace, datum.name, dimensions_key(datum.dimensions))
                connection.execute(
                    "INSERT INTO metrics (region, namespace, name, dimensions, updated) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET updated = max(updated, excluded.updated)",
                    (*key, moment),
                )
                query = "SELECT id FROM metrics WHERE region = ? AND namespace = ? AND name = ? AND dimensions = ?"
                metric = connection.execute(query, key).fetchone()[0]
                if hour is not None:
                    new += connection.execute("UPDATE metrics SET sent = ?1 WHERE id = ?2 AND sent IS NOT ?1", (hour, metric)).rowcount
                # The statistic set already describes a single value. Only several values need their list.
                plain = datum.observations is not None and len(datum.observations) == 1
                observations = None if plain or datum.observations is None else json.dumps(datum.observations)
                statistics = (datum.count, datum.sum, datum.minimum, datum.maximum)
                connection.execute(
                    "INSERT INTO data VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (metric, moment, datum.unit, *statistics, observations)
                )
        return new

    def data(self, region: str, metric: Mapping, start: float, end: float) -> Iterator[sqlite3.Row]:
        """Returns the data of a metric (``{"Namespace", "MetricName", "Dimensions"}``) in ``start <= time < end``, in order of time."""
        self._flush()
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", ())}
        query = (
            "SELECT data.* FROM data JOIN metrics ON metrics.id = data.metric WHERE region = ? AND namespace = ? AND name = ?"
            " AND dimensions = ? AND timestamp >= ? AND timestamp < ? ORDER BY timestamp"
        )
        key = (region, metric["Namespace"], metric["MetricName"], dimensions_key(dimensions))
        return iter(self.database.connection.execute(query, (*key, start, end)))

    def first_after(self, region: str, metric: Mapping, moment: float) -> float | None:
        """Returns the time of a metric's first datum at ``moment`` or later; None when there is none."""
        return next((row["timestamp"] for row in self.data(region, metric, moment, math.inf)), None)

    def metrics(self, region: str, namespace: str | None, name: str | None, since: float, after: int, limit: int) -> list[sqlite3.Row]:
        """Returns metrics with data since a time, in the order of their first datum, starting after the metric with id ``after``."""
        self._flush()
        query = (
            "SELECT * FROM metrics WHERE region = ?1 AND (?2 IS NULL OR namespace = ?2) AND (?3 IS NULL OR name = ?3)"
            " AND updated >= ?4 AND id > ?5 ORDER BY id LIMIT ?6"
        )
        return self.database.connection.execute(query, (region, namespace, name, since, after, limit)).fetchall()

    def reset(self) -> None:
        """Delete every metric."""
        self._flush()
        with self.database.write() as connection:
            connection.execute("DELETE FROM data")
            connection.execute("DELETE FROM metrics")

    def shutdown(self) -> None:
        self.database.close()


def observed(
    namespace: str,
    name: str,
    observations: Iterable[tuple[float, float]],
    dimensions: Mapping[str, str],
    unit: str,
    timestamp: float,
    resolution: int = 60,
) -> MetricDatum:
    """Returns a datum made of ``(value, count)`` pairs."""
    pairs = tuple((float(value), float(count)) for value, count in observations)
    values = [value for value, _ in pairs]
    total = sum(value * count for value, count in pairs)
    count = sum(count for _, count in pairs)
    return MetricDatum(namespace, name, timestamp, unit, count, total, min(values), max(values), pairs, dimensions, resolution)


def dimensions_key(dimensions: Mapping[str, str]) -> str:
    """Returns dimensions as an index key. Their order does not matter, but a metric is found only by all its dimensions."""
    return json.dumps(sorted(dimensions.items()), ensure_ascii=False)
