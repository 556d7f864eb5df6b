"""Any order of puts and deletions gives what a small model of AWS's documentation says."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.feature_store.records import versions
from course.localaws.sagemaker.feature_store.records.record_groups import OFFLINE, ONLINE, RecordGroup
from course.localaws.sagemaker.feature_store.store import RecordStore

NUMBERS = itertools.count()
DEFINITIONS = [("id", "String"), ("t", "Fractional"), ("x", "Integral")]
BOTH = (ONLINE, OFFLINE)
NOW = 10**12  # milliseconds
TTL = 5  # seconds

changes = st.lists(st.tuples(st.sampled_from(["put", "put that expires", "soft", "hard", "wait"]), st.integers(0, 9)), max_size=12)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordStore]:
    store = RecordStore(tmp_path_factory.mktemp("records") / "records.db")
    yield store
    store.close()


def new_group() -> RecordGroup:
    number = next(NUMBERS)
    return RecordGroup(
        {
            "FeatureGroupName": f"group-{number}",
            "FeatureGroupArn": f"arn:aws:sagemaker:us-east-1:123456789012:feature-group/group-{number}",
            "CreationTime": 1.0,
            "RecordIdentifierFeatureName": "id",
            "EventTimeFeatureName": "t",
            "FeatureDefinitions": [{"FeatureName": name, "FeatureType": kind} for name, kind in DEFINITIONS],
            "OnlineStoreConfig": {"EnableOnlineStore": True},
            "OfflineStoreConfig": {},
        }
    )


class Model:
    """One record: ``online`` is event time, value (None when soft-deleted) and expiry; ``offline`` is event time, value, deleted."""

    def __init__(self) -> None:
        self.online: tuple[int, int | None, float] | None = None
        self.offline: list[tuple[int, int | None, bool]] = []

    def change(self, what: str, time: int, value: int, now: float) -> None:
        self.expire(now)
        later = self.online is None or self.online[0] < time
        if what.startswith("put"):
            self.offline.append((time, value, False))
            if later:
                self.online = (time, value, NOW / 1000 + time + TTL if "expires" in what else float("inf"))
        elif what == "soft":
            self.offline.append((time, None, True))
            if later:
                self.online = (time, None, float("inf"))
        elif later:
            self.offline.append((time, None, True))
            self.online = None

    def expire(self, now: float) -> None:
        if self.online and self.online[2] <= now:
            self.offline.append((int(self.online[2] - NOW / 1000), None, True))
            self.online = None


@given(changes)
def test_the_latest_event_time_wins(store: RecordStore, sequence: list[tuple[str, int]]) -> None:
    group, model, now = new_group(), Model(), NOW
    for value, (what, time) in enumerate(sequence):
        if what == "wait":
            now += time * 1000
            continue
        model.change(what, time, value, now / 1000)
        change(store, group, what, time, value, now)
        online = store.get(group.key, "a")
        if model.online is None:
            assert online is None
        else:
            record = None if online.text is None else int(online.record["x"])
            assert (moment(online.event_time), record) == model.online[:2]
            assert (online.expires or float("inf")) / 1000 == model.online[2]
    rows = store.batch(group.key, 99)
    assert [(moment(row.event_time), int(row.record["x"]) if "x" in row.record else None, row.deleted) for row in rows] == model.offline
    online = store.get(group.key, "a")
    assert store.online_bytes(group.key) == (online.size("a") if online else 0)


@given(st.permutations(range(6)))
def test_the_order_of_puts_does_not_matter(store: RecordStore, times: list[int]) -> None:
    group = new_group()
    for time in times:
        change(store, group, "put", time, time, NOW)
    assert moment(store.get(group.key, "a").event_time) == 5
    assert sorted(int(row.record["x"]) for row in store.batch(group.key, 99)) == list(range(6))


def test_rows_that_are_no_longer_needed_are_deleted(tmp_path: Path) -> None:
    store, group, other, count = RecordStore(tmp_path / "records.db"), new_group(), new_group(), 1200
    for each in (group, other):
        with store.write() as writer:
            for number in range(count):
                versions.put(writer, versions.Put(each, {"id": str(number), "t": "1", "x": "1"}, NOW * 10**6, BOTH, None), NOW)
    assert len(store.batch(group.key, 1000)) == 1000
    store.written(group.key)
    store.forget(group.key)
    with contextlib.closing(sqlite3.connect(tmp_path / "records.db")) as connection:
        end = monotonic() + 60
        while counts(connection) != [count, count + 200] and monotonic() < end:
            sleep(0.05)
        assert counts(connection) == [count, count + 200]
    assert len(store.batch(group.key, 1000)) == 200
    store.close()


def counts(connection: sqlite3.Connection) -> list[int]:
    """The rows of the online store, and those that wait for the offline store."""
    return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("online", "waiting")]


def change(store: RecordStore, group: RecordGroup, what: str, time: int, value: int, now: int) -> None:
    event_time, text = NOW * 10**6 + time * 10**9, str(NOW // 1000 + time)
    with store.write() as writer:
        if what.startswith("put"):
            record = {"id": "a", "t": text, "x": str(value)}
            versions.put(writer, versions.Put(group, record, event_time, BOTH, TTL if "expires" in what else None), now)
            return
        deletion = versions.Deletion(group, "a", event_time, text, BOTH)
        if what == "soft":
            versions.soft_delete(writer, deletion, now)
            return
        before = store.get(group.key, "a")
        try:
            versions.hard_delete(writer, deletion, now)
        except AwsError:
            assert before.event_time >= event_time


def moment(event_time: int) -> int:
    """Seconds after `NOW`."""
    return event_time // 10**9 - NOW // 1000
