"""Tests that an interrupt of `make run` or of its parts leaves no process and no temporary folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from nbformat.v4 import new_code_cell

from course.regression import process_pool
from course.regression.process_pool import ProcessPool
from tests.leaked_processes import interrupted, processes, wait_for

from .small_notebooks import write

SIGNALS = [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.nightly)]
RUN = """
import sys; from pathlib import Path; from course import interrupts; from course.regression import run
run.ROOT = Path(sys.argv[1])
sys.exit(interrupts.run(run.main))
"""

# A child that sends the signal to its parent at once, while Popen still waits for the child.
BEGINS = """
import contextlib, os, subprocess, sys
from course import interrupts
from course.regression.process_pool import ProcessPool

COMMAND = [sys.executable, "-c", "import signal; signal.pause()"]

def signal_at_once():
    os.kill(os.getppid(), int(sys.argv[2]))

def plain():
    with contextlib.ExitStack() as begun:
        with interrupts.defer_signals():
            child = subprocess.Popen(COMMAND, preexec_fn=signal_at_once)
            begun.callback(child.wait)
            begun.callback(child.kill)
        child.wait()

def pool():
    with ProcessPool(1) as one, one.child(COMMAND, preexec_fn=signal_at_once) as child:
        child.wait()

sys.exit(interrupts.run({"plain": plain, "pool": pool}[sys.argv[1]]))
"""


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("way", ["plain", "pool"])
def test_an_interrupt_while_a_child_begins_ends_it(tmp_path, way, number):
    command = [sys.executable, "-c", BEGINS, way, str(int(number))]
    done = subprocess.run(command, env=os.environ | {"TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 128 + number, done.stderr
    assert processes(tmp_path) == []


# A command that leaves a process: its own child, or one whose parent has ended.
LEAVES = """
import pathlib, signal, subprocess, sys
from course import interrupts

interrupts.WAIT_SECONDS = 0.5
WAITS = [sys.executable, "-c", "import os, pathlib, signal, sys; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); signal.pause()"]

def main():
    command = [*WAITS, sys.argv[1]]
    if sys.argv[2] == "orphan":
        command = [sys.executable, "-c", "import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True)", *command]
    subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    signal.pause()

sys.exit(interrupts.run(main))
"""


@pytest.mark.parametrize("kind", ["child", "orphan"])
def test_an_interrupted_command_says_what_it_left_running(tmp_path, kind):
    marker = tmp_path / "marker"

    def pid() -> int:
        return int(marker.exists() and marker.read_text() or 0)

    command = [sys.executable, "-c", LEAVES, str(marker), kind]
    try:
        code, output = interrupted(command, signal.SIGTERM, pid, os.environ, tmp_path)
        assert code == 128 + signal.SIGTERM
        assert "nothing was left running" not in output
        assert f"process {pid()}: {sys.executable}" in output and f"kill -9 {pid()}" in output
    finally:
        os.kill(pid(), signal.SIGKILL)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_run_that_is_interrupted_in_its_lessons_leaves_nothing(tmp_path, number):
    root, scratch, marker = tmp_path / "course", tmp_path / "tmp", tmp_path / "marker"
    scratch.mkdir()
    cell = f"import signal\nfrom course import connect\nconnect().bucket\nopen({str(marker)!r}, 'w')\nsignal.pause()"
    write(root / "solutions" / "m90_good" / "m90_1.ipynb", new_code_cell(cell))
    command = [sys.executable, "-c", RUN, str(root)]
    code, output = interrupted(command, number, marker.exists, os.environ | {"TMPDIR": str(scratch)}, tmp_path)
    assert marker.exists(), output
    assert code == 128 + number, output
    assert "interrupted; nothing was left running" in output
    assert processes(tmp_path) == []
    assert list(scratch.iterdir()) == []


def test_a_failing_job_ends_the_others(tmp_path):
    def wait() -> None:
        with one_two.child([sys.executable, "-c", f"import signal; open({str(tmp_path / 'marker')!r}, 'w'); signal.pause()"]) as child:
            child.wait()

    def fail() -> None:
        wait_for((tmp_path / "marker").exists, "the other job has begun")
        raise ValueError("as planned")

    with pytest.raises(ValueError, match="as planned"), ProcessPool(2) as one_two:
        one_two.submit(wait)
        one_two.submit(fail).result()
    assert processes(tmp_path) == []


def test_a_child_that_ignores_interrupts_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(process_pool, "GRACE_SECONDS", 0.2)
    deaf = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); open({str(tmp_path / 'marker')!r}, 'w'); signal.pause()"
    with pytest.raises(RuntimeError), ProcessPool(1) as one, one.child([sys.executable, "-c", deaf]):
        wait_for((tmp_path / "marker").exists, "the child has begun")
        raise RuntimeError
    assert processes(tmp_path) == []
