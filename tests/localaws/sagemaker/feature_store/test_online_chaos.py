"""Kills the local AWS while records are written and deleted: the online store has exactly what was acknowledged."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from course.localaws.server import launch
from tests.leaked_processes import kill
from tests.localaws.boto_clients import client_factory
from tests.localaws.sagemaker.feature_store.record_fixtures import OnlineGroups
from tests.localaws.sagemaker.feature_store.store_fixtures import record_of

WRITERS, IDENTIFIERS = 3, 4
Values = dict[str, int | None]  # identifier -> value; None for a deleted record


class Writer:
    """Changes its own records, one request after the other.

    Attributes
    ----------
    acknowledged : dict
        The records after the last request that was answered.
    asked : dict
        What the request changes that was sent last and not answered.
    """

    def __init__(self, number: int, seed: int) -> None:
        self._random = random.Random(seed + number)
        self._time = 0
        self._names = [f"{number}-{each}" for each in range(IDENTIFIERS)]
        self.acknowledged: Values = {}
        self.asked: Values = {}

    def run(self, groups: OnlineGroups, group: str, ending: threading.Event) -> None:
        while not ending.is_set():
            with contextlib.suppress(BotoCoreError, ClientError, ConnectionError):
                self._change(groups, group)
                self.acknowledged |= self.asked
                self.asked = {}
                continue
            return

    def _change(self, groups: OnlineGroups, group: str) -> None:
        self._time += 1
        name, what = self._random.choice(self._names), self._random.choice(["put", "batch", "SoftDelete", "HardDelete"])
        if what == "put":
            self.asked = {name: self._time}
            groups.put(group, **self._record(name))
        elif what == "batch":
            self.asked = dict.fromkeys(self._names, self._time)
            entries = [{"FeatureGroupName": group, "Record": record_of(self._record(each))} for each in self._names]
            answer = groups.runtime.batch_write_record(Entries=entries)
            if "Errors" not in answer:  # the kill has cut it off after its headers
                raise ConnectionError
            assert answer["Errors"] == []
        else:
            self.asked = {name: None}
            groups.delete(group, name, str(self._time), DeletionMode=what)

    def _record(self, name: str) -> dict:
        return {"id": name, "t": self._time, "x": self._time}


class Chaos:
    """A local AWS that is killed while `Writer` threads work."""

    def __init__(self, state: Path, seed: int) -> None:
        self._state, self._random = state, random.Random(seed)
        self._writers = [Writer(number, seed) for number in range(WRITERS)]
        self._start()
        self._group = self.groups.create({"id": "String", "t": "Fractional", "x": "Integral"}, time="t")

    def strike(self) -> None:
        """Write, kill at a random moment, start again, and compare."""
        ending = threading.Event()
        threads = [threading.Thread(target=writer.run, args=(self.groups, self._group, ending)) for writer in self._writers]
        for thread in threads:
            thread.start()
        time.sleep(self._random.uniform(0.1, 0.8))  # a random moment; no test relies on its length
        kill(self.groups.handle.pid)
        ending.set()
        for thread in threads:
            thread.join()
        self._start()
        for writer in self._writers:
            self._compare(writer)

    def stop(self) -> None:
        self.groups.handle.stop()

    def _start(self) -> None:
        handle = launch.start(self._state)
        self.groups = OnlineGroups(handle, client_factory(handle))

    def _compare(self, writer: Writer) -> None:
        """The last request counts as a whole or not at all."""
        found = {name: self._value(name) for name in writer.acknowledged | writer.asked}
        before = dict.fromkeys(found) | writer.acknowledged
        assert found in (before, before | writer.asked)
        writer.acknowledged, writer.asked = found, {}

    def _value(self, name: str) -> int | None:
        record = self.groups.get(self._group, name)
        return int(record["x"]) if record else None


def strike(state: Path, seed: int, kills: int) -> None:
    chaos = Chaos(state, seed)
    try:
        for _ in range(kills):
            chaos.strike()
    finally:
        chaos.stop()


def test_kills_lose_no_acknowledged_change(tmp_path: Path):
    strike(tmp_path / "state", seed=1, kills=2)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_a_hundred_kills_under_writes(tmp_path: Path):
    strike(tmp_path / "state", seed=2, kills=100)


@pytest.mark.nightly  # a reset of all services by day in server/test_server.py
def test_a_reset_deletes_the_records(tmp_path: Path):
    handle = launch.start(tmp_path / "state")
    try:
        groups = OnlineGroups(handle, client_factory(handle))
        features, store = {"id": "String", "t": "Fractional"}, tmp_path / "state" / "feature_store.db"
        groups.put(groups.create(features, time="t"), id="a" * 1000, t=1)
        handle.reset()
        groups.put(groups.create(features, time="t"), id="b", t=1)
        with contextlib.closing(sqlite3.connect(store)) as connection:
            assert connection.execute("SELECT identifier FROM online").fetchall() == [("b",)]
    finally:
        handle.stop()
