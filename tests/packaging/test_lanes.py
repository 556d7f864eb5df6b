"""Tests `make test`: every test is in a lane, failures are shown and counted, nothing is left running."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from course.regression import lanes
from tests.leaked_processes import interrupted, processes

ROOT = Path(__file__).parents[2]
PASSING = "def test_a():\n    assert True\n\n\ndef test_b():\n    assert True\n"
FAILING = "def test_c():\n    assert 1 == 2, 'one is not two'\n"
SKIPPED = "import pytest\n\n\ndef test_d():\n    pytest.skip('until 2999-01-01: an example')\n"


@pytest.fixture
def course(tmp_path, monkeypatch) -> Path:
    """A folder with tests, in which `python -m course.regression.lanes` runs as in the course."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # pytest's plugins load slowly
    for name, text in {"good": PASSING, "bad": FAILING}.items():
        (tmp_path / "tests" / name).mkdir(parents=True)
        (tmp_path / "tests" / name / f"test_{name}.py").write_text(text)
    return tmp_path


def lane(name: str, *tests: str, checks: tuple[str, ...] = ()) -> lanes.Lane:
    return lanes.Lane(name, f"the lane {name}", checks, tests, nightly=False)


def outcomes(course: Path, *chosen: lanes.Lane) -> dict[str, lanes.LaneResult]:
    (course / lanes.RESULTS).mkdir(parents=True, exist_ok=True)
    found = lanes.run_all(chosen, lanes.LaneRunner(course, nightly=False), lanes.Terminal(quiet=True))
    return {outcome.lane.name: outcome for outcome in found}


def figures(outcome: lanes.LaneResult) -> tuple[int, int, int, str]:
    return outcome.passed, outcome.failed, outcome.skipped, outcome.result


def test_every_test_is_in_exactly_one_lane():
    claimed = [ROOT / "tests" / name for each in lanes.lanes() for name in each.tests]
    files = list((ROOT / "tests").rglob("test_*.py"))
    holders = {file: [place for place in claimed if file.is_relative_to(place)] for file in files}
    assert len(files) > 150 and {file: places for file, places in holders.items() if len(places) != 1} == {}


def test_results_are_counted(course):
    found = outcomes(course, lane("a", "good"), lane("b", "bad"), lane("c", "good", "bad"), lane("d", checks=("this", "no.such.module")))
    assert figures(found["a"]) == (2, 0, 0, "passed")
    assert figures(found["b"]) == (0, 1, 0, "failed")
    assert figures(found["c"]) == (2, 1, 0, "failed")
    assert figures(found["d"]) == (1, 1, 0, "failed")
    assert "one is not two" in found["b"].log.read_text()
    assert "No module named 'no'" in found["d"].log.read_text()


def test_a_run_without_results_has_not_passed(course):
    """Skipped tests, no tests, and a test that ends the whole process."""
    for name, text in {"skipped": SKIPPED, "empty": "x = 1\n", "gone": "import os\n\n\ndef test_e():\n    os._exit(0)\n"}.items():
        (course / "tests" / name).mkdir()
        (course / "tests" / name / f"test_{name}.py").write_text(text)
    found = outcomes(course, lane("a", "skipped"), lane("b", "empty"), lane("c", "gone"))
    assert figures(found["a"]) == (0, 0, 1, "ran no test")
    assert found["b"].result == "failed" and found["c"].result == "failed"


def test_failures_are_shown_with_their_output(course, capsys):
    found = outcomes(course, lane("a", "good"), lane("b", "bad"))
    lanes.show(list(found.values()), course, lanes.Terminal(width=120))
    shown = capsys.readouterr().out
    assert "b failed: build/lanes/b.log" in shown and "one is not two" in shown
    assert "a failed" not in shown


def test_an_unknown_lane_lists_the_known():
    with pytest.raises(lanes.LaneError, match="no lane grader; there are .*graders"):
        lanes.select(["grader"], nightly=False)


def test_nightly_lanes_run_at_night_or_when_named():
    by_day = {each.name for each in lanes.select([], nightly=False)}
    assert "studio" not in by_day and "text" in by_day
    assert "studio" in {each.name for each in lanes.select([], nightly=True)}
    assert [each.name for each in lanes.select(["studio"], nightly=False)] == ["studio"]


