"""The durable state of trails: documents in one SQLite file, ``cloudtrail.db``.

A trail's document is what GetTrail returns. Members whose names begin with ``_`` are internal:

- ``_Made``: when the trail was created; it makes the names of the files of a new trail of the same name different;
- ``_Tags``, and ``_Selectors`` and ``_Advanced``: the event selectors;
- ``_Status``: the result of GetTrailStatus;
- ``_Cursor``: the last row of the request log that was delivered;
- ``_Next`` and ``_NextDigest``: the times of the next files; ``None`` when there will be none;
- ``_DigestStart``: the time at which the next digest file begins;
- ``_Until``: the id of the request StopLogging, while events before it are still to be delivered.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course.localaws.cloudtrail import selectors
from course.localaws.core.database import Database
from course.localaws.moto.migration import Migration

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, place TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (kind, place, name)
)
"""
TRAIL = "trail"  # place: its region; name: its name
FILE = "file"  # a log file that no digest file names yet; place: trail; name: its key
CHAIN = "chain"  # what the next digest file says of the previous one; place: trail; name: region
KEY = "key"  # a key pair that signs digest files; place: region; name: its fingerprint


class TrailStore:
    """Documents by kind, place and name. Methods may be called from any thread.

    Attributes
    ----------
    migration : Migration
        Each operation waits for its end.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)
        self.migration = Migration(self._database)

    def get(self, kind: str, place: str, name: str) -> dict | None:
        query = "SELECT document FROM documents WHERE kind = ? AND place = ? AND name = ?"
        row = self._database.connection.execute(query, (kind, place, name)).fetchone()
        return json.loads(row["document"]) if row else None

    def every(self, kind: str, place: str | None = None) -> list[dict]:
        """Documents by place and name."""
        query = "SELECT document FROM documents WHERE kind = ?1 AND (?2 IS NULL OR place = ?2) ORDER BY place, name"
        return [json.loads(row["document"]) for row in self._database.connection.execute(query, (kind, place))]

    @contextmanager
    def change(self) -> Iterator[Change]:
        """A transaction."""
        with self._database.write() as connection:
            yield Change(connection)

    @contextmanager
    def taking_over(self) -> Iterator[Change]:
        """The transaction that stores the trails of an earlier release."""
        with self.migration.ending() as connection:
            yield Change(connection)

    def reset(self) -> None:
        with self.migration.ending() as connection:
            connection.execute("DELETE FROM documents")

    def close(self) -> None:
        self.migration.release()
        self._database.close()


class Change:
    """One transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def put(self, kind: str, place: str, name: str, document: dict) -> None:
        self._connection.execute("REPLACE INTO documents VALUES (?, ?, ?, ?)", (kind, place, name, json.dumps(document)))

    def put_trail(self, trail: dict) -> None:
        self.put(TRAIL, trail["HomeRegion"], trail["Name"], trail)

    def delete(self, kind: str, place: str, name: str) -> None:
        self._connection.execute("DELETE FROM documents WHERE kind = ? AND place = ? AND name = ?", (kind, place, name))

    def forget_digests(self, arn: str) -> None:
        """Break the chains of digest files of a trail, in all regions."""
        self._connection.execute("DELETE FROM documents WHERE kind IN (?, ?) AND place = ?", (CHAIN, FILE, arn))


def fresh() -> dict:
    """The internal members of a trail that does not log, but for ``_Made`` and ``_Tags``."""
    return {
        "_Selectors": selectors.DEFAULT,
        "_Advanced": [],
        "_Status": {"IsLogging": False},
        "_Cursor": 0,
        "_Next": None,
        "_NextDigest": None,
        "_DigestStart": None,
        "_Until": None,
    }


def shown(trail: dict) -> dict:
    """A trail without its internal members."""
    return {member: value for member, value in trail.items() if not member.startswith("_")}
