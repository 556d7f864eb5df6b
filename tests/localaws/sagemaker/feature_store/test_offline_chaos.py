"""Kills the local AWS or the offline store's helper while records arrive and queries run.

Every acknowledged record is in the offline store, none is there twice, and no query fails but for the kill itself.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from course.localaws.athena.merged import MANY
from course.localaws.server import launch
from tests.leaked_processes import kill
from tests.localaws.boto_clients import client_factory
from tests.localaws.sagemaker.feature_store.offline_fixtures import Stores

FEATURES = {"id": "String", "at": "String"}
BOTH = ("Glue", "Iceberg")
HELPER = "feature_store.offline_worker"


class Chaos:
    """A local AWS that is killed, and what it has acknowledged.

    Parameters
    ----------
    state : Path
    seed : int
        Of the random moments.
    formats : sequence of str
        The table format of each feature group.
    """

    def __init__(self, state: Path, seed: int, formats: Sequence[str] = BOTH) -> None:
        self.random, self.state = random.Random(seed), state
        handle = launch.start(state)
        self.stores = Stores(handle, client_factory(handle))
        self.groups = [self.stores.create(FEATURES, TableFormat=each) for each in formats]
        self.asked: dict[str, set[str]] = {group: set() for group in self.groups}
        self.acknowledged: dict[str, set[str]] = {group: set() for group in self.groups}
        self.failed: list[Exception] = []  # of queries

    def fill(self, hours: int) -> None:
        """Put a record of each of many hours into each group. The first group then has so many files."""
        for group in self.groups:
            for number in range(hours):
                self._put_one(group, f"2013-07-{number // 24 + 1:02}T{number % 24:02}:00:00Z")
        self.check()

    def strike(self, victim: str) -> None:
        """Put records into all groups, query the first one, and kill at a random moment."""
        ending, struck = threading.Event(), threading.Event()
        threads = [threading.Thread(target=self._put, args=(group, ending)) for group in self.groups]
        threads.append(threading.Thread(target=self._query, args=(ending, struck)))
        for thread in threads:
            thread.start()
        time.sleep(self.random.uniform(0.2, 2))  # a random moment; no test relies on its length
        if victim == "gateway":
            struck.set()
            kill(self.stores.handle.pid)
        else:
            for child in self._helpers():
                with contextlib.suppress(psutil.Error):
                    child.kill()
        ending.set()
        for thread in threads:
            thread.join()
        if victim == "gateway":
            self._start()
        assert not self.failed

    def check(self) -> None:
        """Wait until all acknowledged records are in the offline store, and check that no record is there twice."""
        for group in self.groups:
            self.stores.until(lambda group=group: self.acknowledged[group] <= self._stored(group).keys())
        self.stores.handle.advance(3600)  # what else was stored before a kill
        for group in self.groups:
            stored = self._stored(group)
            assert self.acknowledged[group] <= stored.keys() <= self.asked[group]
            assert max(stored.values()) == 1

    def stop(self) -> None:
        self.stores.handle.stop()

    def _put(self, group: str, ending: threading.Event) -> None:
        while not ending.is_set():
            with contextlib.suppress(BotoCoreError, ClientError):
                self._put_one(group, f"2013-07-{self.random.randint(1, 28):02}T{self.random.randint(0, 23):02}:00:00Z")

    def _put_one(self, group: str, moment: str) -> None:
        number = f"{len(self.asked[group])}"
        self.asked[group].add(number)
        self.stores.put(group, id=number, at=moment)
        self.acknowledged[group].add(number)

    def _query(self, ending: threading.Event, struck: threading.Event) -> None:
        """Query until the kill, whose error counts for nothing."""
        while not ending.is_set() and not struck.is_set():
            try:
                self._stored(self.groups[0])
            except Exception as error:
                if not struck.is_set():
                    self.failed.append(error)

    def _start(self) -> None:
        handle = launch.start(self.state)
        self.stores.connect(handle, client_factory(handle))

    def _stored(self, group: str) -> Counter[str]:
        """How often each record is in the offline store, as Athena reads it."""
        rows = self.stores.query(f"SELECT id, count(*) AS n FROM {self.stores.table(group)} GROUP BY id")
        return Counter({row["id"]: int(row["n"]) for row in rows})

    def _helpers(self) -> list[psutil.Process]:
        found = []
        for child in psutil.Process(self.stores.handle.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if any(HELPER in word for word in child.cmdline()):
                    found.append(child)
        return found


@pytest.mark.nightly  # by day, test_merged.py interleaves what a kill would cut off
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kills", [20])
def test_kills_while_queries_run(tmp_path: Path, kills: int):
    """Queries and the offline store make merged copies of a table of many files meanwhile."""
    chaos = Chaos(tmp_path / "state", seed=kills, formats=["Glue"])
    try:
        chaos.fill(MANY + 1)
        for _ in range(kills):
            chaos.strike("gateway")
        chaos.check()
        assert [path for path in (tmp_path / "state" / "athena-merged").iterdir() if not path.name.startswith("merged.db")]
    finally:
        chaos.stop()


@pytest.mark.nightly  # test_kills_while_queries_run by day
def test_kills_lose_no_record_and_write_none_twice(tmp_path: Path):
    chaos = Chaos(tmp_path / "state", seed=3)
    try:
        for victim in ("helper", "gateway"):
            chaos.strike(victim)
        chaos.check()
    finally:
        chaos.stop()


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_a_hundred_kills(tmp_path: Path):
    chaos = Chaos(tmp_path / "state", seed=4)
    try:
        for number in range(100):
            chaos.strike("helper" if number % 4 == 3 else "gateway")
            if number % 10 == 9:
                chaos.check()
    finally:
        chaos.stop()
