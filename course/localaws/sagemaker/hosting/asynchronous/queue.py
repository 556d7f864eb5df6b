"""The requests of asynchronous endpoints, from their acknowledgement to their answer, in one SQLite file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course.localaws.core.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT NULL, endpoint TEXT NOT NULL, received REAL NOT NULL, params TEXT NOT NULL,
    output TEXT NOT NULL, failure TEXT NOT NULL, outcome TEXT
);
CREATE INDEX IF NOT EXISTS requests_of_endpoint ON requests (region, endpoint, id);
CREATE TABLE IF NOT EXISTS answers (request INTEGER PRIMARY KEY REFERENCES requests ON DELETE CASCADE, body BLOB NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class QueuedRequest:
    """An acknowledged request that is still in the queue.

    Attributes
    ----------
    id : int
        Grows in the order of arrival.
    endpoint : str
        Its name in lower case.
    received : float
        Unix seconds.
    params : dict
        Members of the ``InvokeEndpointAsync`` request, with its ``InferenceId``.
    output, failure : str
        S3 URIs of the answer and of the failure; ``""`` if the endpoint stores none.
    outcome : dict or None
        See `results.outcome`. Set once the answer is stored here and only the S3 object and the notification are missing.
    """

    id: int
    region: str
    endpoint: str
    received: float
    params: dict
    output: str
    failure: str
    outcome: dict | None = None


class AsyncQueue:
    """The queue of acknowledged requests, which survives a kill of the local AWS. Methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)

    def close(self) -> None:
        """Close the file. The next use opens it again."""
        self._database.close()

    def add(self, region: str, endpoint: str, received: float, params: dict, output: str, failure: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO requests (region, endpoint, received, params, output, failure) VALUES (?, ?, ?, ?, ?, ?)",
                (region, endpoint.lower(), received, json.dumps(params), output, failure),
            )

    def answered(self, request: QueuedRequest, outcome: dict, body: bytes) -> bool:
        """Store the outcome of a request, so that it is not repeated. False if the request was dropped meanwhile."""
        with self._database.write() as connection:
            known = connection.execute("UPDATE requests SET outcome = ? WHERE id = ?", (json.dumps(outcome), request.id)).rowcount
            if known:
                connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (request.id, body))
        return bool(known)

    def answer(self, request: QueuedRequest) -> bytes | None:
        """The body that `answered` stored; None if the request was dropped meanwhile."""
        row = self._database.connection.execute("SELECT body FROM answers WHERE request = ?", (request.id,)).fetchone()
        return row and row["body"]

    def remove(self, request: QueuedRequest) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM requests WHERE id = ?", (request.id,))

    def drop(self, region: str, endpoint: str) -> None:
        """Delete the requests of an endpoint."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM requests WHERE region = ? AND endpoint = ?", (region, endpoint.lower()))

    def of(self, region: str, endpoint: str, limit: int = -1) -> Iterator[QueuedRequest]:
        """The requests of an endpoint, oldest first."""
        query = "SELECT * FROM requests WHERE region = ? AND endpoint = ? ORDER BY id LIMIT ?"
        for row in self._database.connection.execute(query, (region, endpoint.lower(), limit)).fetchall():
            members = dict(row) | {"params": json.loads(row["params"]), "outcome": row["outcome"] and json.loads(row["outcome"])}
            yield QueuedRequest(**members)

    def backlog(self, region: str, endpoint: str) -> tuple[int, float | None]:
        """The number of an endpoint's requests, and the time of the oldest one."""
        query = "SELECT count(*), min(received) FROM requests WHERE region = ? AND endpoint = ?"
        return tuple(self._database.connection.execute(query, (region, endpoint.lower())).fetchone())
