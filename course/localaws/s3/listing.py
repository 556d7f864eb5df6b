"""Pages of keys, versions and uploads by prefix, delimiter and marker. A page skips the keys of a common prefix in the index."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from course.localaws.core.database import Database
from course.localaws.s3.index import after_prefix


@dataclass(frozen=True, slots=True)
class Position:
    """The start of a page: at ``key``, or after the entry of ``key`` with the number or id ``after`` (of a version or an upload)."""

    key: str
    after: int | str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """``rows`` and common ``prefixes`` in key order, together at most the limit. ``next`` is None on the last page.

    ``last`` is the last row or common prefix of the page.
    """

    rows: list[sqlite3.Row]
    prefixes: list[str]
    next: Position | None
    last: sqlite3.Row | str | None


class Listing:
    def __init__(self, database: Database) -> None:
        self._database = database

    def objects(self, bucket: str, prefix: str, delimiter: str, start: Position, limit: int) -> Page:
        """Current objects by key. Keys whose newest version is a delete marker are left out."""

        def fetch(position: Position) -> sqlite3.Cursor:
            query = "SELECT * FROM objects WHERE bucket = ? AND latest AND body IS NOT NULL AND key >= ? ORDER BY key"
            return self._database.connection.execute(query, (bucket, position.key))

        return _page(fetch, prefix, delimiter, start, limit, lambda row: Position(row["key"] + "\0"))

    def versions(self, bucket: str, prefix: str, delimiter: str, start: Position, limit: int) -> Page:
        """Versions and delete markers by key, then from the newest to the oldest."""

        def fetch(position: Position) -> sqlite3.Cursor:
            query = (
                "SELECT * FROM objects WHERE bucket = ?1 AND key >= ?2 AND (?3 IS NULL OR key > ?2 OR sequence < ?3)"
                " ORDER BY key, sequence DESC"
            )
            return self._database.connection.execute(query, (bucket, position.key, position.after))

        return _page(fetch, prefix, delimiter, start, limit, lambda row: Position(row["key"], row["sequence"]))

    def uploads(self, bucket: str, prefix: str, delimiter: str, start: Position, limit: int) -> Page:
        """Unfinished multipart uploads by key, then by id."""

        def fetch(position: Position) -> sqlite3.Cursor:
            query = "SELECT * FROM uploads WHERE bucket = ?1 AND key >= ?2 AND (?3 IS NULL OR key > ?2 OR id > ?3) ORDER BY key, id"
            return self._database.connection.execute(query, (bucket, position.key, position.after))

        return _page(fetch, prefix, delimiter, start, limit, lambda row: Position(row["key"], row["id"]))

    def sequence(self, bucket: str, key: str, version: str) -> int | None:
        """The number by which `versions` sorts a version, or None if there is no such version."""
        query = "SELECT sequence FROM objects WHERE bucket = ? AND key = ? AND version = ?"
        row = self._database.connection.execute(query, (bucket, key, version)).fetchone()
        return row[0] if row else None


def after(marker: str, prefix: str, delimiter: str) -> Position | None:
    """The start of the page after ``marker``, which is a key or a common prefix. No key of a common prefix is listed again."""
    if not marker:
        return Position("")
    if delimiter and _common_prefix(marker, prefix, delimiter) == marker:
        key = after_prefix(marker)
        return None if key is None else Position(key)
    return Position(marker + "\0")


def _common_prefix(key: str, prefix: str, delimiter: str) -> str | None:
    end = key.find(delimiter, len(prefix)) if delimiter and key.startswith(prefix) else -1
    return None if end < 0 else key[: end + len(delimiter)]


def _page(
    fetch: Callable[[Position], Iterable[sqlite3.Row]],
    prefix: str,
    delimiter: str,
    start: Position | None,
    limit: int,
    following: Callable[[sqlite3.Row], Position],
) -> Page:
    """Collects ``limit`` entries. After a common prefix it continues behind all of that prefix's keys without reading them."""
    rows: list[sqlite3.Row] = []
    prefixes: list[str] = []
    last: sqlite3.Row | str | None = None
    position = Position(prefix) if start is not None and start.key < prefix else start
    while position is not None and limit > 0:
        jump = None
        for row in fetch(position):
            if not row["key"].startswith(prefix):
                break
            if len(rows) + len(prefixes) == limit:
                return Page(rows, prefixes, position, last)
            common = _common_prefix(row["key"], prefix, delimiter)
            if common is None:
                rows.append(row)
                last, position = row, following(row)
            else:
                prefixes.append(common)
                last, key = common, after_prefix(common)
                jump = position = None if key is None else Position(key)
                break
        if jump is None:
            break
    return Page(rows, prefixes, None, last)
