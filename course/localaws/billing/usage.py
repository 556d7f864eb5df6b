"""What was used of AWS: for how long, and how often. `charges` says what AWS would bill for it.

A quantity that lasts, such as an instance or a stored gigabyte, is an interval. What is counted, such as requests, is added up for each
hour.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

from course.localaws.core.batch_writer import BatchWriter
from course.localaws.core.clock import Clock
from course.localaws.core.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS intervals (
    id INTEGER PRIMARY KEY, service TEXT NOT NULL, usage_type TEXT NOT NULL, operation TEXT NOT NULL, region TEXT NOT NULL,
    resource TEXT NOT NULL, quantity REAL NOT NULL, began REAL NOT NULL, ended REAL
);
CREATE INDEX IF NOT EXISTS open_intervals ON intervals (resource) WHERE ended IS NULL;
CREATE INDEX IF NOT EXISTS intervals_by_time ON intervals (began, ended);
CREATE TABLE IF NOT EXISTS counts (
    hour INTEGER NOT NULL, service TEXT NOT NULL, usage_type TEXT NOT NULL, operation TEXT NOT NULL, region TEXT NOT NULL,
    resource TEXT NOT NULL, amount REAL NOT NULL, PRIMARY KEY (hour, service, usage_type, operation, region, resource)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tags (
    resource TEXT NOT NULL, since REAL NOT NULL, tags TEXT NOT NULL, PRIMARY KEY (resource, since)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lessons (marker TEXT PRIMARY KEY, lesson TEXT NOT NULL) WITHOUT ROWID
"""
HOUR, GIGABYTE = 3600.0, 2**30  # AWS's bill counts gigabytes of 2^30 bytes ("Amazon S3 pricing")
FLUSH_SECONDS = 0.5
_KEY = "service, usage_type, operation, region, resource"
_BEGIN = f"INSERT INTO intervals ({_KEY}, quantity, began, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_END = (
    "UPDATE intervals SET ended = max(began, ?)"
    " WHERE ended IS NULL AND service = ? AND usage_type = ? AND operation = ? AND region = ? AND resource = ?"
)
_CORRECT = "UPDATE intervals SET began = ?, ended = ?, quantity = quantity * ? WHERE ended IS NULL AND resource = ?"
_LESSON = "INSERT OR REPLACE INTO lessons (marker, lesson) VALUES (?, ?)"
_TAG = "INSERT OR REPLACE INTO tags (resource, since, tags) VALUES (?, ?, ?)"
_COUNT = (
    f"INSERT INTO counts (hour, {_KEY}, amount) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount"
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """What a line of a bill is about.

    Attributes
    ----------
    service : str
        AWS's code of the service: ``"AmazonSageMaker"``.
    usage_type : str
        Without the region's prefix: ``"Train:ml.m5.large"``.
    operation : str
        As in AWS's bill: ``"RunInstance"``.
    region : str
    resource : str
        The ARN; empty if the usage belongs to no resource.
    """

    service: str
    usage_type: str
    operation: str
    region: str
    resource: str = ""


@dataclass(frozen=True, slots=True)
class Interval:
    """A quantity of an item that lasted from ``began`` to ``ended`` (Unix seconds), or lasts still (None)."""

    item: Item
    quantity: float
    began: float
    ended: float | None


@dataclass(frozen=True, slots=True)
class Count:
    """An amount of an item in the hour that begins at ``hour`` (Unix seconds)."""

    item: Item
    amount: float
    hour: float


_Write = tuple[str | Item, tuple]  # a statement and its values, or an item and when how much of it was counted


class UsageStore:
    """The usage of one local AWS. May be used from any thread. A thread writes it in batches, so that no request waits for the disk.

    Parameters
    ----------
    path : Path
        The SQLite file, ``usage.db``.
    clock : Clock

    Attributes
    ----------
    sources : list of callables
        Begin and end in Unix seconds -> the intervals between them that a service keeps itself.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self.sources: list[Callable[[float, float], Iterator[Interval]]] = []
        self._database = Database(path, SCHEMA)
        self._lock = threading.Lock()
        self._open: dict[str, dict[Item, float]] = defaultdict(dict)  # resource -> its open intervals
        for row in self._database.connection.execute(f"SELECT {_KEY}, quantity FROM intervals WHERE ended IS NULL"):
            self._open[row["resource"]][_item(row)] = row["quantity"]
        self._tags: dict[str, str] = {}  # resource -> its tags as stored last
        for row in self._database.connection.execute("SELECT resource, tags, max(since) FROM tags GROUP BY resource"):
            self._tags[row["resource"]] = row["tags"]
        self._flushes: list[Callable[[], object]] = []
        self._writer = BatchWriter[_Write](self._write, FLUSH_SECONDS, "usage")

    def flush_before_reading(self, flush: Callable[[], object]) -> None:
        """Register a function to call before each read. What counts from a queue of its own passes its flush function."""
        self._flushes.append(flush)

    def hold(self, resource: str, quantities: Mapping[Item, float], at: float | None = None) -> None:
        """Say what a resource holds from now on. What it held before and holds no more ends. Returns at once.

        Parameters
        ----------
        quantities : mapping
            Item of this resource -> quantity, in the unit of its price: instances, or gigabytes. Empty: nothing.
        at : float, optional
            Unix seconds. By default now.
        """
        wanted = {item: quantity for item, quantity in quantities.items() if quantity}
        with self._lock:
            present = self._open.get(resource, {})
            if wanted == present:
                return
            at = self._clock.now() if at is None else at
            for item in present:
                if wanted.get(item) != present[item]:
                    self._writer.add((_END, (at, *astuple(item))))
            for item, quantity in wanted.items():
                if present.get(item) != quantity:
                    self._writer.add((_BEGIN, (*astuple(item), quantity, at, None)))
            self._open[resource] = wanted
            if not wanted:
                del self._open[resource]

    def hold_all(self, service: str, held: Mapping[str, Mapping[Item, float]], at: float | None = None) -> None:
        """Say what all resources of a service hold from now on, by their ARNs. Those that are not in ``held`` hold nothing.

        ``at`` is the same as in `hold`.
        """
        ended = [arn for arn, items in self.held().items() if arn not in held and any(item.service == service for item in items)]
        for arn, quantities in (*held.items(), *((arn, {}) for arn in ended)):
            self.hold(arn, quantities, at)

    def end(self, resource: str, began: float, ended: float, seconds: float | None = None) -> None:
        """End all that a resource holds, and correct when it began and ended. Returns at once.

        Parameters
        ----------
        seconds : float, optional
            The seconds that AWS bills, if these are not those between the two times: a Spot job's, for instance.
        """
        share = 1.0 if seconds is None or ended <= began else seconds / (ended - began)
        with self._lock:
            self._open.pop(resource, None)
            self._writer.add((_CORRECT, (began, max(began, ended), share, resource)))

    def add(self, intervals: Iterable[Interval]) -> None:
        """Store intervals that have ended already."""
        for each in intervals:
            self._writer.add((_BEGIN, (*astuple(each.item), each.quantity, each.began, each.ended)))

    def count(self, item: Item, amount: float = 1.0, at: float | None = None) -> None:
        """Add an amount of an item. Returns at once."""
        self._writer.add((item, (self._clock.now() if at is None else at, amount)))

    def tagged(self, resource: str, tags: Mapping[str, str], at: float | None = None) -> None:
        """Say which tags a resource has from now on. They count for its later usage, as in AWS's cost allocation. Returns at once."""
        text = json.dumps(dict(sorted(tags.items())))
        with self._lock:
            if self._tags.get(resource, "{}") != text:
                self._tags[resource] = text
                self._writer.add((_TAG, (resource, self._clock.now() if at is None else at, text)))

    def belongs(self, marker: str, lesson: str) -> None:
        """Say that resources whose names or tags contain a marker belong to a lesson. Returns at once."""
        self._writer.add((_LESSON, (marker, lesson)))

    def lessons(self) -> dict[str, str]:
        """Marker -> lesson."""
        self.flush()
        return {row["marker"]: row["lesson"] for row in self._database.connection.execute("SELECT marker, lesson FROM lessons")}

    def held(self) -> dict[str, dict[Item, float]]:
        """What each resource holds now."""
        with self._lock:
            return {resource: dict(found) for resource, found in self._open.items()}

    def intervals(self, begin: float, end: float) -> Iterator[Interval]:
        """The intervals that have a part between two times."""
        self.flush()
        asked = f"SELECT {_KEY}, quantity, began, ended FROM intervals WHERE began < ? AND (ended IS NULL OR ended > ?) ORDER BY began, id"
        for row in self._database.connection.execute(asked, (end, begin)):
            yield Interval(_item(row), row["quantity"], row["began"], row["ended"])
        for source in self.sources:
            yield from source(begin, end)

    def counts(self, begin: float, end: float) -> Iterator[Count]:
        """The counts of the hours that begin between two times, by hour."""
        self.flush()
        asked = f"SELECT {_KEY}, amount, hour FROM counts WHERE hour >= ? AND hour < ? ORDER BY hour"
        for row in self._database.connection.execute(asked, (begin // HOUR, end / HOUR)):
            yield Count(_item(row), row["amount"], row["hour"] * HOUR)

    def tag_history(self) -> dict[str, list[tuple[float, dict[str, str]]]]:
        """Resource -> the times from which it had tags, and the tags, oldest first."""
        self.flush()
        found: dict[str, list[tuple[float, dict[str, str]]]] = defaultdict(list)
        for row in self._database.connection.execute("SELECT resource, since, tags FROM tags ORDER BY since"):
            found[row["resource"]].append((row["since"], json.loads(row["tags"])))
        return dict(found)

    def first(self) -> float | None:
        """When the first usage began; None if there is none."""
        self.flush()
        row = self._database.connection.execute(
            "SELECT min(began) AS began, (SELECT min(hour) FROM counts) AS hour FROM intervals"
        ).fetchone()
        times = [row["began"], None if row["hour"] is None else row["hour"] * HOUR]
        times += [interval.began for source in self.sources for interval in source(0.0, self._clock.now())]
        return min((time for time in times if time is not None), default=None)

    def flush(self) -> None:
        """Write all that waits."""
        for flush in self._flushes:
            flush()
        self._writer.flush()

    def reset(self) -> None:
        """Forget everything."""
        self._writer.clear()
        with self._lock, self._database.write() as connection:
            self._open.clear()
            self._tags.clear()
            for name in ("intervals", "counts", "tags", "lessons"):
                connection.execute(f"DELETE FROM {name}")

    def shutdown(self) -> None:
        """Write all that waits, and close the file."""
        try:
            self._writer.flush()
        except sqlite3.Error:
            logger.exception("usage could not be written")
        self._database.close()

    def _write(self, batch: list[_Write]) -> None:
        total: dict[tuple[int, Item], float] = defaultdict(float)
        with self._database.write() as connection:
            for what, values in batch:
                if isinstance(what, str):
                    connection.execute(what, values)
                else:
                    at, amount = values
                    total[int(at // HOUR), what] += amount
            connection.executemany(_COUNT, [(hour, *astuple(item), amount) for (hour, item), amount in total.items()])


def _item(row: sqlite3.Row) -> Item:
    return Item(row["service"], row["usage_type"], row["operation"], row["region"], row["resource"])
