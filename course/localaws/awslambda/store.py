"""Functions and waiting events, in one SQLite file."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from course.localaws.core.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS functions (region TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (region, name));
CREATE TABLE IF NOT EXISTS events (
    id TEXT PRIMARY KEY, region TEXT NOT NULL, function TEXT NOT NULL, qualifier TEXT NOT NULL, payload BLOB NOT NULL,
    client_context TEXT NOT NULL, accepted REAL NOT NULL, due REAL NOT NULL, failed INTEGER NOT NULL DEFAULT 0,
    throttled INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, accepted REAL NOT NULL)
"""
TOKEN_SECONDS = 86_400.0


@dataclass
class Function:
    """A function with its versions.

    Attributes
    ----------
    versions : dict
        ``$LATEST``, ``1``, ``2`` ... -> the version's configuration as GetFunctionConfiguration answers it, without the ARN. Members that
        begin with ``_`` are private.
    last_version : int
        The number of the version that was published last; 0 when none was.
    aliases : dict
        Name -> the alias as GetAlias answers it, without the ARN.
    policies : dict
        Qualifier (``""`` for the function itself) -> ``{"RevisionId", "Statements"}``.
    tags : dict
    """

    name: str
    versions: dict[str, dict]
    last_version: int = 0
    aliases: dict[str, dict] = field(default_factory=dict)
    policies: dict[str, dict] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def has(self, qualifier: str) -> bool:
        """Whether there is such a version or alias; ``""`` means ``$LATEST``."""
        return not qualifier or qualifier in self.versions or qualifier in self.aliases


@dataclass(frozen=True, slots=True)
class Event:
    """An asynchronous invocation that has not ended. Times are in Unix seconds of the local AWS's clock.

    Attributes
    ----------
    id : str
        The id of the request.
    due : float
        The time of the next attempt.
    failed, throttled : int
        How often the function failed, and how often the event was sent back because too many functions ran.
    """

    id: str
    region: str
    function: str
    qualifier: str
    payload: bytes
    client_context: str
    accepted: float
    due: float
    failed: int = 0
    throttled: int = 0


class FunctionStore:
    """Keeps functions and events. Methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)
        self._changing = threading.RLock()

    def get(self, region: str, name: str) -> Function | None:
        query = "SELECT document FROM functions WHERE region = ? AND name = ?"
        row = self._database.connection.execute(query, (region, name)).fetchone()
        return Function(**json.loads(row["document"])) if row else None

    def every(self, region: str | None = None) -> list[Function]:
        """The functions of a region, or of all regions, by name."""
        query = "SELECT document FROM functions WHERE ?1 IS NULL OR region = ?1 ORDER BY name"
        return [Function(**json.loads(row["document"])) for row in self._database.connection.execute(query, (region,))]

    @contextmanager
    def changing(self) -> Iterator[None]:
        """No other thread changes a function within the block."""
        with self._changing:
            yield

    def put(self, region: str, function: Function) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO functions VALUES (?, ?, ?)", (region, function.name, json.dumps(dataclasses.asdict(function)))
            )

    def delete(self, region: str, name: str) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM functions WHERE region = ? AND name = ?", (region, name))

    # Events

    def accept_event(self, event: Event, token: str) -> bool:
        """Store a new event, unless one with the same token was accepted in the last day."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM tokens WHERE accepted < ?", (event.accepted - TOKEN_SECONDS,))
            if not connection.execute("INSERT OR IGNORE INTO tokens VALUES (?, ?)", (token, event.accepted)).rowcount:
                return False
            self._write_event(connection, event)
            return True

    def put_event(self, event: Event) -> None:
        """Store a new or changed event."""
        with self._database.write() as connection:
            self._write_event(connection, event)

    @staticmethod
    def _write_event(connection: sqlite3.Connection, event: Event) -> None:
        columns = dataclasses.astuple(event)
        connection.execute(f"INSERT OR REPLACE INTO events VALUES ({', '.join('?' * len(columns))})", columns)

    def delete_event(self, id: str) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM events WHERE id = ?", (id,))

    def events(self) -> list[Event]:
        """All events, without their payloads, the next one first."""
        columns = "id, region, function, qualifier, x'' AS payload, client_context, accepted, due, failed, throttled"
        query = f"SELECT {columns} FROM events ORDER BY due"
        return [Event(*row) for row in self._database.connection.execute(query)]

    def event(self, id: str) -> Event | None:
        row = self._database.connection.execute("SELECT * FROM events WHERE id = ?", (id,)).fetchone()
        return Event(*row) if row else None

    def reset(self) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM functions")
            connection.execute("DELETE FROM events")
            connection.execute("DELETE FROM tokens")

    def close(self) -> None:
        self._database.close()
