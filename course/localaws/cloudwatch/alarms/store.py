"""Stores alarms and their histories in one SQLite file. An alarm's document has the form of DescribeAlarms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from course.localaws.core.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS alarms (
    region TEXT NOT NULL, name TEXT NOT NULL, composite INTEGER NOT NULL, document TEXT NOT NULL, tags TEXT NOT NULL,
    PRIMARY KEY (region, name)
);
CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT NULL, name TEXT NOT NULL, composite INTEGER NOT NULL, time REAL NOT NULL,
    type TEXT NOT NULL, summary TEXT NOT NULL, data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS history_of_alarm ON history (region, name, time);
CREATE INDEX IF NOT EXISTS history_in_time ON history (time)
"""
KEPT_SECONDS = 30 * 86_400  # "CloudWatch saves alarm history for 30 days"


class AlarmStore:
    """The store of alarms, safe to use from any thread. All alarms are in memory too, since each minute reads them."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)
        rows = self._database.connection.execute("SELECT region, name, document FROM alarms")
        self._alarms: dict[tuple[str, str], dict] = {(row["region"], row["name"]): json.loads(row["document"]) for row in rows}

    def get(self, region: str, name: str) -> dict | None:
        return self._alarms.get((region, name))

    def every(self, region: str | None = None) -> list[tuple[str, dict]]:
        """Returns regions and alarms, ordered by name."""
        found = sorted(self._alarms.copy().items())
        return [(place, alarm) for (place, _), alarm in found if region in (None, place)]

    def put(self, region: str, alarm: dict, tags: list[dict] | None = None) -> None:
        """Store a new or changed alarm. ``tags`` is given only for a new one."""
        name = alarm["AlarmName"]
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO alarms VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET document = excluded.document",
                (region, name, "AlarmRule" in alarm, json.dumps(alarm), json.dumps(tags or [])),
            )
            self._alarms[region, name] = alarm

    def delete(self, region: str, name: str) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM alarms WHERE region = ? AND name = ?", (region, name))
            self._alarms.pop((region, name), None)

    def tags(self, region: str, name: str) -> list[dict]:
        row = self._database.connection.execute("SELECT tags FROM alarms WHERE region = ? AND name = ?", (region, name)).fetchone()
        return json.loads(row["tags"]) if row else []

    def tag(self, region: str, name: str, tags: list[dict]) -> None:
        with self._database.write() as connection:
            connection.execute("UPDATE alarms SET tags = ? WHERE region = ? AND name = ?", (json.dumps(tags), region, name))

    def note(self, region: str, alarm: dict, moment: float, kind: str, summary: str, data: dict) -> None:
        """Add an item to an alarm's history, and delete items older than `KEPT_SECONDS`."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM history WHERE time < ?", (moment - KEPT_SECONDS,))
            connection.execute(
                "INSERT INTO history (region, name, composite, time, type, summary, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (region, alarm["AlarmName"], "AlarmRule" in alarm, moment, kind, summary[:255], json.dumps(data)[:4095]),
            )

    def history(self, region: str, name: str | None, kind: str | None, start: float, end: float, ascending: bool) -> Iterator[dict]:
        """Returns history items in the form of DescribeAlarmHistory."""
        rows = self._database.connection.execute(
            "SELECT * FROM history WHERE region = ?1 AND (?2 IS NULL OR name = ?2) AND (?3 IS NULL OR type = ?3)"
            f" AND time >= ?4 AND time <= ?5 ORDER BY time {'ASC' if ascending else 'DESC'}, id {'ASC' if ascending else 'DESC'}",
            (region, name, kind, start, end),
        )
        for row in rows:
            yield {
                "AlarmName": row["name"],
                "AlarmType": "CompositeAlarm" if row["composite"] else "MetricAlarm",
                "Timestamp": row["time"],
                "HistoryItemType": row["type"],
                "HistorySummary": row["summary"],
                "HistoryData": row["data"],
            }

    def reset(self) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM alarms")
            connection.execute("DELETE FROM history")
            self._alarms.clear()

    def close(self) -> None:
        self._database.close()
