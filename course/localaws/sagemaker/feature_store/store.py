"""The records of all feature groups in one SQLite file: the online store, and the rows that wait for the offline store.

Both are written in one transaction. So after ``kill -9`` an acknowledged record is in both or, if it was not acknowledged, in none.

Transactions are short, because all writers take turns. So a batch of the offline store is only marked as written, and a deleted group only
marked as deleted. A thread deletes their rows later, a few at a time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from course.localaws.billing import stored_bytes
from course.localaws.core.batch_writer import BatchWriter
from course.localaws.core.database import Database
from course.localaws.sagemaker.feature_store.event_times import FIRST

SCHEMA = """
CREATE TABLE IF NOT EXISTS groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0,
    batch INTEGER,
    written INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS online (
    feature_group INTEGER NOT NULL,
    identifier TEXT NOT NULL,
    event_time TEXT NOT NULL,
    record TEXT,
    expires INTEGER,
    PRIMARY KEY (feature_group, identifier)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS online_by_expiry ON online (expires) WHERE expires IS NOT NULL;
CREATE TABLE IF NOT EXISTS waiting (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    feature_group INTEGER NOT NULL,
    event_time TEXT NOT NULL,
    called INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS waiting_by_group ON waiting (feature_group, id);
CREATE TABLE IF NOT EXISTS deleted_groups (
    feature_group TEXT PRIMARY KEY,
    region TEXT NOT NULL,
    document TEXT NOT NULL
)
"""
CLEARED_AT_ONCE = 500  # rows in one transaction of the cleaner
CLEANER_PAUSE = 0.05  # seconds
_DIGITS = 21  # of an event time in nanoseconds since the year 0


@dataclass(frozen=True, slots=True)
class Version:
    """The online version of a record.

    Attributes
    ----------
    event_time : int
        Unix nanoseconds.
    text : str or None
        The features as JSON: name -> text, or a list of texts for a collection. None after a soft delete.
    expires : int or None
        Unix milliseconds from which it is gone.
    """

    event_time: int
    text: str | None
    expires: int | None = None

    @property
    def record(self) -> dict:
        return orjson.loads(self.text)

    def is_gone(self, now: int) -> bool:
        """Whether it has expired at Unix milliseconds ``now``."""
        return self.expires is not None and self.expires <= now

    def size(self, identifier: str) -> int:
        """Its bytes in the online store."""
        return len(identifier.encode()) + (len(self.text.encode()) if self.text else 0)


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One row for the offline store. ``event_time`` is in Unix nanoseconds; ``called``, the time of the request, in Unix milliseconds."""

    event_time: int
    called: int
    deleted: bool
    record: dict
    id: int = 0


@dataclass(frozen=True, slots=True)
class ExpiredVersion:
    """A version whose time has passed, with the key of its group and its identifier."""

    group: str
    identifier: str
    version: Version


class RecordStore:
    """The interface to the file. A group is named by its key: ARN and creation time, so that a new group of the same name is empty."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, f"{SCHEMA};{stored_bytes.SCHEMA}")
        self._ids: dict[str, int] = {}
        self._closing = False
        self._cleaner: BatchWriter[None] = BatchWriter(self._clean, CLEANER_PAUSE, "feature-store-cleaner")

    @contextmanager
    def write(self) -> Iterator[RecordWriter]:
        """A transaction: what is written in the block is stored as a whole, or not at all."""
        with self.database.write() as connection:
            writer = RecordWriter(connection, self._ids)
            yield writer
        self._ids |= writer.assigned

    def get(self, group: str, identifier: str) -> Version | None:
        return _version(self.database.connection, self._id(group), identifier)

    def identifiers(self, group: str, after: str | None, limit: int, now: int, deleted: bool) -> list[str]:
        """The identifiers of a group's records in order, after ``after``; soft-deleted ones only if ``deleted``, expired ones never."""
        shown = "" if deleted else " AND record IS NOT NULL"
        following = "" if after is None else " AND identifier > ?3"
        rows = self.database.connection.execute(
            f"SELECT identifier FROM online WHERE feature_group = ?1 AND (expires IS NULL OR expires > ?2){following}{shown}"
            " ORDER BY identifier LIMIT ?4",
            (self._id(group), now, after, limit),
        )
        return [row["identifier"] for row in rows]

    def online_bytes(self, group: str) -> int:
        """The size of a group's online store."""
        row = self.database.connection.execute("SELECT bytes FROM groups WHERE key = ?", (group,)).fetchone()
        return row["bytes"] if row else 0

    def next_expiry(self) -> int | None:
        """Unix milliseconds at which the next record expires."""
        row = self.database.connection.execute(
            "SELECT expires FROM online JOIN groups ON groups.id = feature_group WHERE NOT deleted AND expires IS NOT NULL"
            " ORDER BY expires LIMIT 1"
        ).fetchone()
        return row["expires"] if row else None

    def expired(self, now: int, limit: int) -> list[ExpiredVersion]:
        """Records that have expired at Unix milliseconds ``now``, the earliest first."""
        rows = self.database.connection.execute(
            "SELECT key, identifier, event_time, record, expires FROM online JOIN groups ON groups.id = feature_group"
            " WHERE NOT deleted AND expires <= ? ORDER BY expires LIMIT ?",
            (now, limit),
        )
        return [ExpiredVersion(row["key"], row["identifier"], _read(row)) for row in rows]

    def batch(self, group: str, most_rows: int) -> list[WaitingRow]:
        """The rows of a group that are written next, in the order of their arrival, at most ``most_rows``.

        The batch stays the same until `written` is called, even after a kill. The helper of a killed process may still call this for a
        moment beside the helper of the next one; then both get the same batch.
        """
        connection = self.database.connection
        found = connection.execute("SELECT id, batch, written FROM groups WHERE key = ?", (group,)).fetchone()
        if found is None:
            return []
        last = found["batch"]
        if last is None:
            last = _last_of_batch(connection, found, most_rows)
            if last is None:
                return []
            with self.database.write() as writing:
                writing.execute("UPDATE groups SET batch = ?2 WHERE id = ?1 AND batch IS NULL AND written < ?2", (found["id"], last))
                found = writing.execute("SELECT id, batch, written FROM groups WHERE id = ?", (found["id"],)).fetchone()
            last = found["batch"]
        rows = connection.execute(
            "SELECT * FROM waiting WHERE feature_group = ? AND id > ? AND id <= ? ORDER BY id", (found["id"], found["written"], last)
        )
        return [
            WaitingRow(_moment(row["event_time"]), row["called"], bool(row["deleted"]), orjson.loads(row["record"]), row["id"])
            for row in rows
        ]

    def is_waiting(self, group: str) -> bool:
        """Whether a group has rows that are not in the offline store yet."""
        query = "SELECT 1 FROM waiting JOIN groups ON groups.id = feature_group WHERE key = ? AND waiting.id > written LIMIT 1"
        return self.database.connection.execute(query, (group,)).fetchone() is not None

    def written(self, group: str) -> None:
        """The group's batch is in the offline store."""
        with self.database.write() as connection:
            connection.execute("UPDATE groups SET written = coalesce(batch, written), batch = NULL WHERE key = ?", (group,))
        self._cleaner.add(None)

    def remember_deleted(self, group: str, region: str, document: dict) -> None:
        """Keep the document of a deleted group while rows of it are waiting."""
        with self.database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO deleted_groups VALUES (?, ?, ?)", (group, region, orjson.dumps(document).decode()))

    def forget_deleted(self, group: str) -> None:
        with self.database.write() as connection:
            connection.execute("DELETE FROM deleted_groups WHERE feature_group = ?", (group,))
        self._cleaner.add(None)

    def deleted_groups(self) -> list[tuple[str, dict]]:
        """Region and document of each deleted group that has waiting rows."""
        rows = self.database.connection.execute("SELECT region, document FROM deleted_groups").fetchall()
        return [(row["region"], orjson.loads(row["document"])) for row in rows]

    def forget(self, group: str) -> None:
        """Delete a group's online records. Its waiting rows are still written."""
        with self.database.write() as connection:
            connection.execute("UPDATE groups SET deleted = 1 WHERE key = ?", (group,))
        self._cleaner.add(None)

    def recover(self, groups: Collection[str]) -> None:
        """After a start: delete what the last process had still to delete. ``groups`` are the keys of all groups that exist."""
        for row in self.database.connection.execute("SELECT key FROM groups WHERE NOT deleted").fetchall():
            if row["key"] not in groups:
                self.forget(row["key"])
        self._cleaner.add(None)

    def reset(self) -> None:
        self._cleaner.clear()
        with self.database.write() as connection:
            for table in ("online", "waiting", "groups", "deleted_groups", "stored"):
                connection.execute(f"DELETE FROM {table}")
            self._ids.clear()

    def close(self) -> None:
        """Close the file. The next use opens it again."""
        self._closing = True
        self._cleaner.clear()
        self.database.close()
        self._closing = False

    def _id(self, group: str) -> int | None:
        """The number of a group; None before its first record."""
        if group not in self._ids:
            row = self.database.connection.execute("SELECT id FROM groups WHERE key = ?", (group,)).fetchone()
            if row is None:
                return None
            self._ids[group] = row["id"]
        return self._ids[group]

    def _clean(self, _: list[None]) -> None:
        """In the cleaner's thread: delete rows that are in the offline store, and the online records of deleted groups."""
        some = (
            "SELECT id, deleted, written FROM groups"
            " WHERE EXISTS (SELECT 1 FROM waiting WHERE feature_group = groups.id AND waiting.id <= written)"
            " OR deleted AND EXISTS (SELECT 1 FROM online WHERE feature_group = groups.id)"
        )
        for id, deleted, written in self.database.connection.execute(some).fetchall():
            self._delete("waiting WHERE id IN (SELECT id FROM waiting WHERE feature_group = ?1 AND id <= ?2 LIMIT ?3)", id, written)
            if deleted:
                first = "SELECT identifier FROM online WHERE feature_group = ?1 LIMIT ?3"
                self._delete(f"online WHERE feature_group = ?1 AND identifier IN ({first})", id, written)

    def _delete(self, rows: str, group: int, written: int) -> None:
        """Delete rows in short transactions."""
        more = True
        while more and not self._closing:
            with self.database.write() as connection:
                more = connection.execute(f"DELETE FROM {rows}", (group, written, CLEARED_AT_ONCE)).rowcount == CLEARED_AT_ONCE


class RecordWriter:
    """The changes of one transaction."""

    def __init__(self, connection: sqlite3.Connection, known: Mapping[str, int]) -> None:
        self._connection, self._known = connection, known
        self.assigned: dict[str, int] = {}

    def get(self, group: str, identifier: str) -> Version | None:
        return _version(self._connection, self._id(group), identifier)

    def put(self, group: str, identifier: str, version: Version, before: Version | None) -> None:
        """Store the online version of a record in place of ``before``."""
        self._connection.execute(
            "INSERT OR REPLACE INTO online (feature_group, identifier, event_time, record, expires) VALUES (?, ?, ?, ?, ?)",
            (self._id(group), identifier, _sortable(version.event_time), version.text, version.expires),
        )
        self._grow(group, version.size(identifier) - (before.size(identifier) if before else 0))

    def remove(self, group: str, identifier: str, before: Version) -> None:
        self._connection.execute("DELETE FROM online WHERE feature_group = ? AND identifier = ?", (self._id(group), identifier))
        self._grow(group, -before.size(identifier))

    def append(self, group: str, event_time: int, called: int, deleted: bool, text: str) -> None:
        """Add a row for the offline store: see `WaitingRow`; ``text`` has the features as JSON."""
        self._connection.execute(
            "INSERT INTO waiting (feature_group, event_time, called, deleted, record) VALUES (?, ?, ?, ?, ?)",
            (self._id(group), _sortable(event_time), called, deleted, text),
        )

    def _id(self, group: str) -> int:
        """The number of a group; the first use assigns it."""
        id = self._known.get(group) or self.assigned.get(group)
        if id is None:
            self._connection.execute("INSERT OR IGNORE INTO groups (key) VALUES (?)", (group,))
            id = self._connection.execute("SELECT id FROM groups WHERE key = ?", (group,)).fetchone()["id"]
            self.assigned[group] = id
        return id

    def _grow(self, group: str, bytes: int) -> None:
        self._connection.execute("UPDATE groups SET bytes = bytes + ? WHERE id = ?", (bytes, self._id(group)))


def _last_of_batch(connection: sqlite3.Connection, group: sqlite3.Row, most_rows: int) -> int | None:
    """The id of the last row of a group's next batch; None when no row waits."""
    waiting = "SELECT id FROM waiting WHERE feature_group = ? AND id > ? ORDER BY id LIMIT ?"
    return connection.execute(f"SELECT max(id) FROM ({waiting})", (group["id"], group["written"], most_rows)).fetchone()[0]


def _version(connection: sqlite3.Connection, group: int | None, identifier: str) -> Version | None:
    row = connection.execute(
        "SELECT event_time, record, expires FROM online WHERE feature_group = ? AND identifier = ?", (group, identifier)
    ).fetchone()
    return None if row is None else _read(row)


def _read(row: sqlite3.Row) -> Version:
    return Version(_moment(row["event_time"]), row["record"], row["expires"])


def _sortable(event_time: int) -> str:
    """Nanoseconds of the years 0 to 9999 do not fit into SQLite's 64 bits. So they are texts of equal length."""
    return f"{event_time - FIRST:0{_DIGITS}d}"


def _moment(text: str) -> int:
    return int(text) + FIRST
