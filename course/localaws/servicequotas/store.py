"""Requests to increase quotas and reports of their utilization, durable below the state folder."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass
from pathlib import Path

from course.localaws.core.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    id TEXT PRIMARY KEY, region TEXT NOT NULL, service TEXT NOT NULL, code TEXT NOT NULL, desired REAL NOT NULL, requester TEXT NOT NULL,
    created REAL NOT NULL, outcome TEXT NOT NULL, decided REAL NOT NULL, case_id TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS requests_by_quota ON requests (region, service, code);
CREATE TABLE IF NOT EXISTS reports (id TEXT PRIMARY KEY, region TEXT NOT NULL, made REAL NOT NULL, rows TEXT NOT NULL)
"""
PENDING, CASE_OPENED, APPROVED, NOT_APPROVED = "PENDING", "CASE_OPENED", "APPROVED", "NOT_APPROVED"
OPEN = (PENDING, CASE_OPENED)


@dataclass(frozen=True, slots=True)
class IncreaseRequest:
    """A request to increase a quota. Times are in Unix seconds.

    Attributes
    ----------
    requester : str
        As the API shows it: JSON of the caller's account and ARN.
    outcome : str
        The status from ``decided`` on; until then it is pending.
    case_id : str
        The id of the support case; ``""`` for none.
    """

    id: str
    region: str
    service: str
    code: str
    desired: float
    requester: str
    created: float
    outcome: str
    decided: float
    case_id: str = ""

    def status(self, now: float) -> str:
        return self.outcome if self.decided <= now else PENDING


class QuotaStore:
    """Requests and reports of all regions. Methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)

    def add(self, request: IncreaseRequest) -> bool:
        """Store a request unless its quota has an open one: durable when this returns. Returns whether it was stored."""
        earlier = "SELECT 1 FROM requests WHERE region = ? AND service = ? AND code = ? AND (decided > ? OR outcome = ?)"
        quota = (request.region, request.service, request.code)
        with self._database.write() as connection:
            if connection.execute(earlier, (*quota, request.created, CASE_OPENED)).fetchone():
                return False
            connection.execute("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(request))
        return True

    def granted(self, region: str, service: str, code: str, now: float) -> float:
        """The value to which a quota was increased; 0 for none."""
        query = "SELECT max(desired) FROM requests WHERE region = ? AND service = ? AND code = ? AND outcome = ? AND decided <= ?"
        [found] = self._database.connection.execute(query, (region, service, code, APPROVED, now)).fetchone()
        return found or 0.0

    def request(self, region: str, id: str) -> IncreaseRequest | None:
        row = self._database.connection.execute("SELECT * FROM requests WHERE region = ? AND id = ?", (region, id)).fetchone()
        return IncreaseRequest(*row) if row else None

    def requests(self, region: str, since: float) -> list[IncreaseRequest]:
        """The requests of a region that were made at ``since`` or later, the newest first."""
        query = "SELECT * FROM requests WHERE region = ? AND created >= ? ORDER BY created DESC, id"
        return [IncreaseRequest(*row) for row in self._database.connection.execute(query, (region, since))]

    def keep_report(self, id: str, region: str, made: float, rows: list[dict], expired: float) -> None:
        """Store a report, and delete those that were made before ``expired``."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM reports WHERE made < ?", (expired,))
            connection.execute("INSERT INTO reports VALUES (?, ?, ?, ?)", (id, region, made, json.dumps(rows)))

    def report(self, id: str, region: str) -> tuple[float, list[dict]] | None:
        """When a report was made, and its rows."""
        row = self._database.connection.execute("SELECT made, rows FROM reports WHERE id = ? AND region = ?", (id, region)).fetchone()
        return (row["made"], json.loads(row["rows"])) if row else None

    # Life

    def reset(self) -> None:
        """Delete all requests and reports, so that every quota has its first value again."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM requests")
            connection.execute("DELETE FROM reports")

    def shutdown(self) -> None:
        self._database.close()
