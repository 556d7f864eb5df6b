"""How many bytes a service stores, hour by hour, for the bill.

Triggers of the service's database keep it, in the transaction that changes what is stored. A row has the bytes that were added in an hour,
and their moment: the sum of each change times its seconds since the hour began. The two give the exact average of the hour.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby

from course.localaws.billing.usage import GIGABYTE, HOUR, Interval, Item
from course.localaws.core.clock import Clock
from course.localaws.core.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS stored (
    name TEXT NOT NULL, region TEXT NOT NULL, hour INTEGER NOT NULL, bytes INTEGER NOT NULL, moment REAL NOT NULL,
    PRIMARY KEY (name, region, hour)
) WITHOUT ROWID
"""
NOW = "now_of_clock"  # a function for SQL
# Temporary, so that they belong to a connection, as the function does: another program may open the file.
_TRIGGER = f"""
    CREATE TEMP TRIGGER IF NOT EXISTS stored_{{number}} {{when}} BEGIN
        INSERT INTO stored (name, region, hour, bytes, moment)
        SELECT name, region, CAST(now / {HOUR} AS INTEGER), added, added * (now - CAST(now / {HOUR} AS INTEGER) * {HOUR})
        FROM (SELECT *, {NOW}() AS now FROM ({{change}})) WHERE added <> 0
        ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, moment = moment + excluded.moment;
    END;
"""


class StoredBytes:
    """The stored bytes of all resources of a service over time.

    Parameters
    ----------
    database : Database
        With the table of `SCHEMA`.
    clock : Clock
    changes : mapping
        When a trigger acts, e.g. ``"AFTER INSERT ON main.objects"`` -> a SELECT of ``name`` and ``region`` of the resource, and of the
        bytes that are ``added``.
    present : str
        A SELECT of name, region and bytes of all resources, for a database of an earlier release.
    item : callable
        Region and name -> what is billed.
    share : float
        The part of the bytes that is billed.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        changes: Mapping[str, str],
        present: str,
        item: Callable[[str, str], Item],
        share: float = 1.0,
    ) -> None:
        self._database, self._clock, self._item, self._share = database, clock, item, share
        self._triggers = "".join(
            _TRIGGER.format(number=number, when=when, change=change) for number, (when, change) in enumerate(changes.items())
        )
        database.on_connect(self._watch)
        hour = int(clock.now() // HOUR)
        with database.write() as connection:
            if connection.execute("SELECT 1 FROM stored LIMIT 1").fetchone() is None:
                for name, region, size in connection.execute(present).fetchall():
                    connection.execute("INSERT INTO stored VALUES (?, ?, ?, ?, 0)", (name, region, hour, size))

    def _watch(self, connection: sqlite3.Connection) -> None:
        connection.create_function(NOW, 0, self._clock.now)
        connection.executescript(self._triggers)

    def intervals(self, begin: float, end: float) -> Iterator[Interval]:
        """The average gigabytes of each resource: for each hour with changes, and between them, as intervals of usage."""
        asked = "SELECT name, region, hour, bytes, moment FROM stored WHERE hour < ? ORDER BY name, region, hour"
        rows = self._database.connection.execute(asked, (end / HOUR,)).fetchall()
        now, gigabyte = self._clock.now(), GIGABYTE / self._share
        for (name, region), found in groupby(rows, key=lambda row: (row["name"], row["region"])):
            item, level, until = self._item(region, name), 0.0, 0.0
            for row in found:
                began = row["hour"] * HOUR
                if level and until < began:
                    yield Interval(item, level / gigabyte, until, began)
                until = min(began + HOUR, max(now, began))
                seconds = until - began
                if seconds > 0:
                    yield Interval(item, (level + row["bytes"] - row["moment"] / seconds) / gigabyte, began, until)
                level += row["bytes"]
            if level and until < end:
                yield Interval(item, level / gigabyte, until, None)
