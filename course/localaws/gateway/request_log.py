"""The request log: all requests and all calls of jobs, in one table."""

from __future__ import annotations

import itertools
import logging
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from course.localaws.core.batch_writer import BatchWriter
from course.localaws.core.clock import Clock
from course.localaws.core.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time REAL NOT NULL,
    caller TEXT NOT NULL,
    service TEXT NOT NULL,
    operation TEXT NOT NULL,
    resource TEXT NOT NULL,
    status INTEGER NOT NULL,
    error TEXT NOT NULL,
    region TEXT NOT NULL DEFAULT '',
    request_id TEXT NOT NULL DEFAULT '',
    parameters TEXT,
    response TEXT,
    message TEXT NOT NULL DEFAULT '',
    identity INTEGER,
    agent INTEGER
);
CREATE TABLE IF NOT EXISTS texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)
"""
ADDED = {  # after the first release
    "region": "TEXT NOT NULL DEFAULT ''",
    "request_id": "TEXT NOT NULL DEFAULT ''",
    "parameters": "TEXT",
    "response": "TEXT",
    "message": "TEXT NOT NULL DEFAULT ''",
    "identity": "INTEGER",
    "agent": "INTEGER",
}
SHOWN = ("id", "time", "caller", "service", "operation", "resource", "status", "error")
COLUMNS = (*SHOWN[1:], *ADDED)
SHARED = ("identity", "agent")  # columns that many rows have in common: ids in the table ``texts``
_OWN = ", ".join(f"requests.{name}" for name in ("id", *COLUMNS) if name not in SHARED)
_SELECT = (
    f"SELECT {_OWN}, identities.text AS identity, agents.text AS agent FROM requests"
    " LEFT JOIN texts AS identities ON identities.id = requests.identity LEFT JOIN texts AS agents ON agents.id = requests.agent"
)
KEPT = 200_000  # rows; older ones are deleted at the next start, so that the log does not grow without limit
MOST_TEXTS = 10_000  # kept in memory
FLUSH_SECONDS = 0.1

logger = logging.getLogger(__name__)


class RequestLog:
    """The request log. `record` only appends to a queue. A thread writes the queue in batches, so no request waits for the disk.

    Parameters
    ----------
    path : Path
        The SQLite file, ``requests.db``.
    clock : Clock

    Attributes
    ----------
    listeners : list of callables
        Each is called with the rows that were just written, in the thread that writes.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._database = Database(path, SCHEMA)
        self._database.add_columns("requests", ADDED)
        self._texts: dict[str, int] = {}
        self.listeners: list[Callable[[list[dict]], None]] = []
        with self._database.write() as connection:
            if connection.execute("DELETE FROM requests WHERE id <= (SELECT max(id) FROM requests) - ?", (KEPT,)).rowcount > 0:
                connection.execute("DELETE FROM texts WHERE id NOT IN (SELECT identity FROM requests UNION SELECT agent FROM requests)")
        self._writer = BatchWriter[tuple](self._insert, FLUSH_SECONDS, "request-log")

    def record(
        self,
        caller: str,
        service: str,
        operation: str,
        resource: str = "",
        status: int = 200,
        error: str = "",
        region: str = "",
        request_id: str = "",
        details: Callable[[], dict] | None = None,
    ) -> None:
        """Records one request.

        Parameters
        ----------
        caller : str
            ARN of the caller: a principal, or a job for calls made inside it.
        service, operation, resource : str
            E.g. ``"sagemaker"``, ``"CreateTrainingJob"``, ``"training-job/delays-1"``.
        status : int
            HTTP status of the response.
        error : str
            AWS's error code, empty if the request succeeded.
        region, request_id : str
            Empty for calls made inside a job.
        details : callable, optional
            Returns more columns, or others: texts by name. Called in the thread that writes.
        """
        self._writer.add(((self._clock.now(), caller, service, operation, resource, status, error, region, request_id), details))

    def events(self, since: int | None = None, limit: int = 1000) -> list[dict]:
        """At most ``limit`` events, oldest first: the next ones after the event with id ``since``, or the latest ones if ``None``.

        Each event is a dict with the keys `SHOWN`. ``time`` is in Unix seconds.
        """
        if since is None:
            return [{name: row[name] for name in SHOWN} for row in itertools.islice(self.newest(), limit)][::-1]
        self.flush()
        shown = f"SELECT {', '.join(SHOWN)} FROM requests WHERE id > ? ORDER BY id LIMIT ?"
        return [dict(row) for row in self._database.connection.execute(shown, (since, limit))]

    def newest(self, before: int | None = None, condition: str = "true", values: Sequence[object] = ()) -> Iterator[dict]:
        """All events before the one with id ``before`` (all events if ``None``), newest first: dicts of ``id`` and `COLUMNS`.

        ``parameters``, ``response`` and ``identity`` are JSON, or ``None``.

        Parameters
        ----------
        condition : str
            In SQL, on the columns of ``requests``; ``values`` are those of its question marks.
        """
        self.flush()
        before = sys.maxsize if before is None else before
        asked = f"{_SELECT} WHERE requests.id < ? AND ({condition}) ORDER BY requests.id DESC"
        for row in self._database.connection.execute(asked, (before, *values)):
            yield dict(row)

    def after(self, since: int, until: int) -> Iterator[dict]:
        """The events with ids above ``since`` and up to ``until``, oldest first, in the form of `newest`."""
        between = f"{_SELECT} WHERE requests.id > ? AND requests.id <= ? ORDER BY requests.id"
        for row in self._database.connection.execute(between, (since, until)):
            yield dict(row)

    def last(self) -> int:
        """The id of the newest event; 0 if there was never one."""
        self.flush()
        row = self._database.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'requests'").fetchone()
        return row["seq"] if row else 0

    def flush(self) -> None:
        """Writes the queued events to the file.

        Raises
        ------
        sqlite3.OperationalError
            The disk is full. The batch stays queued.
        """
        self._writer.flush()

    def reset(self) -> None:
        """Deletes all events. Ids are not reused, so that a reader's ``since`` stays valid."""
        self._writer.clear()
        with self._database.write() as connection:
            connection.execute("DELETE FROM requests")

    def shutdown(self) -> None:
        """Writes the queued events and closes the file."""
        try:
            self.flush()
        except sqlite3.Error:
            logger.exception("the request log could not be written")
        self._database.close()

    def _insert(self, batch: list[tuple]) -> None:
        rows = [_row(values, details) for values, details in batch]
        marks = ", ".join(f":{name}" for name in COLUMNS)
        try:
            with self._database.write() as connection:
                for row in rows:
                    row |= {name: self._shared(connection, row[name]) for name in SHARED}
                connection.executemany(f"INSERT INTO requests ({', '.join(COLUMNS)}) VALUES ({marks})", rows)
        except BaseException:
            self._texts = {}  # their rows were rolled back
            raise
        for listener in self.listeners:
            try:
                listener(rows)
            except Exception:  # the rows are written: raising would write them again
                logger.exception("a listener of the request log failed")

    def _shared(self, connection: sqlite3.Connection, text: str | None) -> int | None:
        """The id of a text in the table of texts."""
        if text is None:
            return None
        if text not in self._texts:
            if len(self._texts) >= MOST_TEXTS:
                self._texts = {}
            connection.execute("INSERT OR IGNORE INTO texts (text) VALUES (?)", (text,))
            self._texts[text] = connection.execute("SELECT id FROM texts WHERE text = ?", (text,)).fetchone()["id"]
        return self._texts[text]


_BASE = ("time", *SHOWN[2:], "region", "request_id")


def _row(values: tuple, details: Callable[[], dict] | None) -> dict:
    row = dict.fromkeys(COLUMNS) | {"message": ""} | dict(zip(_BASE, values, strict=True))
    try:
        return row | (details() if details else {})
    except Exception:  # the row without details is better than none
        logger.exception("the details of a request to %s:%s could not be recorded", row["service"], row["operation"])
        return row
