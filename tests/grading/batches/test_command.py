"""Tests `course grade` on the class of traps: the same score for every cell as nbgrader's own command, resuming after a kill, exports."""

from __future__ import annotations

import csv
import html
import json
import os
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from course.sandbox.isolation import OPEN, isolation
from tests import by_day, containers
from tests.grading.nbgrader_course import LESSON, NOTEBOOK, Course, answering, starting
from tests.leaked_processes import interrupted, processes, wait_for

from ..students import CASES, FULL, NOTHING, RIGHT, STUDENTS

pytestmark = pytest.mark.timeout(900)

COMMAND = [sys.executable, "-m", "course.cli", "grade"]
# Code for a check. The process that judges was forked by one that the holder of the seed forked; the holder and the process that grades
# come from one forkserver.
KILL_GRADING_PROCESS = """
_, holder, forkserver, *_ = psutil.Process().parents()
for process in forkserver.children():
    if process != holder:
        process.kill()
"""


def grade(course: Course, *arguments: str, expect: int = 0) -> str:
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=course.root, env=course.environment() | {"COLUMNS": "200"}, text=True, capture_output=True, timeout=600
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def result(course: Course, student: str) -> dict:
    return json.loads((course.root / "results" / LESSON / student / f"{NOTEBOOK}.json").read_text())


def scores(course: Course, student: str) -> dict[str, float | None]:
    return {name: each["score"] for name, each in result(course, student)["exercises"].items()}


