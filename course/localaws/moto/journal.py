"""The journal of requests to moto. It has the time and the random seed of each request, so a replay restores moto's state."""

from __future__ import annotations

import json
import secrets
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from course.localaws.core.database import Database

SEED_BYTES = 16

SCHEMA = """
CREATE TABLE IF NOT EXISTS instance (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    born REAL NOT NULL,
    seed BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time REAL NOT NULL,
    seed BLOB NOT NULL,
    service TEXT NOT NULL,
    region TEXT NOT NULL,
    principal TEXT NOT NULL,
    access_key TEXT NOT NULL,
    method TEXT NOT NULL,
    path BLOB NOT NULL,
    query BLOB NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    tape TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS entries_by_seed ON entries (seed)
"""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One request to moto, with all inputs that its response depends on.

    Attributes
    ----------
    time : float
        Unix seconds: the time that moto reads during the whole request.
    seed : bytes
        The seed of all randomness in the request.
    service, region : str
        The credential scope.
    principal, access_key : str
        The caller's ARN and key id.
    method : str
    path, query : bytes
        As received, percent-encoded.
    headers : tuple of (name, value)
        Only the headers that belong to the request (`wsgi.relevant`). Names are in lower case.
    body : bytes
    recording : tuple of bytes
        Values that depend on neither time nor seed, in order: private keys from a library, and data that moto read from other packages.
    """

    time: float
    seed: bytes
    service: str
    region: str
    principal: str
    access_key: str
    method: str
    path: bytes
    query: bytes
    headers: tuple[tuple[str, str], ...]
    body: bytes
    recording: tuple[bytes, ...] = field(default=())

    def again(self, time: float) -> JournalEntry:
        """The same request at another time, with a new seed."""
        return replace(self, time=time, seed=new_seed())


def has_entries(path: Path) -> bool:
    """Whether a state folder's journal has requests. A new folder's has none, or there is no file."""
    if not path.exists():
        return False
    with closing(sqlite3.connect(path)) as connection:
        there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'").fetchone()
        return there is not None and connection.execute("SELECT 1 FROM entries LIMIT 1").fetchone() is not None


def new_seed() -> bytes:
    return secrets.token_bytes(SEED_BYTES)


class Journal:
    """The requests that changed moto's state, in their order.

    Parameters
    ----------
    path : Path
        The SQLite file, ``journal.db``. It contains the seeds of secret keys, so its mode is 0600.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)

    def instance(self, now: float) -> tuple[float, bytes]:
        """The creation time (Unix seconds) and the seed of this state, for moto's default resources. The first call creates them."""
        with self._database.write() as connection:
            connection.execute("INSERT OR IGNORE INTO instance VALUES (1, ?, ?)", (now, new_seed()))
            born, seed = connection.execute("SELECT born, seed FROM instance").fetchone()
        return born, seed

    def append(self, entry: JournalEntry) -> None:
        """Writes an entry. It is durable when this returns.

        Raises
        ------
        sqlite3.Error
            The entry could not be written, e.g. because the disk is full. Nothing was written.
        """
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO entries (time, seed, service, region, principal, access_key, method, path, query, headers, body, tape)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    entry.time,
                    entry.seed,
                    entry.service,
                    entry.region,
                    entry.principal,
                    entry.access_key,
                    entry.method,
                    entry.path,
                    entry.query,
                    json.dumps(entry.headers),
                    entry.body,
                    json.dumps([b64encode(piece).decode() for piece in entry.recording]),
                ),
            )

    def entries(self) -> Iterator[JournalEntry]:
        """All entries, oldest first. They are read one at a time, because bodies may be large."""
        for row in self._database.connection.execute("SELECT * FROM entries ORDER BY id"):
            columns = dict(row)
            del columns["id"]
            columns["headers"] = tuple((name, value) for name, value in json.loads(columns["headers"]))
            columns["recording"] = tuple(b64decode(piece) for piece in json.loads(columns.pop("tape")))
            yield JournalEntry(**columns)

    def has(self, seed: bytes) -> bool:
        """Whether the journal has a request with this seed."""
        return self._database.connection.execute("SELECT 1 FROM entries WHERE seed = ?", (seed,)).fetchone() is not None

    def __len__(self) -> int:
        return self._database.connection.execute("SELECT count(*) FROM entries").fetchone()[0]

    def clear(self) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM entries")
            connection.execute("DELETE FROM instance")

    def close(self) -> None:
        self._database.close()
