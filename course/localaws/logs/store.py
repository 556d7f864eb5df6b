"""Log groups, streams and their events, in one SQLite file."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from course.localaws.billing import stored_bytes
from course.localaws.core.clock import Clock
from course.localaws.core.database import Database
from course.localaws.core.errors import AwsError

SCHEMA = """
CREATE TABLE IF NOT EXISTS groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL, retention INTEGER,
    class TEXT NOT NULL DEFAULT 'STANDARD', kms_key TEXT, tags TEXT NOT NULL DEFAULT '{}', UNIQUE (region, name)
);
CREATE TABLE IF NOT EXISTS streams (
    id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER NOT NULL REFERENCES groups ON DELETE CASCADE, name TEXT NOT NULL,
    created INTEGER NOT NULL, first_event INTEGER, last_event INTEGER, last_ingestion INTEGER,
    stored INTEGER NOT NULL DEFAULT 0, UNIQUE (group_id, name)
);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, stream_id INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    timestamp INTEGER NOT NULL, ingestion INTEGER NOT NULL, message TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_in_time ON events (stream_id, timestamp, id)
"""
# Lines in one transaction. The limit keeps a job that prints 100 MB from filling the memory or blocking other writers.
BATCH = 5_000
# Bytes that AWS adds to the size of each event's message.
EVENT_OVERHEAD = 26
# Bytes of the longest message of an event. AWS refuses more, so a longer line of a job is cut (quota "Event size", 1 MB).
MAX_MESSAGE = 1_048_576 - EVENT_OVERHEAD


class LogStore:
    """Log groups, streams and events, for all packages. Times are in milliseconds since 1970. Methods may be called from any thread.

    Attributes
    ----------
    listeners : list of callables
        Each is called with the region, the group and the bytes of new events.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.database = Database(path, f"{SCHEMA};{stored_bytes.SCHEMA}")
        self.listeners: list[Callable[[str, str, int], None]] = []
        self._clock = clock

    def now(self) -> int:
        return int(self._clock.now() * 1000)

    def ensure_group(self, region: str, group: str) -> None:
        """Creates a log group if it does not exist."""
        with self.database.write() as connection:
            self._group_id(connection, region, group)

    def append(self, region: str, group: str, stream: str, lines: Iterable[tuple[int, str]]) -> None:
        """Adds ``(milliseconds, text)`` events. Creates the group and the stream if they do not exist.

        A text that is too long for one event is cut, as AWS's container log drivers do.
        """
        with self.database.write() as connection:
            self._stream_id(connection, self._group_id(connection, region, group), stream)
        source = iter(lines)
        while batch := list(itertools.islice(source, BATCH)):
            events = [(timestamp, text if text.isascii() and len(text) <= MAX_MESSAGE else _fitting(text)) for timestamp, text in batch]
            with self.database.write() as connection:
                stream_id = self._stream_id(connection, self._group_id(connection, region, group), stream)
                self.insert(connection, stream_id, events)

    def insert(self, connection: sqlite3.Connection, stream_id: int, events: list[tuple[int, str]]) -> None:
        """Adds events to a stream and updates its first and last times, in the caller's transaction."""
        now = self.now()
        connection.executemany(
            "INSERT INTO events (stream_id, timestamp, ingestion, message) VALUES (?, ?, ?, ?)",
            ((stream_id, timestamp, now, message) for timestamp, message in events),
        )
        times, size = [timestamp for timestamp, _ in events], sum(len(message.encode()) + EVENT_OVERHEAD for _, message in events)
        connection.execute(
            "UPDATE streams SET first_event = min(coalesce(first_event, ?1), ?1), last_event = max(coalesce(last_event, ?2), ?2),"
            " last_ingestion = ?3, stored = stored + ?4 WHERE id = ?5",
            (min(times), max(times), now, size, stream_id),
        )
        named = "SELECT region, groups.name AS name FROM streams JOIN groups ON groups.id = group_id WHERE streams.id = ?"
        place = connection.execute(named, (stream_id,)).fetchone()
        for listener in self.listeners:
            listener(place["region"], place["name"], size)

    def create_group(self, region: str, name: str, log_class: str, kms_key: str | None, tags: dict[str, str]) -> None:
        """Creates a log group. Raises ``ResourceAlreadyExistsException``."""
        try:
            with self.database.write() as connection:
                connection.execute(
                    "INSERT INTO groups (region, name, created, class, kms_key, tags) VALUES (?, ?, ?, ?, ?, ?)",
                    (region, name, self.now(), log_class, kms_key, json.dumps(tags)),
                )
        except sqlite3.IntegrityError:
            raise AwsError("ResourceAlreadyExistsException", "The specified log group already exists") from None

    def create_stream(self, region: str, group: str, name: str) -> None:
        """Creates a log stream. Raises ``ResourceNotFoundException``, ``ResourceAlreadyExistsException``."""
        group_id = self.group(region, group)["id"]
        try:
            with self.database.write() as connection:
                connection.execute("INSERT INTO streams (group_id, name, created) VALUES (?, ?, ?)", (group_id, name, self.now()))
        except sqlite3.IntegrityError:
            raise AwsError("ResourceAlreadyExistsException", "The specified log stream already exists") from None

    def group(self, region: str, name: str) -> sqlite3.Row:
        """The row of a log group. Raises ``ResourceNotFoundException``."""
        row = self.database.connection.execute("SELECT * FROM groups WHERE region = ? AND name = ?", (region, name)).fetchone()
        if row is None:
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
        return row

    def stream(self, region: str, group: str, name: str) -> sqlite3.Row:
        """The row of a log stream. Raises ``ResourceNotFoundException``."""
        group_id = self.group(region, group)["id"]
        row = self.database.connection.execute("SELECT * FROM streams WHERE group_id = ? AND name = ?", (group_id, name)).fetchone()
        if row is None:
            raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
        return row

    def groups(self, region: str) -> Iterator[sqlite3.Row]:
        """The groups of a region by name, each with ``stored``, the bytes of its events."""
        query = (
            "SELECT *, (SELECT coalesce(sum(stored), 0) FROM streams WHERE group_id = groups.id) AS stored"
            " FROM groups WHERE region = ? ORDER BY name"
        )
        yield from self.database.connection.execute(query, (region,)).fetchall()

    def streams(self, group_id: int, prefix: str = "") -> list[sqlite3.Row]:
        """The streams of a group whose names start with ``prefix``, by name."""
        query = "SELECT * FROM streams WHERE group_id = ?1 AND name >= ?2 AND substr(name, 1, length(?2)) = ?2 ORDER BY name"
        return self.database.connection.execute(query, (group_id, prefix)).fetchall()

    def update_group(self, region: str, name: str, **columns: object) -> None:
        """Sets columns of a group. Raises ``ResourceNotFoundException``."""
        assignments = ", ".join(f"{column} = ?" for column in columns)
        with self.database.write() as connection:
            self.group(region, name)
            connection.execute(f"UPDATE groups SET {assignments} WHERE region = ? AND name = ?", (*columns.values(), region, name))

    def delete_group(self, region: str, name: str) -> None:
        """Deletes a log group. Raises ``ResourceNotFoundException``."""
        with self.database.write() as connection:
            connection.execute("DELETE FROM groups WHERE id = ?", (self.group(region, name)["id"],))

    def delete_stream(self, region: str, group: str, name: str) -> None:
        """Deletes a log stream. Raises ``ResourceNotFoundException``."""
        with self.database.write() as connection:
            connection.execute("DELETE FROM streams WHERE id = ?", (self.stream(region, group, name)["id"],))

    def reset(self) -> None:
        """Deletes all groups."""
        with self.database.write() as connection:
            connection.execute("DELETE FROM groups")
            connection.execute("DELETE FROM stored")

    def shutdown(self) -> None:
        self.database.close()

    def _group_id(self, connection: sqlite3.Connection, region: str, name: str) -> int:
        connection.execute("INSERT OR IGNORE INTO groups (region, name, created) VALUES (?, ?, ?)", (region, name, self.now()))
        return connection.execute("SELECT id FROM groups WHERE region = ? AND name = ?", (region, name)).fetchone()[0]

    def _stream_id(self, connection: sqlite3.Connection, group_id: int, name: str) -> int:
        connection.execute("INSERT OR IGNORE INTO streams (group_id, name, created) VALUES (?, ?, ?)", (group_id, name, self.now()))
        return connection.execute("SELECT id FROM streams WHERE group_id = ? AND name = ?", (group_id, name)).fetchone()[0]


def _fitting(text: str) -> str:
    """The text as valid Unicode, cut to the longest message of an event."""
    return text.encode(errors="replace")[:MAX_MESSAGE].decode(errors="ignore")