@pytest.fixture(scope="module")
def batch(graded: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The submissions of the class `graded`, graded by `course grade`."""
    course = Course(tmp_path_factory.mktemp("batch") / "course")
    course.release()
    shutil.copytree(graded.root / "submitted", course.root / "submitted")
    course.students = graded.students
    course.log = grade(course, LESSON, "--jobs", "2", "--export", "csv", "canvas", "moodle", "junit", expect=1)
    return course


@pytest.mark.parametrize("student", CASES)
def test_scores_are_those_of_nbgrader_autograde(batch: Course, graded: Course, student: str) -> None:
    assert scores(batch, student) == graded.scores(student) == STUDENTS[student][1]
    assert batch.scores(student) == graded.scores(student)
    assert batch.needs_human(student) == set()
    for exercise in FULL:
        assert batch.shown(student, exercise) == graded.shown(student, exercise)


def test_what_cannot_be_read_needs_a_human_and_is_no_zero(batch: Course) -> None:
    broken = result(batch, "m_broken_json")
    assert broken["status"] == "ungraded" and broken["exercises"] == {}
    assert f"submitted/m_broken_json/{LESSON}/{NOTEBOOK}.ipynb cannot be read as a notebook" in broken["fault"]
    assert f"{len(batch.students) + 1} notebooks: {len(batch.students)} graded" in batch.log and "1 need a human" in batch.log


def test_repairs_are_reported(batch: Course) -> None:
    assert "cell m98_1_ex1_check: there were 2 copies" in result(batch, "copies_cells")["repairs"]
    assert "there were 2 copies" in (batch.root / "results" / "night.html").read_text()


def test_feedback_goes_on_from_it(batch: Course) -> None:
    batch.nbgrader("generate_feedback", LESSON, "--student", "wrong")
    assert "raised ZeroDivisionError" in batch.feedback("wrong")


def test_exports(batch: Course) -> None:
    def rows(name: str) -> list[dict]:
        return list(csv.DictReader((batch.root / "results" / name).read_text().splitlines()))

    everything = {(row["student"], row["exercise"]): row for row in rows("grades.csv")}
    assert everything["right", "m98_1_ex1"]["score"] == "4"
    canvas = {row["SIS Login ID"]: row for row in rows("canvas.csv")}
    assert canvas["right"][LESSON] == "9" and canvas["m_broken_json"][LESSON] == "" and canvas[""][LESSON] == "9"
    assert {row["ID number"]: row[LESSON] for row in rows("moodle.csv")}["untouched"] == "0"
    suites = {suite.get("name"): suite for suite in ElementTree.parse(batch.root / "results" / "junit.xml").getroot()}
    assert len(suites[f"wrong/{LESSON}/{NOTEBOOK}"].findall("testcase/failure")) == 3
    assert suites[f"m_broken_json/{LESSON}/{NOTEBOOK}"].find("testcase/error") is not None


def test_nothing_is_left_behind(batch: Course) -> None:
    assert batch.leftovers() == []


@pytest.mark.nightly  # grades a batch again; the killed batch resumes by day
def test_resume_skips_graded_submissions(batch: Course) -> None:
    before = result(batch, "right")["graded_at"]
    log = grade(batch, LESSON, "--resume", expect=1)
    assert f"({len(batch.students)} already graded)" in log and result(batch, "right")["graded_at"] == before
    notebook = batch.root / "submitted" / "untouched" / LESSON / f"{NOTEBOOK}.ipynb"
    kept = notebook.read_bytes()
    try:
        notebook.write_bytes((batch.root / "submitted" / "right" / LESSON / f"{NOTEBOOK}.ipynb").read_bytes())
        assert f"({len(batch.students) - 1} already graded)" in grade(batch, LESSON, "--resume", expect=1)
        assert scores(batch, "untouched") == FULL
    finally:
        notebook.write_bytes(kept)


@pytest.fixture
def small(tmp_path: Path) -> Course:
    course = Course(tmp_path / "course")
    course.release()
    return course


@pytest.mark.nightly  # grades a batch of its own
@pytest.mark.parametrize("threads", ["", "3"])
def test_numbers_are_computed_by_one_thread_in_each_unless_it_is_said_otherwise(
    small: Course, monkeypatch: pytest.MonkeyPatch, threads: str
) -> None:
    small.submit("alice", RIGHT, starting("import os, pyarrow\nprint('threads:', os.environ['OMP_NUM_THREADS'], pyarrow.cpu_count())"))
    monkeypatch.setenv("OMP_NUM_THREADS", threads) if threads else monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    grade(small, LESSON)
    executed = small.root / "results" / LESSON / "alice" / f"{NOTEBOOK}.ipynb"
    assert f"threads: {threads or 1} {threads or 1}" in executed.read_text()


@pytest.mark.parametrize("number", by_day.first([signal.SIGKILL, signal.SIGTERM, signal.SIGINT], 1))
def test_killed_and_resumed_nothing_is_lost_or_graded_twice(small: Course, number: signal.Signals) -> None:
    small.submit("a_first", RIGHT)
    small.submit("b_waits", RIGHT, starting("import pathlib, time\npathlib.Path('marker').touch()\ntime.sleep(4)"))
    small.submit("c_later", RIGHT)
    begun: list[Path] = []

    def second_runs() -> bool:
        begun.extend(small.scratch.glob("sub-*/work/*/marker"))
        return bool(begun)

    code, output = interrupted([*COMMAND, LESSON, "--jobs", "1"], number, second_runs, small.environment(), small.root)
    assert begun and code != 0, output
    wait_for(lambda: not processes(small.root), "nothing runs")
    first = result(small, "a_first")
    assert not (small.root / "results" / LESSON / "b_waits" / f"{NOTEBOOK}.json").exists()
    assert "(1 already graded)" in grade(small, LESSON, "--resume")
    assert result(small, "a_first") == first
    assert [small.scores(student) for student in ("a_first", "b_waits", "c_later")] == [FULL] * 3
    left = [each for each in small.leftovers() if "/pymp-" not in each or number != signal.SIGKILL]  # of Python's multiprocessing
    assert left == []


def test_renamed_and_missing_notebooks(small: Course) -> None:
    path = small.submit("renamed", RIGHT)
    path.rename(path.with_name("m98_1_traps (1) final.ipynb"))
    empty = small.submit("empty")
    empty.unlink()
    grade(small, LESSON)
    assert scores(small, "renamed") == FULL
    assert result(small, "renamed")["repairs"] == ["the notebook was called m98_1_traps (1) final.ipynb"]
    assert scores(small, "empty") == NOTHING and result(small, "empty")["notes"] == ["it was not handed in"]


def test_what_cannot_be_done_is_said(small: Course) -> None:
    assert "nothing to grade" in grade(small, expect=2)
    assert "assignment 'm99' is not released" in grade(small, "m99", expect=2)
    small.submit("right", RIGHT)
    assert "bob handed in nothing" in grade(small, LESSON, "--students", "bob", expect=2)


@pytest.mark.nightly  # by day in test_nbgrader_class.py
def test_a_failing_check_needs_a_human_and_costs_nothing(small: Course) -> None:
    hidden = small.root / "graders" / LESSON / "m98_1_hidden.py"
    hidden.write_text(hidden.read_text() + "\n\nex2.checks['graded'] = lambda answer, report: report.part('plain', 7, 'seven')\n")
    small.submit("right", RIGHT)
    assert "raised DefinitionError" in grade(small, LESSON, expect=1)
    assert scores(small, "right") == FULL | {"m98_1_ex2": None}


@pytest.mark.nightly  # grades a batch of its own
def test_a_grading_process_that_dies_is_tried_again_and_then_ungraded(small: Course) -> None:
    """The check of this course kills the process that grades: the grader's fault, not the student's."""
    hidden = small.root / "graders" / LESSON / "m98_1_hidden.py"
    marker = small.root / "tries"
    deadly = f"import psutil\nopen({str(marker)!r}, 'a').write('x')\n{KILL_GRADING_PROCESS}"
    hidden.write_text(hidden.read_text() + f"\n\ndef die(answer, report):\n    exec({deadly!r})\n\n\nex2.checks['graded'] = die\n")
    small.submit("right", RIGHT)
    log = grade(small, LESSON, expect=1)
    assert marker.read_text() == "xxx"
    assert result(small, "right")["status"] == "ungraded" and "grading it failed 3 times" in result(small, "right")["fault"]
    assert "1 need a human" in log
    assert os.listdir(small.scratch) == [] or not processes(small.root)  # noqa: PTH208


@pytest.mark.nightly  # grades a batch of its own
def test_what_the_machine_does_not_isolate_is_said(small: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    small.submit("right", RIGHT)
    with containers.without_namespaces():
        found = isolation()
        monkeypatch.setattr(small, "environment", lambda: Course.environment(small) | {"COURSE_NO_USERNS": "1"})
        log = grade(small, LESSON)
    assert scores(small, "right") == FULL and result(small, "right")["sandbox"] == found != "namespace"
    page = (small.root / "results" / "night.html").read_text()
    for text in (log, html.unescape(page)):
        assert OPEN[found] in " ".join(text.split())


@pytest.mark.nightly  # grades its own batch
def test_submissions_do_not_see_each_others_files(small: Course) -> None:
    """A submission does not see the files that another one left at the same paths."""
    leaves = "import os, pathlib\npathlib.Path('/tmp/left').write_text('x')\npathlib.Path.home().joinpath('left').write_text('x')"
    looks = "import pathlib\nassert not pathlib.Path('/tmp/left').exists() and not pathlib.Path.home().joinpath('left').exists()"
    small.submit("a_leaves", RIGHT, starting(leaves))
    small.submit(
        "b_looks",
        starting(looks + "\nseen = 'nothing'"),
        RIGHT,
        answering(ex2="assert seen == 'nothing'\n" + "def mean(n):\n    return sum(n) / len(n) if n else 0.0"),
    )
    grade(small, LESSON, "--jobs", "1")
    assert scores(small, "a_leaves") == scores(small, "b_looks") == FULL
