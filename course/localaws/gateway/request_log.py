"""The request log: all requests and all calls of jobs, in one table."""

from __future__ import annotations

import itertools
import json
import logging
import sqlite3
import sys
from collections.abc import Iterator
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
    parameters TEXT
)
"""
ADDED = {"region": "TEXT NOT NULL DEFAULT ''", "request_id": "TEXT NOT NULL DEFAULT ''", "parameters": "TEXT"}  # after the first release
SHOWN = ("id", "time", "caller", "service", "operation", "resource", "status", "error")
COLUMNS = (*SHOWN[1:], *ADDED)
KEPT = 200_000  # rows; older ones are deleted at the next start, so that the log does not grow without limit
FLUSH_SECONDS = 0.1

logger = logging.getLogger(__name__)


class RequestLog:
    """The request log. `record` only appends to a queue. A thread writes the queue in batches, so no request waits for the disk.

    Parameters
    ----------
    path : Path
        The SQLite file, ``requests.db``.
    clock : Clock
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._database = Database(path, SCHEMA)
        self._database.add_columns("requests", ADDED)
        with self._database.write() as connection:
            connection.execute("DELETE FROM requests WHERE id <= (SELECT max(id) FROM requests) - ?", (KEPT,))
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
        parameters: dict | None = None,
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
        parameters : dict, optional
            The request's parameters, without secrets; ``None`` if the service's audit stage is off.
        """
        document = None if parameters is None else json.dumps(parameters)
        self._writer.add((self._clock.now(), caller, service, operation, resource, status, error, region, request_id, document))

    def events(self, since: int | None = None, limit: int = 1000) -> list[dict]:
        """At most ``limit`` events, oldest first: the next ones after the event with id ``since``, or the latest ones if ``None``.

        Each event is a dict with the keys `SHOWN`. ``time`` is in Unix seconds.
        """
        if since is None:
            return [{name: row[name] for name in SHOWN} for row in itertools.islice(self.newest(), limit)][::-1]
        self.flush()
        shown = f"SELECT {', '.join(SHOWN)} FROM requests WHERE id > ? ORDER BY id LIMIT ?"
        return [dict(row) for row in self._database.connection.execute(shown, (since, limit))]

    def newest(self, before: int | None = None) -> Iterator[dict]:
        """All events before the one with id ``before`` (all events if ``None``), newest first: dicts of ``id`` and `COLUMNS`.

        ``parameters`` is JSON, or ``None``.
        """
        self.flush()
        before = sys.maxsize if before is None else before
        for row in self._database.connection.execute("SELECT * FROM requests WHERE id < ? ORDER BY id DESC", (before,)):
            yield dict(row)

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
        with self._database.write() as connection:
            marks = ", ".join("?" * len(COLUMNS))
            connection.executemany(f"INSERT INTO requests ({', '.join(COLUMNS)}) VALUES ({marks})", batch)
