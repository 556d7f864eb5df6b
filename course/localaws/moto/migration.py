"""Takes over what moto kept in an earlier release and a service now keeps itself.

This happens once, in the background, when moto has replayed its journal. A mark in the service's database says that it is still to be done.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from course.localaws.core.database import Database
from course.localaws.core.errors import AwsError
from course.localaws.moto.journal import has_entries

MOST_SECONDS = 120.0  # how long a first request waits

logger = logging.getLogger(__name__)


class Migration:
    """The mark of one service, set when its database is new and moto's journal has requests. Methods may be called from any thread.

    Parameters
    ----------
    database : Database
        It gets a table ``migration``.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ended = threading.Event()
        with database.write() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS migration (pending INTEGER PRIMARY KEY)")
            if database.is_new and has_entries(database.path.with_name("journal.db")):
                connection.execute("INSERT INTO migration VALUES (1)")
            if connection.execute("SELECT 1 FROM migration").fetchone() is None:
                self._ended.set()

    @property
    def pending(self) -> bool:
        """Whether state of an earlier release is still moto's."""
        return not self._ended.is_set()

    def begin(self, what: str, take_over: Callable[[], None]) -> None:
        """Take over in a thread, unless there is nothing to take over. Returns at once.

        Parameters
        ----------
        what : str
            What is taken over, for the log, e.g. ``"keys"``.
        take_over : callable
            Asks moto and stores what it has, in a transaction of `ending`.
        """
        if self.pending:
            threading.Thread(target=self._run, args=(what, take_over), name=f"migrate {what}", daemon=True).start()

    def _run(self, what: str, take_over: Callable[[], None]) -> None:
        try:
            take_over()
        except (AwsError, RuntimeError):  # the local AWS is stopping; the next start does it
            logger.warning("the %s of the earlier release were not taken over yet", what, exc_info=True)

    @contextmanager
    def ending(self) -> Iterator[sqlite3.Connection]:
        """A transaction of the database after which nothing is left to take over."""
        with self._database.write() as connection:
            yield connection
            connection.execute("DELETE FROM migration")
        self._ended.set()

    def wait(self) -> None:
        """Wait until nothing is left to take over; only the first start on a state folder of an earlier release has to."""
        self._ended.wait(MOST_SECONDS)

    def release(self) -> None:
        """Let the requests that wait go on: the local AWS is stopping."""
        self._ended.set()
