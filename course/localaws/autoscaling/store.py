"""Stores scalable targets, policies, scheduled actions and activities as documents in one SQLite file.

A document is what the Describe operation returns. Members whose names begin with ``_`` are internal.
"""

from __future__ import annotations

import json
from pathlib import Path

from course.localaws.core.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS things (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, document TEXT NOT NULL,
    UNIQUE (region, kind, key)
);
CREATE TABLE IF NOT EXISTS activities (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT NULL, id TEXT NOT NULL UNIQUE, started REAL NOT NULL, document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS activities_in_time ON activities (started)
"""
TARGET, POLICY, SCHEDULED = "target", "policy", "scheduled"
KEPT_SECONDS = 42 * 86_400  # "from the previous six weeks"


class ScalingStore:
    """The store of Application Auto Scaling. Its methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)

    def get(self, region: str, kind: str, key: str) -> dict | None:
        query = "SELECT document FROM things WHERE region = ? AND kind = ? AND key = ?"
        row = self._database.connection.execute(query, (region, kind, key)).fetchone()
        return json.loads(row["document"]) if row else None

    def every(self, kind: str, region: str | None = None) -> list[tuple[str, dict]]:
        """Returns regions and documents in the order of their first `put`."""
        query = "SELECT region, document FROM things WHERE kind = ?1 AND (?2 IS NULL OR region = ?2) ORDER BY sequence"
        return [(row["region"], json.loads(row["document"])) for row in self._database.connection.execute(query, (kind, region))]

    def put(self, region: str, kind: str, key: str, document: dict) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO things (region, kind, key, document) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (region, kind, key) DO UPDATE SET document = excluded.document",
                (region, kind, key, json.dumps(document)),
            )

    def delete(self, region: str, kind: str, key: str) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM things WHERE region = ? AND kind = ? AND key = ?", (region, kind, key))

    def activity(self, region: str, document: dict) -> None:
        """Store a new or changed activity, and delete activities older than `KEPT_SECONDS`."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM activities WHERE started < ?", (document["StartTime"] - KEPT_SECONDS,))
            connection.execute(
                "INSERT INTO activities (region, id, started, document) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET document = excluded.document",
                (region, document["ActivityId"], document["StartTime"], json.dumps(document)),
            )

    def activities(self, region: str) -> list[dict]:
        """Returns the activities of a region, the newest first."""
        query = "SELECT document FROM activities WHERE region = ? ORDER BY sequence DESC"
        return [json.loads(row["document"]) for row in self._database.connection.execute(query, (region,))]

    def reset(self) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM things")
            connection.execute("DELETE FROM activities")

    def close(self) -> None:
        self._database.close()


def target_key(thing: dict) -> str:
    """Returns the key of a scalable target, or of the target of a policy, action or activity."""
    return f"{thing['ResourceId']} {thing['ScalableDimension']}"


def own_key(thing: dict, name: str) -> str:
    """Returns the key of a policy or a scheduled action."""
    return f"{target_key(thing)} {name}"
