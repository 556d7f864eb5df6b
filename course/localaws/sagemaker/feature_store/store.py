"""The records of all feature groups in one SQLite file: the online store, and the rows that wait for the offline store.

Both are written in one transaction. So after ``kill -9`` an acknowledged record is in both or, if it was not acknowledged, in none.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from course.localaws.core.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS online (
    feature_group TEXT NOT NULL,
    identifier TEXT NOT NULL,
    event_time INTEGER NOT NULL,
    record TEXT,
    expires INTEGER,
    PRIMARY KEY (feature_group, identifier)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS waiting (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    feature_group TEXT NOT NULL,
    event_time INTEGER NOT NULL,
    called INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS waiting_by_group ON waiting (feature_group, id);
CREATE TABLE IF NOT EXISTS batches (
    feature_group TEXT PRIMARY KEY,
    last INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS deleted_groups (
    feature_group TEXT PRIMARY KEY,
    region TEXT NOT NULL,
    document TEXT NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Version:
    """The online version of a record.

    Attributes
    ----------
    event_time : int
        Unix milliseconds.
    record : dict or None
        Feature name -> text, or a list of texts for a collection. None after a soft delete.
    expires : int or None
        Unix milliseconds after which it is not shown.
    """

    event_time: int
    record: dict | None
    expires: int | None


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One row for the offline store. Times are in Unix milliseconds; ``called`` is the time of the request."""

    event_time: int
    called: int
    deleted: bool
    record: dict
    id: int = 0


class RecordStore:
    """The interface to the file. A group is named by its key: ARN and creation time, so that a new group of the same name is empty."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)

    @contextmanager
    def write(self) -> Iterator[RecordWriter]:
        """A transaction: what is written in the block is stored as a whole, or not at all."""
        with self._database.write() as connection:
            yield RecordWriter(connection)

    def get(self, group: str, identifier: str) -> Version | None:
        return _version(self._database.connection, group, identifier)

    def batch(self, group: str, most_rows: int, most_hours: int) -> list[WaitingRow]:
        """The rows of a group that are written next: at most ``most_rows``, of about ``most_hours`` hours of event time.

        The batch stays the same until `written` is called, even after a kill.
        """
        with self._database.write() as connection:
            found = connection.execute("SELECT last FROM batches WHERE feature_group = ?", (group,)).fetchone()
            if found is None:
                waiting = connection.execute(
                    "SELECT id, event_time / 3600000 FROM waiting WHERE feature_group = ? ORDER BY id LIMIT ?", (group, most_rows)
                )
                last, hours = None, set()
                for id, hour in waiting:
                    if len(hours) == most_hours and hour not in hours:
                        break
                    last = id
                    hours.add(hour)
                if last is None:
                    return []
                found = (last,)
                connection.execute("INSERT INTO batches (feature_group, last) VALUES (?, ?)", (group, last))
        # Outside the transaction: a row that is in a batch does not change, and PutRecord need not wait.
        rows = self._database.connection.execute(
            "SELECT * FROM waiting WHERE feature_group = ? AND id <= ? ORDER BY id", (group, found[0])
        ).fetchall()
        return [WaitingRow(row["event_time"], row["called"], bool(row["deleted"]), json.loads(row["record"]), row["id"]) for row in rows]

    def is_waiting(self, group: str) -> bool:
        """Whether a group has rows that are not in the offline store yet."""
        return self._database.connection.execute("SELECT 1 FROM waiting WHERE feature_group = ?", (group,)).fetchone() is not None

    def written(self, group: str) -> None:
        """The group's batch is in the offline store."""
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM waiting WHERE feature_group = ? AND id <= (SELECT last FROM batches WHERE feature_group = ?)", (group, group)
            )
            connection.execute("DELETE FROM batches WHERE feature_group = ?", (group,))

    def remember_deleted(self, group: str, region: str, document: dict) -> None:
        """Keep the document of a deleted group while rows of it are waiting."""
        with self._database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO deleted_groups VALUES (?, ?, ?)", (group, region, json.dumps(document)))

    def forget_deleted(self, group: str) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM deleted_groups WHERE feature_group = ?", (group,))

    def deleted_groups(self) -> list[tuple[str, dict]]:
        """Region and document of each deleted group that has waiting rows."""
        rows = self._database.connection.execute("SELECT region, document FROM deleted_groups").fetchall()
        return [(row["region"], json.loads(row["document"])) for row in rows]

    def reset(self) -> None:
        with self._database.write() as connection:
            for table in ("online", "waiting", "batches", "deleted_groups"):
                connection.execute(f"DELETE FROM {table}")

    def close(self) -> None:
        self._database.close()


class RecordWriter:
    """The changes of one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, group: str, identifier: str) -> Version | None:
        return _version(self._connection, group, identifier)

    def put(self, group: str, identifier: str, version: Version) -> None:
        record = None if version.record is None else json.dumps(version.record)
        self._connection.execute(
            "INSERT OR REPLACE INTO online (feature_group, identifier, event_time, record, expires) VALUES (?, ?, ?, ?, ?)",
            (group, identifier, version.event_time, record, version.expires),
        )

    def remove(self, group: str, identifier: str) -> None:
        self._connection.execute("DELETE FROM online WHERE feature_group = ? AND identifier = ?", (group, identifier))

    def append(self, group: str, row: WaitingRow) -> None:
        """Add a row for the offline store."""
        self._connection.execute(
            "INSERT INTO waiting (feature_group, event_time, called, deleted, record) VALUES (?, ?, ?, ?, ?)",
            (group, row.event_time, row.called, row.deleted, json.dumps(row.record)),
        )

    def forget(self, group: str) -> None:
        """Delete the online records of a group."""
        self._connection.execute("DELETE FROM online WHERE feature_group = ?", (group,))


def _version(connection: sqlite3.Connection, group: str, identifier: str) -> Version | None:
    row = connection.execute(
        "SELECT event_time, record, expires FROM online WHERE feature_group = ? AND identifier = ?", (group, identifier)
    ).fetchone()
    if row is None:
        return None
    return Version(row["event_time"], None if row["record"] is None else json.loads(row["record"]), row["expires"])
