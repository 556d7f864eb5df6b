"""Measures the meter: calls of it, and GetCostAndUsage over a year with 10,000 jobs and 20 endpoints."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace

from benchmarks import systems
from benchmarks.rows import Row, seconds
from course.localaws.billing import stored_bytes
from course.localaws.billing.stored_bytes import StoredBytes
from course.localaws.billing.usage import Interval, Item, UsageStore
from course.localaws.core.clock import Clock
from course.localaws.core.database import Database
from course.localaws.s3 import index, transfer
from course.localaws.s3.buckets import Buckets
from course.localaws.server import launch

DAY, YEAR = 86_400.0, 365 * 86_400.0
JOBS, ENDPOINTS = 10_000, 20
CALL, ANSWER = 50.0, 300.0  # microseconds, milliseconds
RUNS, CALLS, BUCKETS = 5, 2_000, 100
THINGS = "CREATE TABLE IF NOT EXISTS things (size INTEGER NOT NULL)"
SERVICE, REGION = "AmazonSageMaker", "us-east-1"


def measure() -> list[Row]:
    with systems.folder() as place:
        return [*_calls(place), _stored(place), _sent(place), *_answers(place)]


def _calls(folder: Path) -> list[Row]:
    usage = UsageStore(folder / "usage.db", Clock())
    items = [Item(SERVICE, "Host:ml.m5.large", "RunInstance", REGION, f"endpoint-{number}") for number in range(CALLS)]

    def counted() -> None:
        for item in items:
            usage.count(item)

    def held() -> None:
        quantity = random.random()
        for item in items:
            usage.hold(item.resource, {item: quantity})

    def nothing() -> None:
        for _ in items:
            pass

    rows = []
    for name, call in (("a counted request", counted), ("a change of what is held", held)):
        times = [(seconds(call) / CALLS * 1e6, seconds(nothing) / CALLS * 1e6) for _ in range(RUNS)]
        rows.append(Row(f"metering {name}", "us", *map(list, zip(*times, strict=True)), "an empty loop", "measured", CALL))
    usage.shutdown()
    return rows


def _stored(folder: Path) -> Row:
    """A change of what is stored, in one transaction with all others, beside the same change without the trigger."""
    plain, metered = (Database(folder / f"{name}.db", f"{THINGS};{stored_bytes.SCHEMA}") for name in ("plain", "metered"))
    change = {"AFTER UPDATE OF size ON main.things": "SELECT 'thing' AS name, 'here' AS region, NEW.size - OLD.size AS added"}
    StoredBytes(metered, Clock(), change, "SELECT '', '', 0 WHERE 0", lambda region, name: Item(SERVICE, "stored", "", region, name))

    def changed(database: Database) -> None:
        with database.write() as connection:
            for _ in range(CALLS):
                connection.execute("UPDATE things SET size = size + 1")

    for database in (plain, metered):
        database.connection.execute("INSERT INTO things VALUES (0)")
    times = [(seconds(partial(changed, metered)) / CALLS * 1e6, seconds(partial(changed, plain)) / CALLS * 1e6) for _ in range(RUNS)]
    for database in (plain, metered):
        database.close()
    return Row("metering a change of stored bytes", "us", *map(list, zip(*times, strict=True)), "without a trigger", "difference", CALL)


def _sent(folder: Path) -> Row:
    """Bytes of an object that are sent, in one of many buckets."""
    usage, database = UsageStore(folder / "sent.db", Clock()), Database(folder / "index.db", index.SCHEMA)
    buckets = Buckets(database, Clock())
    for number in range(BUCKETS):
        buckets.create(f"bucket-{number}", REGION)
    learner = SimpleNamespace(inside=False)
    platform, call = SimpleNamespace(objects=SimpleNamespace(buckets=buckets), usage=usage), SimpleNamespace(operation="GetObject")
    context, sent = SimpleNamespace(platform=platform, call=call, principal=learner), SimpleNamespace(bucket="bucket-7")

    def metered() -> None:
        for _ in range(CALLS):
            transfer.meter(context, sent)(1000)

    def nothing() -> None:
        for _ in range(CALLS):
            pass

    times = [(seconds(metered) / CALLS * 1e6, seconds(nothing) / CALLS * 1e6) for _ in range(RUNS)]
    usage.shutdown()
    database.close()
    return Row("metering bytes sent", "us", *map(list, zip(*times, strict=True)), "an empty loop", "measured", CALL)


def _answers(folder: Path) -> list[Row]:
    """The answers of a local AWS whose clock is at the end of a year of usage."""
    state = folder / "state"
    state.mkdir(mode=0o700)
    _year(state)
    handle = launch.start(state)
    try:
        costs, identity = systems.client_of(handle)("ce"), systems.client_of(handle)("sts")
        now = Clock().now()
        first, last = (_day(moment) for moment in (now - YEAR, now + DAY))
        asked = {"TimePeriod": {"Start": first, "End": last}, "Metrics": ["UnblendedCost"]}
        asked |= {"GroupBy": [{"Type": "DIMENSION", "Key": "USAGE_TYPE"}]}
        rows = []
        for granularity in ("MONTHLY", "DAILY"):
            ask = partial(costs.get_cost_and_usage, Granularity=granularity, **asked)
            times = [(seconds(ask) * 1000, seconds(identity.get_caller_identity) * 1000) for _ in range(RUNS)]
            name = f"GetCostAndUsage of a year, {granularity}"
            rows.append(Row(name, "ms", *map(list, zip(*times, strict=True)), "GetCallerIdentity", "measured", ANSWER))
        return rows
    finally:
        handle.stop()


def _year(state: Path) -> None:
    """Write a year of usage: short jobs, and endpoints whose instances change every five days."""
    usage, dice, now = UsageStore(state / "usage.db", Clock()), random.Random(20), Clock().now()
    for number in range(JOBS):
        began = now - YEAR + dice.random() * (YEAR - DAY)
        usage.add([Interval(Item(SERVICE, "Train:ml.m5.xlarge", "RunInstance", REGION, f"job-{number}"), 1, began, began + 7200)])
    for number in range(ENDPOINTS):
        item, began = Item(SERVICE, "Host:ml.m5.large", "RunInstance", REGION, f"endpoint-{number}"), now - YEAR
        while began < now - DAY:
            ended = min(began + dice.random() * 10 * DAY, now)
            usage.add([Interval(item, dice.randint(1, 4), began, ended)])
            began = ended
    usage.shutdown()


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"
