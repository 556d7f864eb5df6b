"""Stopping a local AWS always ends it, even when a part of it hangs: the caller kills it, or it kills itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from course.localaws.server import cli, launch
from course.localaws.server.instance import ServerError
from tests import by_day
from tests.leaked_processes import interrupted, wait_for
from tests.localaws.boto_clients import client_factory

ROOT = Path(__file__).parents[3]
# Holds Python's lock in a C function, as a regular expression does that backtracks.
FREEZE = "ctypes.PyDLL(None).sleep(3600)"
DAEMON = """
import asyncio, ctypes, sys, threading
from course.localaws.server import daemon
from course.localaws.server.app import LocalAws

daemon.HANG_SECONDS = daemon.SHUTDOWN_SECONDS = 2.0
warm = LocalAws.warm

def freeze_soon(self):
    warm(self)
    asyncio.get_running_loop().call_later(0.1, lambda: {freeze})

{how}
daemon.main([*sys.argv[1:], "--ready", "1"])
"""
FREEZES = "LocalAws.warm = freeze_soon"
NEVER_CLOSES = "LocalAws.shutdown = lambda self: threading.Event().wait()"
FREEZES_AT_THE_END = f"LocalAws.shutdown = lambda self: {FREEZE}"


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def impatient(monkeypatch) -> None:
    for name, seconds in {"HEALTH_SECONDS": 0.5, "STOP_SECONDS": 0.5, "END_SECONDS": 3.0}.items():
        monkeypatch.setattr(launch, name, seconds)


def hang(handle: launch.Handle) -> list[psutil.Process]:
    """Make it handle neither requests nor signals, except SIGKILL. Returns its processes."""
    client_factory(handle)("sqs").create_queue(QueueName="q")
    process = psutil.Process(handle.pid)
    process.suspend()
    return [process, *process.children(recursive=True)]


def test_one_that_hangs_is_killed(tmp_path, impatient):
    handle = launch.start(tmp_path / "state")
    processes = hang(handle)
    handle.stop()
    assert all(is_gone(process.pid) for process in processes)
    again = launch.start(tmp_path / "state")
    assert len(client_factory(again)("sqs").list_queues()["QueueUrls"]) == 1
    again.stop()


INTERRUPTED = """
import sys, threading, time
from pathlib import Path
from course import interrupts
from course.localaws.server import launch
from course.localaws.server.instance import is_locked
from tests.localaws.boto_clients import client_factory

def main():
    handle = launch.start(Path(sys.argv[1]))
    sqs = client_factory(handle)("sqs")
    queue = sqs.create_queue(QueueName="slow")["QueueUrl"]
    threading.Thread(target=sqs.receive_message, kwargs={"QueueUrl": queue, "WaitTimeSeconds": 20}, daemon=True).start()
    time.sleep(1)  # now it waits at shutdown for the request
    Path(sys.argv[1]).with_name("stopping").touch()
    try:
        handle.stop()
    finally:
        print("it runs" if is_locked(handle.state) else "it has ended")
    return 0

sys.exit(interrupts.run(main))
"""


def test_it_has_ended_when_its_stop_is_interrupted(tmp_path):
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path / "state")]
    code, output = interrupted(command, signal.SIGINT, (tmp_path / "stopping").exists, os.environ | {"PYTHONPATH": str(ROOT)}, tmp_path)
    assert code == 128 + signal.SIGINT and "it has ended" in output, output


@pytest.mark.nightly  # one that hangs is killed by day
def test_the_command_stops_one_that_hangs(tmp_path, impatient, capsys):
    handle = launch.start(tmp_path / "state")
    hang(handle)
    assert launch.find(tmp_path / "state") is None
    assert cli.main(["stop", "--state", str(tmp_path / "state")]) == 0
    assert "has ended" in capsys.readouterr().out
    assert is_gone(handle.pid)
    assert cli.main(["stop", "--state", str(tmp_path / "state")]) == 0
    assert "No local AWS runs" in capsys.readouterr().out


@pytest.mark.nightly  # a local AWS of its own; the block ends it by the same function as the tests above
def test_a_temporary_one_that_hangs_ends_with_its_block(tmp_path, impatient, monkeypatch):
    monkeypatch.setattr(launch.tempfile, "tempdir", str(tmp_path))
    with launch.temporary() as handle:
        hang(handle)
    assert is_gone(handle.pid)
    assert list(tmp_path.iterdir()) == []


def test_only_its_own_process_is_killed(tmp_path, impatient):
    """The process of the description has ended, and another program has its id."""
    handle = launch.start(tmp_path / "state")
    os.kill(handle.pid, signal.SIGKILL)
    os.waitpid(handle.pid, 0)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        described = (tmp_path / "state" / "instance.json").read_text()
        (tmp_path / "state" / "instance.json").write_text(described.replace(str(handle.pid), str(other.pid)))
        with pytest.raises(ServerError, match="does not answer"):
            launch.Handle(handle.endpoint, handle.state, other.pid).stop()
        assert not launch.stop(tmp_path / "state")
        assert other.poll() is None
        other.kill()


# Each starts a local AWS and waits until it hangs for two seconds, so two run at night.
@pytest.mark.parametrize("how", by_day.first([FREEZES, NEVER_CLOSES, FREEZES_AT_THE_END], 1))
def test_one_that_nobody_stops_ends_by_itself(tmp_path, how):
    command = [sys.executable, "-c", DAEMON.format(how=how, freeze=FREEZE), "--state", str(tmp_path)]
    log = tmp_path / "log"
    with log.open("wb") as stderr, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr) as process:
        try:
            assert process.stdout.readline() == b"{}\n"
            if how != FREEZES:
                process.send_signal(signal.SIGTERM)
            wait_for(lambda: process.poll() is not None, "it has ended")
        finally:
            process.kill()
    assert process.returncode == 1
    assert "Timeout" in log.read_text() and "most recent call first" in log.read_text()


def test_its_jobs_end_with_one_that_is_killed(tmp_path, impatient):
    """So that nothing is left of a submission."""
    from tests.localaws.sagemaker.job_fixtures import JobFixtures

    handle = launch.start(tmp_path / "state")
    aws = JobFixtures(handle, "")
    mark = Path(tmp_path, "mark").name
    name = aws.train("waits", entrypoint=["/bin/sh", "-c", f"echo {mark}; sleep 3600"])
    aws.until(lambda: aws.lines(name))
    processes = hang(handle)
    assert len(processes) > 2
    handle.stop()
    wait_for(lambda: all(is_gone(process.pid) for process in processes), "the job has ended")
