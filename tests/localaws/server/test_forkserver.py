"""Local AWSs that a forkserver forks behave like any other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import psutil
import pytest

from course.localaws.server import forkserver, launch
from tests.leaked_processes import children, kill, wait_for


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with forkserver.start() as address:
        wait_for(Path(address).exists, "the forkserver listens")
        yield address
    assert not Path(address).exists()


def _buckets(handle: launch.Handle, *, new: str = "") -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in handle.environment().items():
            patch.setenv(name, value)
        s3 = boto3.Session().client("s3")
        if new:
            s3.create_bucket(Bucket=new)
        return [each["Name"] for each in s3.list_buckets()["Buckets"]]


def test_it_serves_and_ends_like_any_other(address: str, tmp_path: Path) -> None:
    with launch.forked_from(address):
        one, two = (launch.start(tmp_path / name) for name in ("one", "two"))
    parents = {psutil.Process(each.pid).ppid() for each in (one, two)}
    assert len(parents) == 1 and os.getpid() not in parents
    assert (_buckets(one, new="one"), _buckets(two)) == (["one"], [])
    for each in (one, two):
        each.stop()
        wait_for(lambda pid=each.pid: not psutil.pid_exists(pid), "it has ended")
    assert launch.find(tmp_path / "one") is None


def test_its_state_outlives_a_kill(address: str, tmp_path: Path) -> None:
    with launch.forked_from(address):
        first = launch.start(tmp_path)
        _buckets(first, new="kept")
        kill(first.pid)
        again = launch.start(tmp_path)
    assert _buckets(again) == ["kept"]
    again.stop()


def test_it_goes_on_without_the_forkserver(tmp_path: Path) -> None:
    with forkserver.start() as address:
        wait_for(Path(address).exists, "the forkserver listens")
        with launch.forked_from(address):
            handle = launch.start(tmp_path)
        parent = psutil.Process(handle.pid).parent()
    wait_for(lambda: not parent.is_running(), "the forkserver has ended")
    assert _buckets(handle) == []
    handle.stop()


def test_it_starts_without_a_forkserver_that_was_killed(tmp_path: Path) -> None:
    with forkserver.start() as address:
        wait_for(Path(address).exists, "the forkserver listens")
        [process] = children(address)
        kill(process.pid)
        with launch.forked_from(address):
            handle = launch.start(tmp_path)
    assert psutil.Process(handle.pid).ppid() == os.getpid()
    assert _buckets(handle) == []
    handle.stop()


def test_a_temporary_one_and_one_before_the_forkserver_listens_are_not_forked(address: str, tmp_path: Path) -> None:
    with launch.forked_from(address), launch.temporary() as handle:
        assert psutil.Process(handle.pid).ppid() == os.getpid()
    with launch.forked_from(str(tmp_path / "nothing")):
        handle = launch.start(tmp_path / "state")
    assert psutil.Process(handle.pid).ppid() == os.getpid()
    handle.stop()
