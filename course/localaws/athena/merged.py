"""Merged copies of many small Parquet files, so that a query need not open each of them.

The offline store of SageMaker's Feature Store has a file for each hour, 8,760 for a year, and DuckDB takes about a millisecond to open one.
The body of an object never changes, so a merged copy of some bodies stays right for every query that reads all of them. The objects
themselves stay as they are, and clients see nothing of this but the time. The amount of scanned data is that of the objects.

A copy is a file and a row, and both change in one order: the file is there before its row is committed, and it is deleted after the row is.
So a kill leaves at most a file without a row. Only the start deletes such files: later, one of them may be a copy that is just being added.
A row whose file is missing is dropped by the query that finds it, which reads the objects instead and makes the copy anew.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.core.database import Database

if TYPE_CHECKING:
    from course.localaws.s3.objects import StoredObject

MANY = 64  # files of a table; fewer are read as they are
SMALL = 1 << 20  # bytes of an object that is worth merging
LIGHT = 32 << 20  # bytes of a merged file that is worth merging again
SCHEMA = """
CREATE TABLE IF NOT EXISTS merged (name TEXT PRIMARY KEY, size INTEGER NOT NULL, count INTEGER NOT NULL, columns TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS bodies (body TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bodies_by_name ON bodies (name)
"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MergedFile:
    """A merged copy.

    Attributes
    ----------
    path : Path
        A link to it in the folder of a query.
    size : int
        Bytes of this file.
    columns : dict
        Lower-case column -> compressed bytes of this column in the files that were merged.
    bodies : frozenset of str
        The names of the bodies of which it is a copy.
    """

    path: Path
    size: int
    columns: dict[str, int]
    bodies: frozenset[str]


class MergedFiles:
    """All merged copies. May be used from any thread, but only one process at a time may open the folder.

    Parameters
    ----------
    folder : Path
    exists : callable
        Whether there is a body of this name.
    """

    def __init__(self, folder: Path, exists: Callable[[str], bool]) -> None:
        self._folder, self._exists = folder, exists
        folder.mkdir(mode=0o700, exist_ok=True)
        self._database = Database(folder / "merged.db", SCHEMA)
        known = {name for (name,) in self._database.connection.execute("SELECT name FROM merged")}
        self._unlink(self._files() - known)  # a killed process left them
        self._swept = False

    def add(self, bodies: Iterable[str], path: Path, columns: dict[str, int]) -> None:
        """Move a file here, as the copy of these bodies. It replaces the copies of some of them.

        If that is not possible, for example because the disk is full, the log says so: queries can do without a copy.
        """
        bodies, name = set(bodies), uuid.uuid4().hex
        try:
            size = path.stat().st_size
            path.replace(self._folder / name)
            with self._database.write() as connection:
                old = {found for (found,) in connection.execute(_NAMES, (json.dumps(list(bodies)),))}
                _remove(connection, old)
                connection.execute("INSERT INTO merged VALUES (?, ?, ?, ?)", (name, size, len(bodies), json.dumps(columns)))
                connection.executemany("INSERT INTO bodies VALUES (?, ?)", [(body, name) for body in bodies])
        except (OSError, sqlite3.Error):
            logger.warning("a merged copy of %d files was not kept", len(bodies), exc_info=True)
            old = {name}
        self._unlink(old)

    def covering(self, bodies: Iterable[str], folder: Path) -> list[MergedFile]:
        """The copies of nothing but these bodies, linked to ``folder``, so that they stay there whatever replaces them."""
        self._sweep()
        connection = self._database.connection
        by_name: dict[str, set[str]] = {}
        for body, name in connection.execute(_COVERED, (json.dumps(list(bodies)),)).fetchall():
            by_name.setdefault(name, set()).add(body)
        rows = [connection.execute("SELECT * FROM merged WHERE name = ?", (name,)).fetchone() for name in by_name]
        whole = [row for row in rows if row and row["count"] == len(by_name[row["name"]])]
        linked = {row["name"]: self._linked(row["name"], folder) for row in whole}
        self._drop({name for name, path in linked.items() if path is None})
        return [
            MergedFile(path, row["size"], json.loads(row["columns"]), frozenset(by_name[row["name"]]))
            for row in whole
            if (path := linked[row["name"]])
        ]

    def clear(self) -> None:
        self._drop({name for (name,) in self._database.connection.execute("SELECT name FROM merged")})

    def close(self) -> None:
        self._database.close()

    def _sweep(self) -> None:
        """Once after a start: delete the copies of objects that are gone."""
        if self._swept:
            return
        self._swept = True
        rows = self._database.connection.execute("SELECT body, name FROM bodies").fetchall()
        self._drop({name for body, name in rows if not self._exists(body)})

    def _drop(self, names: set[str]) -> None:
        if names:
            with self._database.write() as connection:
                _remove(connection, names)
            self._unlink(names)

    def _linked(self, name: str, folder: Path) -> Path | None:
        """A link to a copy in a query's folder; None if its file is gone."""
        link = folder / f"copy-{name}.parquet"
        try:
            os.link(self._folder / name, link)
        except FileExistsError:  # for another table of the query
            return link
        except FileNotFoundError:
            return None
        return link

    def _files(self) -> set[str]:
        """The names of all files but the database's."""
        return {path.name for path in self._folder.iterdir() if not path.name.startswith("merged.db")}

    def _unlink(self, names: Iterable[str]) -> None:
        for name in names:
            (self._folder / name).unlink(missing_ok=True)


@dataclass(slots=True)
class MergedReads:
    """Decides for one query which merged copies it reads, and which it makes.

    Attributes
    ----------
    files : MergedFiles
    folder : Path
        The query's folder. Copies are linked to it, so that they stay while the query runs.
    requests : list of dict
        The copies that the query's process makes: ``name``, the ``files`` to merge, the objects among them to ``measure``, and the
        ``columns`` of the others.
    """

    files: MergedFiles
    folder: Path
    requests: list[dict] = field(default_factory=list)
    _bodies: list[set[str]] = field(default_factory=list)
    _pieces: dict[tuple[str, ...], dict] = field(default_factory=dict)

    def piece(self, objects: Sequence[StoredObject]) -> dict:
        """What the query's process reads for these objects: ``files``, of which it has to ``measure`` some, the ``columns`` of the others,
        and the number of the request that makes one of them, or None."""
        bodies = {each.path.name: each for each in objects}
        key = tuple(bodies)
        if key not in self._pieces:
            # Nothing that is under a KMS key is kept in plain text after the query.
            merges = len(bodies) >= MANY and not any(each.seal for each in objects)
            self._pieces[key] = self._piece(bodies) if merges else _plain(bodies.values())
        return self._pieces[key]

    def keep(self, made: Sequence[dict[str, int]]) -> None:
        """Keep what the query's process made. ``made`` has the columns of each request."""
        for request, bodies, columns in zip(self.requests, self._bodies, made, strict=True):
            self.files.add(bodies, Path(request["name"]), columns)

    def _piece(self, bodies: dict[str, StoredObject]) -> dict:
        copies = self.files.covering(bodies, self.folder)
        left = set(bodies).difference(*(copy.bodies for copy in copies))
        small, light = [bodies[name] for name in left if bodies[name].size < SMALL], [copy for copy in copies if copy.size < LIGHT]
        if len(small) + len(light) < MANY:
            return _plain([bodies[name] for name in left], [str(copy.path) for copy in copies], _sum(copies))
        number, name = len(self.requests), str(self.folder / f"merged-{len(self.requests)}.parquet")
        sources = [str(each.path) for each in small]
        files = sources + [str(copy.path) for copy in light]
        self.requests.append({"name": name, "files": files, "measure": sources, "columns": _sum(light)})
        self._bodies.append({each.path.name for each in small}.union(*(copy.bodies for copy in light)))
        heavy = [copy for copy in copies if copy.size >= LIGHT]
        large = [bodies[name] for name in left if bodies[name].size >= SMALL]
        return _plain(large, [*(str(copy.path) for copy in heavy), name], _sum(heavy)) | {"made": number}


_NAMES = "SELECT DISTINCT name FROM bodies WHERE body IN (SELECT value FROM json_each(?))"
_COVERED = "SELECT body, name FROM bodies WHERE body IN (SELECT value FROM json_each(?))"


def _plain(objects: Iterable[StoredObject], copies: Sequence[str] = (), columns: dict[str, int] | None = None) -> dict:
    paths = [str(each.path) for each in objects]
    return {"files": [*copies, *paths], "measure": paths, "columns": columns or {}, "made": None}


def _sum(copies: Iterable[MergedFile]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for copy in copies:
        total.update(copy.columns)
    return dict(total)


def _remove(connection: sqlite3.Connection, names: set[str]) -> None:
    for name in names:
        connection.execute("DELETE FROM bodies WHERE name = ?", (name,))
        connection.execute("DELETE FROM merged WHERE name = ?", (name,))
