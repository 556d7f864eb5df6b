"""The SQLite databases of the local AWS. A commit that was acknowledged survives `kill -9`, but not power loss."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_synchronous = "NORMAL"  # a power loss may lose the last commits, and damages nothing (SQLite's PRAGMA synchronous)


def skip_disk_sync() -> None:
    """Open this process's databases without waiting for the disk. A power loss may damage them, so use it for temporary state only."""
    global _synchronous
    _synchronous = "OFF"


class Database:
    """A SQLite file in WAL mode: many readers with a connection per thread, one writer at a time.

    Parameters
    ----------
    path : Path
        The file, created with mode 0600.
    schema : str
        ``CREATE TABLE IF NOT EXISTS`` statements, run at every start.

    Attributes
    ----------
    is_new : bool
        Whether the file did not exist.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self.path, self.is_new = path, not path.exists()
        self._local = threading.local()
        self._writing = threading.Lock()
        self._prepare: Callable[[sqlite3.Connection], None] = lambda connection: None
        self._connections: dict[threading.Thread, sqlite3.Connection] = {}
        path.touch(mode=0o600, exist_ok=True)
        with self.write() as connection:
            for statement in filter(str.strip, schema.split(";")):
                connection.execute(statement)

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection, for reading; rows are ``sqlite3.Row``."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            # check_same_thread is off only so that close() can close the connections of other threads.
            connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            connection.executescript(f"PRAGMA synchronous={_synchronous}; PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON;")
            self._prepare(connection)
            self._local.connection = connection
            self._close_ended()
            self._connections[threading.current_thread()] = connection
        return connection

    @contextmanager
    def write(self, committed: Callable[[], None] = lambda: None) -> Iterator[sqlite3.Connection]:
        """A transaction: committed at the end of the block, rolled back on any exception.

        ``committed`` is called after the commit and before the next transaction begins, e.g. to discard a cache.
        """
        with self._writing:
            connection = self.connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            committed()

    def on_connect(self, prepare: Callable[[sqlite3.Connection], None]) -> None:
        """Call a function with each connection before it is used, also with this thread's."""
        self._prepare = prepare
        prepare(self.connection)

    def add_columns(self, table: str, columns: Mapping[str, str]) -> None:
        """Add the columns that a database of an earlier release does not have.

        Parameters
        ----------
        columns : mapping
            Name -> type and constraints, e.g. ``"TEXT NOT NULL DEFAULT ''"``.
        """
        there = {row["name"] for row in self.connection.execute(f"PRAGMA table_info({table})")}
        with self.write() as connection:
            for name, definition in columns.items():
                if name not in there:
                    connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {definition}")

    def close(self) -> None:
        """Close the connections of all threads. A transaction that another thread is in ends first."""
        with self._writing:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()
            self._local = threading.local()

    def _close_ended(self) -> None:
        """Close the connections of ended threads: every job has its own threads, and would use up file descriptors."""
        for thread in list(self._connections):
            if not thread.is_alive() and (connection := self._connections.pop(thread, None)):
                connection.close()
