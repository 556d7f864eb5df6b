"""Metrics that programs log to trial components, each as a series of values."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from course.localaws.core.database import Database
from course.localaws.core.resources import Document

# In the same file as the resources, so that deleting a trial component deletes its series.
SCHEMA = """
CREATE TABLE IF NOT EXISTS metric_points (
    arn TEXT NOT NULL REFERENCES resources (arn) ON DELETE CASCADE,
    name TEXT NOT NULL,
    timestamp REAL NOT NULL,
    step INTEGER,
    value REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS metric_points_by_name ON metric_points (arn, name, timestamp)
"""


class MetricSeries:
    """Stores metric series. May be used from any thread."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)

    def put(self, arn: str, points: Iterable[dict]) -> None:
        """Add points: ``MetricName``, ``Timestamp`` in Unix seconds, ``Value`` and optionally ``Step``."""
        rows = [(arn, point["MetricName"], point["Timestamp"], point.get("Step"), point["Value"]) for point in points]
        with self._database.write() as connection:
            connection.executemany("INSERT INTO metric_points VALUES (?, ?, ?, ?, ?)", rows)

    def of(self, component: Document) -> dict:
        """The member ``Metrics`` of a trial component: its job's metrics, then the logged ones sorted by name."""
        arn = component["TrialComponentArn"]
        names = self._database.connection.execute("SELECT DISTINCT name FROM metric_points WHERE arn = ? ORDER BY name", (arn,))
        return {"Metrics": [*component.get("Metrics", []), *(summary(arn, name, self.points(arn, name)) for (name,) in names.fetchall())]}

    def points(self, arn: str, name: str) -> list[tuple[float, int | None, float]]:
        """``(timestamp, step, value)`` of a metric, sorted by time."""
        rows = self._database.connection.execute(
            "SELECT timestamp, step, value FROM metric_points WHERE arn = ? AND name = ? ORDER BY timestamp, rowid", (arn, name)
        )
        return [tuple(row) for row in rows]

    def close(self) -> None:
        self._database.close()


def summary(arn: str, name: str, points: list[tuple[float, int | None, float]]) -> dict:
    """The ``TrialComponentMetricSummary`` of at least one point, sorted by time."""
    values = [value for _, _, value in points]
    return {"MetricName": name, "SourceArn": arn, "TimeStamp": points[-1][0]} | {
        statistic: statistic_of(statistic, values) for statistic in ("Max", "Min", "Last", "Count", "Avg", "StdDev")
    }


def statistic_of(statistic: str, values: list[float]) -> float:
    """``Min``, ``Max``, ``Avg``, ``Count``, ``StdDev`` (of the population) or ``Last`` of values sorted by time."""
    match statistic:
        case "Min":
            return min(values)
        case "Max":
            return max(values)
        case "Count":
            return len(values)
        case "Last":
            return values[-1]
    mean = math.fsum(values) / len(values)
    return mean if statistic == "Avg" else math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