def test_a_lane_that_runs_alone_waits_for_the_others(course):
    quiet = "from pathlib import Path\n\n\ndef test_q():\n    assert Path('ended').exists()\n"
    loud = "from pathlib import Path\n\n\ndef test_l():\n    Path('ended').touch()\n"
    for name, text in {"quiet": quiet, "loud": loud}.items():
        (course / "tests" / name).mkdir()
        (course / "tests" / name / f"test_{name}.py").write_text(text)
    alone = lanes.Lane("a", "it measures", (), ("quiet",), nightly=False, alone=True)
    found = outcomes(course, alone, lane("b", "loud"))
    assert [figures(found[name]) for name in ("a", "b")] == [(1, 0, 0, "passed")] * 2
    assert [each.name for each in lanes.lanes() if each.alone] == ["benchmarks"]


def test_a_lane_over_its_budget_is_named_and_passes(course, capsys):
    slow = lanes.Lane("slow", "it takes its time", (), ("good",), nightly=False, budget=0.001)
    found = outcomes(course, slow, lane("free", "good"))
    late = [lanes.LaneResult(slow, 2, 0, 0, 61.0, found["slow"].log), found["free"]]
    lanes.show(late, course, lanes.Terminal(width=120))
    assert "Over budget on this machine: slow by 61 s of 0 s." in capsys.readouterr().out
    assert found["slow"].result == "passed" and lanes.over_budget([found["free"]]) == ""


def test_the_budgets_by_day_fit_into_fifteen_minutes():
    chosen = lanes.select([], nightly=False)
    assert all(each.budget > 0 for each in lanes.lanes())
    assert sum(each.budget for each in chosen) <= lanes.AT_A_TIME * 15 * 60
    assert {each.budget for each in lanes.select([each.name for each in chosen], nightly=True)} == {0}


def test_the_closing_line_and_the_exit_code_of_the_command(course):
    """The command itself, on a lane that passes and one that does not."""
    script = (
        "import sys; from pathlib import Path; from course.regression import lanes\n"
        f"lanes.ROOT = Path({str(course)!r})\n"
        "lanes.select = lambda names, nightly: [lanes.Lane(n, n, (), (n,), False) for n in names]\n"
        "sys.exit(lanes.main(sys.argv[1:]))"
    )
    good = subprocess.run([sys.executable, "-c", script, "good"], capture_output=True, text=True, timeout=120)
    assert good.returncode == 0 and good.stdout.splitlines()[-1] == "2 passed, 0 failed"
    both = subprocess.run([sys.executable, "-c", script, "good", "bad"], capture_output=True, text=True, timeout=120)
    assert both.returncode == 1 and both.stdout.splitlines()[-1] == "2 passed, 1 failed"
    page = (course / "build" / "lanes" / "status.html").read_text()
    assert page.count("<tr") == 3 and "failed" in page
    with (course / "build" / "timings.csv").open() as file:
        assert [(row["lane"], row["result"]) for row in csv.DictReader(file)] == [("good", "passed"), ("good", "passed"), ("bad", "failed")]


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.nightly)])
def test_an_interrupt_leaves_nothing_running(course, tmp_path, number):
    """The interrupt also lets the fixtures of the lane's tests clean up."""
    begun, put_away, scratch = tmp_path / "begun", tmp_path / "put-away", tmp_path / "tmp"
    scratch.mkdir()
    (course / "tests" / "slow").mkdir()
    (course / "tests" / "slow" / "test_slow.py").write_text(
        f"import signal\nfrom pathlib import Path\n\nimport pytest\n\n\n@pytest.fixture\ndef thing():\n    yield\n"
        f"    Path({str(put_away)!r}).touch()\n\n\ndef test_f(thing):\n    Path({str(begun)!r}).touch()\n    signal.pause()\n"
    )
    script = (
        "import sys; from pathlib import Path; from course import interrupts; from course.regression import lanes\n"
        f"lanes.ROOT = Path({str(course)!r})\n"
        "lanes.select = lambda names, nightly: [lanes.Lane('slow', 'slow', (), ('slow',), False)]\n"
        "sys.exit(interrupts.run(lambda: lanes.main([])))"
    )
    environment = os.environ | {"TMPDIR": str(scratch)}
    code, output = interrupted([sys.executable, "-c", script], number, begun.exists, environment, ROOT)
    assert code == 128 + number and "interrupted" in output
    assert put_away.exists()
    assert processes(tmp_path) == []
    assert [path.name for path in scratch.iterdir() if not path.name.startswith("pytest-of-")] == []
