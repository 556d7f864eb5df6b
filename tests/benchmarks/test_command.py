"""Tests `python -m benchmarks`: its table, file and exit code; an interrupted run leaves its measurements and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS
from tests.leaked_processes import interrupted, processes, wait_for
from tests.localaws.sagemaker.job_fixtures import needs_clarify

ROOT = Path(__file__).parents[2]
OFTEN = ("ready",)  # also interrupted in `make test`
SCRIPT = """
import signal, sys
from pathlib import Path
from benchmarks import __main__ as command
from benchmarks.rows import Row, not_measured
from course import interrupts

def waits():
    Path("begun").touch()
    signal.pause()

def fails():
    raise RuntimeError("the endpoint is Failed")

def row(measured):
    return lambda: [Row(f"it takes {measured:g}", "ms", [measured], [1.0], "moto", "ratio", 0.5)]

command.BENCHMARKS = {"good": row(0.25), "bad": row(0.75), "waits": waits, "fails": fails}
command.BENCHMARKS["lacks"] = lambda: [not_measured("it takes long", "ms", "an extra", optional=True)]
sys.exit(interrupts.run(lambda: command.main(sys.argv[1:])))
"""


def environment(folder: Path) -> dict[str, str]:
    (folder / "tmp").mkdir()
    return os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "tmp"), "COLUMNS": "160"}


def run(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """Run the command on the benchmarks of this test."""
    command = [sys.executable, "-c", SCRIPT, *names]
    return subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=60)


def written(folder: Path) -> tuple[list[tuple[str, bool]], list[str]]:
    """The verdict of each row in the file, and the names that were not measured."""
    result = json.loads((folder / "build" / "benchmarks.json").read_text())
    assert {"measured_at", "python", "cpus", "load"} <= result.keys()
    return [(row["name"], row["met"]) for row in result["rows"]], result["not_measured"]


def test_targets_that_are_met(tmp_path):
    done = run(tmp_path, "good")
    assert (done.returncode, written(tmp_path)) == (0, ([("it takes 0.25", True)], []))
    [line] = [line for line in done.stdout.splitlines() if "it takes" in line]
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        "it takes 0.25",
        "0.25 ms",
        "1 ms",
        "moto",
        "0.25 ×",
        "≤ 0.50 ×",
        "met",
    ]


def test_a_missed_target_is_reported_and_sets_the_exit_code(tmp_path):
    done = run(tmp_path, "good", "bad")
    assert (done.returncode, written(tmp_path)) == (1, ([("it takes 0.25", True), ("it takes 0.75", False)], []))
    assert done.stdout.count("missed") == 1


def test_a_benchmark_of_an_optional_package_is_neither_met_nor_missed(tmp_path):
    done = run(tmp_path, "good", "lacks")
    assert (done.returncode, written(tmp_path)) == (0, ([("it takes 0.25", True), ("it takes long", False)], []))
    assert "nothing: an extra" in done.stdout and done.stdout.count("not measured") == 1


def test_an_unknown_benchmark_names_those_there_are(tmp_path):
    done = run(tmp_path, "good", "gone")
    assert done.returncode == 2
    assert "there is no benchmark gone; there are good, bad, waits, fails, lacks" in done.stderr
    assert not (tmp_path / "build").exists()


def test_a_benchmark_that_fails_does_not_take_the_others_with_it(tmp_path):
    done = run(tmp_path, "good", "fails", "bad")
    assert done.returncode == 1
    assert "the endpoint is Failed" in done.stderr and "benchmarks: fails failed" in done.stderr
    assert "it takes 0.25" in done.stdout and "it takes 0.75" in done.stdout
    assert written(tmp_path) == ([("it takes 0.25", True), ("it takes 0.75", False)], ["fails"])


def test_an_earlier_result_is_not_taken_for_the_current_one(tmp_path):
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "benchmarks.json").write_text("of yesterday")
    run(tmp_path, "fails")
    assert written(tmp_path) == ([], ["fails"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_it_has(tmp_path, number):
    command = [sys.executable, "-c", SCRIPT, "good", "waits", "bad"]
    code, output = interrupted(command, number, (tmp_path / "begun").exists, environment(tmp_path), tmp_path)
    assert code == 128 + number
    assert "it takes 0.25" in output and "interrupted" in output
    assert written(tmp_path) == ([("it takes 0.25", True)], ["waits", "bad"])
    assert [path.name for path in (tmp_path / "build").iterdir()] == ["benchmarks.json"]


def of(name: str) -> object:
    """A parameter: the name of a benchmark, with the marks of its test."""
    marks = [] if name in OFTEN else [pytest.mark.nightly]
    return pytest.param(name, marks=[*marks, needs_clarify] if name == "explaining" else marks)


@pytest.mark.parametrize("name", [of(name) for name in BENCHMARKS])
def test_an_interrupt_leaves_nothing_running(tmp_path, name):
    """Interrupt as soon as a local AWS runs or, for a benchmark that begins without one, another process."""
    scratch = tmp_path / "tmp"
    another = name in ("tuning", "monitoring")
    begun = (lambda: len(processes(tmp_path)) > 1) if another else (lambda: list(scratch.rglob("instance.json")))
    command = [sys.executable, "-m", "benchmarks", name]
    code, output = interrupted(command, signal.SIGINT, begun, environment(tmp_path), tmp_path)
    assert code == 128 + signal.SIGINT, output
    wait_for(lambda: not processes(tmp_path), "nothing runs")  # a local AWS that is just starting may take 5 s
    assert list(scratch.iterdir()) == []
