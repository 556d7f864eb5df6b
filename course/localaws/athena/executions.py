"""The stored queries: one database row each, which survives `kill -9`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

from course.localaws.athena.failures import invalid
from course.localaws.core.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS executions (
    id TEXT PRIMARY KEY, region TEXT NOT NULL, workgroup TEXT NOT NULL, token TEXT, submitted REAL NOT NULL,
    document TEXT NOT NULL, columns TEXT NOT NULL DEFAULT '[]', rows INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX IF NOT EXISTS executions_token ON executions (region, token)
"""
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


class Executions:
    """The queries of an account. A row's ``document`` is a ``QueryExecution``; ``columns`` are the result's columns."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, SCHEMA)
        self.close = self._database.close

    def add(self, region: str, token: str | None, document: dict) -> None:
        row = (document["QueryExecutionId"], region, document["WorkGroup"], token, document["Status"]["SubmissionDateTime"])
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO executions (id, region, workgroup, token, submitted, document) VALUES (?, ?, ?, ?, ?, ?)",
                (*row, json.dumps(document)),
            )

    def row(self, region: str, query: str) -> sqlite3.Row:
        """The row of a query. Raises AwsError if there is none."""
        row = self._database.connection.execute("SELECT * FROM executions WHERE id = ? AND region = ?", (query, region)).fetchone()
        if row is None:
            raise invalid(f"QueryExecution {query} was not found")
        return row

    def same(self, region: str, token: str | None, text: str) -> str:
        """The id of the query that was started with the same token, ``""`` for none. Raises AwsError if that query was different."""
        found = self._database.connection.execute("SELECT id, document FROM executions WHERE region = ? AND token = ?", (region, token))
        row = found.fetchone()
        if row is None:
            return ""
        if json.loads(row["document"])["Query"] != text:
            raise invalid("Idempotent parameters do not match")
        return row["id"]

    def newest(self, region: str, workgroup: str, start: int, most: int) -> list[str]:
        """The ids of a workgroup's queries, newest first."""
        found = self._database.connection.execute(
            "SELECT id FROM executions WHERE region = ? AND workgroup = ? ORDER BY submitted DESC, rowid DESC LIMIT ? OFFSET ?",
            (region, workgroup, most, start),
        )
        return [row["id"] for row in found]

    def unfinished(self) -> list[str]:
        rows = self._database.connection.execute("SELECT id, document FROM executions").fetchall()
        return [row["id"] for row in rows if json.loads(row["document"])["Status"]["State"] not in ENDED]

    def update(self, query: str, change: Callable[[dict], None], columns: list[dict] | None = None, rows: int = 0) -> None:
        """Change a query's document. Does nothing if a reset has deleted it."""
        with self._database.write() as connection:
            row = connection.execute("SELECT document FROM executions WHERE id = ?", (query,)).fetchone()
            if row is None:
                return
            document = json.loads(row["document"])
            change(document)
            values = (json.dumps(document), json.dumps(columns or []), rows, query)
            connection.execute("UPDATE executions SET document = ?, columns = ?, rows = ? WHERE id = ?", values)

    def clear(self) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM executions")
