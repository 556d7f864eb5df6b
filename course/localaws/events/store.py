"""The durable state of EventBridge and of its Scheduler: documents in one SQLite file, and the deliveries that are still to be made.

Both are in one file, so that a rule's next time and the deliveries of the present one change in one transaction. A document is what the
Describe or Get operation returns; members whose names begin with ``_`` are internal.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course.localaws.core.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, region TEXT NOT NULL, place TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (kind, region, place, name)
);
CREATE TABLE IF NOT EXISTS deliveries (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, due REAL NOT NULL, document TEXT NOT NULL
)
"""
BUS, RULE, SCHEDULE, GROUP = "bus", "rule", "schedule", "group"
MIGRATION = "migration"  # its only document says that the rules and schedules of an earlier release are still moto's


class EventStore:
    """Documents by kind, region, place and name. A rule's place is its bus, a schedule's its group.

    Methods may be called from any thread.
    """

    def __init__(self, path: Path) -> None:
        of_earlier_release = not path.exists() and path.with_name("journal.db").exists()
        self.database = Database(path, SCHEMA)
        if of_earlier_release:
            with self.change() as change:
                change.put(MIGRATION, "", "", "", {})

    def get(self, kind: str, region: str, place: str, name: str) -> dict | None:
        query = "SELECT document FROM documents WHERE kind = ? AND region = ? AND place = ? AND name = ?"
        row = self.database.connection.execute(query, (kind, region, place, name)).fetchone()
        return json.loads(row["document"]) if row else None

    def every(self, kind: str, region: str | None = None, place: str | None = None) -> list[tuple[str, str, dict]]:
        """Regions, places and documents by name."""
        query = (
            "SELECT region, place, document FROM documents WHERE kind = ?1 AND (?2 IS NULL OR region = ?2) AND (?3 IS NULL OR place = ?3)"
            " ORDER BY name, place, region"
        )
        rows = self.database.connection.execute(query, (kind, region, place))
        return [(row["region"], row["place"], json.loads(row["document"])) for row in rows]

    @contextmanager
    def change(self) -> Iterator[Change]:
        """A transaction that changes documents and deliveries."""
        with self.database.write() as connection:
            yield Change(connection)

    def reset(self) -> None:
        with self.database.write() as connection:
            connection.execute("DELETE FROM documents")
            connection.execute("DELETE FROM deliveries")

    def close(self) -> None:
        self.database.close()


def shown(document: dict) -> dict:
    """A document without its internal members."""
    return {member: value for member, value in document.items() if not member.startswith("_")}


class Change:
    """One transaction.

    Attributes
    ----------
    added : list of (float, int)
        Due time and sequence of each added delivery.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.added: list[tuple[float, int]] = []

    def put(self, kind: str, region: str, place: str, name: str, document: dict) -> None:
        self._connection.execute("REPLACE INTO documents VALUES (?, ?, ?, ?, ?)", (kind, region, place, name, json.dumps(document)))

    def delete(self, kind: str, region: str, place: str, name: str) -> None:
        query = "DELETE FROM documents WHERE kind = ? AND region = ? AND place = ? AND name = ?"
        self._connection.execute(query, (kind, region, place, name))

    def add_delivery(self, due: float, document: dict) -> None:
        added = self._connection.execute("INSERT INTO deliveries (due, document) VALUES (?, ?)", (due, json.dumps(document)))
        self.added.append((due, added.lastrowid))

    def postpone(self, sequence: int, due: float, document: dict) -> None:
        self._connection.execute("UPDATE deliveries SET due = ?, document = ? WHERE sequence = ?", (due, json.dumps(document), sequence))
        self.added.append((due, sequence))

    def end_delivery(self, sequence: int) -> None:
        self._connection.execute("DELETE FROM deliveries WHERE sequence = ?", (sequence,))
