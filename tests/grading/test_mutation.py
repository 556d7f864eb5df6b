"""Tests that the gate with mutants reports a weak check and a wrong list of survivors, and passes correct ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from course.grading import DefinitionError
from course.grading.gate import judging, record

FIXTURE = Path(__file__).parent / "fixture"
ANSWERS = "graders/m98_traps/answers"
HIDDEN = "graders/m98_traps/m98_1_hidden.py"
BORDER = 'return "spark" if job["gigabytes"] > 100 else "script" -> return "spark" if job["gigabytes"] {} else "script"'


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the fixture that a test may change."""
    return Path(shutil.copytree(FIXTURE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__")))


def edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def listing(course: Path, exercise: str, reason: str, *mutants: str) -> None:
    path = course / ANSWERS / exercise / "survivors.yaml"
    path.write_text(yaml.safe_dump([{"reason": reason, "mutants": list(mutants)}]))


def problems(course: Path, mutants: int | None = judging.ALL_MUTANTS) -> dict[str, str]:
    found = judging.judge("m98_1", course, mutants)
    return {f"{each.exercise} {each.candidate}": each.problem for each in found if each.problem}


def score(course: Path, exercise: str):
    return next(each.mutants for each in judging.judge("m98_1", course, judging.ALL_MUTANTS) if each.mutants and each.exercise == exercise)


def test_survivors_are_findings_until_they_are_listed(course: Path) -> None:
    borders = [BORDER.format(">= 100"), BORDER.format("> 101")]
    assert {name for name in problems(course) if name.startswith("m98_1_ex1")} == {f"m98_1_ex1 mutant {name}" for name in borders}
    listing(course, "m98_1_ex1", "left open: sizes are drawn far from the border", *borders)
    assert problems(course) == {}


@pytest.mark.nightly  # runs all mutants again
def test_weak_check_is_named(course: Path) -> None:
    edit(course / HIDDEN, "share = rule_share(given, [{tool} for tool in wanted])", "share = 1.0")
    found = problems(course)
    assert found["m98_1_ex1 mutants"].startswith("only ")
    assert "less than 90%" in found["m98_1_ex1 mutants"]


@pytest.mark.nightly  # runs all mutants again
def test_equivalent_mutants_do_not_count(course: Path) -> None:
    borders = [BORDER.format(">= 100"), BORDER.format("> 101")]
    listing(course, "m98_1_ex1", "left open: sizes are drawn far from the border", *borders)
    counted = score(course, "m98_1_ex1")
    listing(course, "m98_1_ex1", "equivalent: no size is that near", *borders)
    uncounted = score(course, "m98_1_ex1")
    assert (counted.killed, counted.equivalent, uncounted.equivalent) == (counted.tried - 2, 0, 2)
    assert counted.share < uncounted.share == 1


def test_listed_mutant_that_is_killed_or_gone(course: Path) -> None:
    killed, gone = BORDER.format("<= 100"), "return nothing -> return something"
    killed = 'if job["team_codes"]: -> if job["XXteam_codesXX"]:'
    borders = [BORDER.format(">= 100"), BORDER.format("> 101")]
    listing(course, "m98_1_ex1", "left open", *borders, killed, gone)
    found = problems(course)
    assert "does not survive any more" in found[f"m98_1_ex1 mutant {killed}"]
    assert "is not made any more" in found[f"m98_1_ex1 mutant {gone}"]


def test_check_that_breaks_on_a_mutant(course: Path) -> None:
    edit(course / HIDDEN, "right = sum(", 'right = 1 / ("XXscriptXX" not in given) * sum(')
    edit(course / "graders/m98_traps/needs.py", 'TOOLS = ("spark",', 'TOOLS = ("XXscriptXX", "spark",')
    assert any("the check itself raised ZeroDivisionError" in problem for problem in problems(course).values())


def test_malformed_list(course: Path) -> None:
    listing(course, "m98_1_ex1", "", "a -> b")
    with pytest.raises(DefinitionError, match="m98_1_ex1/survivors.yaml: an entry has a `reason` and a list of `mutants`"):
        judging.judge("m98_1", course, 2)


def test_mutant_that_never_ends_is_killed_soon(course: Path) -> None:
    source = course / "solutions/m98_traps/m98_1_traps.py"
    loop = "total = 0.0\n    rest = list(numbers)\n    while rest:\n        total += rest.pop()\n    return total / max(1, len(numbers))"
    edit(source, "return sum(numbers) / len(numbers) if numbers else 0.0", loop)
    edit(source, "rest.pop()", "rest[0]\n        del rest[0:1]")  # with 1:1 it never ends
    assert {name for name in problems(course) if "m98_1_ex2 mutant" in name and "[1:1]" in name} == set()


def test_sample_is_small_and_always_the_same(course: Path) -> None:
    runs: list[list[str]] = [[], []]
    for lines in runs:
        judging.judge("m98_1", course, 3, lambda exercise, what, lines=lines: lines.append(f"{exercise} {what}"))
    assert runs[0] == runs[1]
    assert [what for what in runs[0] if "m98_1_ex1 mutant" in what] == [f"m98_1_ex1 mutant {number} of 3" for number in range(3)]


def test_record_holds_the_figures(course: Path) -> None:
    listing(course, "m98_1_ex1", "equivalent: no size is that near", BORDER.format(">= 100"), BORDER.format("> 101"))
    command = [sys.executable, "-m", "course.grading.gate", "m98_1", "--root", str(course), "--mutants", "all", "--record"]
    done = subprocess.run(command, text=True, capture_output=True, env=os.environ | {"COLUMNS": "200"})
    assert done.returncode == 0, done.stdout + done.stderr
    kept = record.read("m98_1_ex1", course / "graders")
    assert kept["mutants"]["tried"] == kept["mutants"]["killed"] + kept["mutants"]["equivalent"]
    assert set(kept["guessers"]) == {"guesser", "constant", "another seed", "thief"}
    assert set(record.read("m98_1_ex2", course / "graders")["guessers"]) == {"thief"}  # which every exercise has


def test_record_takes_all_mutants_or_none(course: Path) -> None:
    command = [sys.executable, "-m", "course.grading.gate", "m98_1", "--root", str(course), "--mutants", "3", "--record"]
    done = subprocess.run(command, text=True, capture_output=True)
    assert done.returncode == 2 and "--record takes --mutants all, or none" in done.stderr


@pytest.mark.nightly  # by day the record with mutants is written
def test_without_mutants_the_record_renews_what_practice_finds(course: Path) -> None:
    place = course / ANSWERS / "m98_1_ex1" / record.NAME
    place.write_text("mutants: {of: abc, tried: 3, killed: 3, equivalent: 0}\npractice: {wrong: 9, hold: 9}\n")
    command = [sys.executable, "-m", "course.grading.gate", "m98_1", "--root", str(course), "--record"]
    done = subprocess.run(command, text=True, capture_output=True, env=os.environ | {"COLUMNS": "200"})
    assert done.returncode == 0, done.stdout + done.stderr
    kept = record.read("m98_1_ex1", course / "graders")
    assert kept["mutants"]["tried"] == 3
    # The practice check asks for the name of a tool; only the hidden one sees the wrong rules.
    assert kept["practice"] == {"wrong": 3, "hold": 2}
    assert "wrong answers (" in done.stdout and "hold in practice; only `judge` finds them." in done.stdout
