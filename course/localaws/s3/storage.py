"""How much each bucket stores, hour by hour, for the bill: all versions of objects, and the parts of unfinished uploads.

Triggers of the index keep it, in the transaction that changes an object. A row has the bytes that were added in an hour, and their moment:
the sum of each change times its seconds since the hour began. The two give the exact average of the hour.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby

from course.localaws.billing.usage import GIGABYTE, HOUR, Interval, Item
from course.localaws.core.clock import Clock
from course.localaws.core.database import Database

SERVICE, STANDARD, OPERATION = "AmazonS3", "TimedStorage-ByteHrs", "StandardStorage"
NOW = "now_of_clock"  # a function for SQL
_CHANGE = f"""
    INSERT INTO storage (bucket, region, hour, bytes, moment)
    SELECT name, region, CAST(now / {HOUR} AS INTEGER), added, added * (now - CAST(now / {HOUR} AS INTEGER) * {HOUR})
    FROM (SELECT {{bucket}} AS owner, {{added}} AS added, {NOW}() AS now), buckets WHERE name = owner AND added <> 0
    ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, moment = moment + excluded.moment;
"""
_OWNER = "(SELECT bucket FROM uploads WHERE id = {row}.upload)"


def _trigger(name: str, when: str, bucket: str, added: str) -> str:
    return f"CREATE TEMP TRIGGER IF NOT EXISTS {name} {when} BEGIN {_CHANGE.format(bucket=bucket, added=added)} END;"


# Temporary, so that they belong to a connection, as the function does: another program may open the file.
TRIGGERS = "".join(
    (
        _trigger("object_added", "AFTER INSERT ON main.objects", "NEW.bucket", "NEW.size"),
        _trigger("object_changed", "AFTER UPDATE OF size ON main.objects", "NEW.bucket", "NEW.size - OLD.size"),
        _trigger("object_removed", "AFTER DELETE ON main.objects", "OLD.bucket", "-OLD.size"),
        _trigger("part_added", "AFTER INSERT ON main.parts", _OWNER.format(row="NEW"), "NEW.size"),
        _trigger("part_removed", "AFTER DELETE ON main.parts", _OWNER.format(row="OLD"), "-OLD.size"),
        _trigger(
            "upload_ended",
            "BEFORE DELETE ON main.uploads",
            "OLD.bucket",
            "-(SELECT coalesce(sum(size), 0) FROM parts WHERE upload = OLD.id)",
        ),
    )
)


class Storage:
    """The stored bytes of all buckets over time.

    Parameters
    ----------
    database : Database
        The index.
    clock : Clock
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        database.on_connect(self._watch)
        self._begin()

    def _watch(self, connection: sqlite3.Connection) -> None:
        connection.create_function(NOW, 0, self._clock.now)
        connection.executescript(TRIGGERS)

    def _begin(self) -> None:
        """Count what an index of an earlier release stores."""
        hour = int(self._clock.now() // HOUR)
        sizes = "SELECT bucket, size FROM objects UNION ALL SELECT bucket, size FROM parts JOIN uploads ON id = upload"
        with self._database.write() as connection:
            if connection.execute("SELECT 1 FROM storage LIMIT 1").fetchone() is None:
                total = f"SELECT bucket, region, ?, sum(size), 0 FROM ({sizes}) JOIN buckets ON name = bucket GROUP BY bucket"
                connection.execute(f"INSERT INTO storage {total}", (hour,))

    def intervals(self, begin: float, end: float) -> Iterator[Interval]:
        """The average gigabytes of each bucket: for each hour with changes, and between them, as intervals of usage."""
        asked = "SELECT bucket, region, hour, bytes, moment FROM storage WHERE hour < ? ORDER BY bucket, region, hour"
        rows = self._database.connection.execute(asked, (end / HOUR,)).fetchall()
        now = self._clock.now()
        for (bucket, region), found in groupby(rows, key=lambda row: (row["bucket"], row["region"])):
            item = Item(SERVICE, STANDARD, OPERATION, region, f"arn:aws:s3:::{bucket}")
            level, until = 0.0, 0.0
            for row in found:
                began = row["hour"] * HOUR
                if level and until < began:
                    yield Interval(item, level / GIGABYTE, until, began)
                until = min(began + HOUR, max(now, began))
                seconds = until - began
                if seconds > 0:
                    average = level + row["bytes"] - row["moment"] / seconds
                    yield Interval(item, average / GIGABYTE, began, until)
                level += row["bytes"]
            if level and until < end:
                yield Interval(item, level / GIGABYTE, until, None)
