"""Tests `course explain`: a stored score with its evidence, and another run of the submission, which leaves no files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from course.grading.insight import explain
from tests.grading.insight import insight_fixtures
from tests.grading.nbgrader_course import LESSON, NOTEBOOK, Course, answering

from ..batches.test_appeals import CLOUD, CLOUD_NOTEBOOK, STORES, course_command
from ..batches.test_command import grade
from ..students import RIGHT

pytestmark = pytest.mark.timeout(600)

HALF = answering(ex2="def mean(numbers):\n    print('counting')\n    return sum(numbers) / len(numbers)\n")
BLOTTED = """

judged = ex3.checks["graded"]


def says_a_secret(answer, report):
    judged(answer, report)
    report.secret("walrus")
    report.part("found", False, "it is not the walrus")


ex3.checks["graded"] = says_a_secret
"""


def files(root: Path) -> dict[str, str]:
    """Every file of the course, with a hash of its content."""
    there = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in there}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = Course(tmp_path_factory.mktemp("explain") / "course")
    course.release()
    course.submit("half", RIGHT, HALF)
    hidden = course.root / "graders" / LESSON / "m98_1_hidden.py"
    hidden.write_text(hidden.read_text() + BLOTTED)
    grade(course, LESSON)
    return course


def test_explain_shows_the_score_its_evidence_and_an_equal_second_run(course: Course) -> None:
    before = files(course.root)
    said = course_command(course, "explain", "half", "m98_1_ex2")
    assert "1 of 2 points" in said and "[Passed] plain" in said
    assert "`mean([1, 2, 6])` returned `3.0`, and printed `counting`" in said
    assert "`mean([])`: " in said and "ZeroDivisionError" in said
    assert "    return sum(numbers) / len(numbers)\n" in said
    assert said.count("the same today") == 4
    assert "The result is the same: 1 of 2 points, with the same messages, values and calls." in said
    assert files(course.root) == before and course.leftovers() == []


def test_values_are_shown_and_expected_ones_are_not(course: Course, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    said = course_command(course, "explain", "half", "m98_1_ex3", "--no-run", "--html", str(page))
    assert "value `late` = `['c" in said and "it is not the …" in said
    assert "Run again" not in said and "walrus" not in said + page.read_text()
    assert "m98_1_ex3 of half: Find all columns unknown at prediction time" in page.read_text()


@pytest.mark.nightly  # grades again; by day an override is tried in test_appeals.py
def test_an_override_is_shown_beside_the_graders_finding(course: Course) -> None:
    """The submitted answer is no longer the graded one."""
    course_command(course, "override", "half", "m98_1_ex2", "--points", "2", "--reason", "the text was unclear")
    path = course.root / "submitted" / "half" / LESSON / f"{NOTEBOOK}.ipynb"
    kept = path.read_text()
    try:
        path.write_text(kept.replace("return sum(numbers) / len(numbers)", "return 7.25"))
        said = course_command(course, "explain", "half", "m98_1_ex2", expect=1)
    finally:
        path.write_text(kept)
    assert "2 of 2 points" in said and "the text was unclear (the grader's finding: 1 of 2 points)" in said
    assert "The result is different: 0 of 2 points." in said
    assert "score: 1 of 2 points before, 0 of 2 points now" in said
    assert "`mean([1, 2, 6])` returned `3.0`, and printed `counting`; now `mean([1, 2, 6])` returned `7.25`" in said
    assert "different from when it was graded: submission" in said


@pytest.mark.nightly  # a course of its own
def test_requests_to_aws_are_shown(tmp_path: Path) -> None:
    course = Course(tmp_path / "course", CLOUD, CLOUD_NOTEBOOK)
    course.release()
    course.submit("alice", answering(ex1=STORES))
    grade(course, CLOUD)
    said = course_command(course, "explain", "alice", "m97_1_ex1")
    assert "AWS s3.HeadObject `" in said and "AWS s3.GetObject `" in said and "/greeting`: 200" in said
    assert "the same: 2 of 2 points" in said


@pytest.mark.parametrize(
    ("student", "exercise", "says"),
    [
        ("half", "m98_1_ex9", "there is no exercise 'm98_1_ex9'"),
        ("nobody", "m98_1_ex2", "nobody has no result for m98_1_ex2"),
    ],
)
def test_what_cannot_be_explained_is_said(course: Course, student: str, exercise: str, says: str) -> None:
    assert says in course_command(course, "explain", student, exercise, expect=2)


def test_why_a_notebook_is_ungraded_is_said(tmp_path: Path, capsys) -> None:
    folder = insight_fixtures.folder(tmp_path / "course")
    insight_fixtures.class_of(folder, 1)
    assert explain.main(["unreadable", "m98_1_ex2", "--root", str(folder.root)]) == 2
    assert "m98_1_traps of unreadable is ungraded, and so is m98_1_ex2: it cannot be read" in capsys.readouterr().err
