"""Tests appeals: a fixed check judges the class again without a run, and a human's decision stays."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import pytest

from tests.grading.nbgrader_course import LESSON, NOTEBOOK, SEED, Course, answering

from ..students import FULL, NOTHING, RIGHT, WRONG
from .test_command import grade, result, scores

pytestmark = pytest.mark.timeout(600)

HALF = answering(ex2="def mean(numbers):\n    return sum(numbers) / len(numbers)\n")
MAKES_A_BUCKET = '    answer.client("s3").create_bucket(Bucket=f"graded-{answer.token()}")\n'
CLOUD, CLOUD_NOTEBOOK = "m97_cloud", "m97_1_cloud"
STORES = 'bucket, key = aws.bucket, "greeting"\ns3.put_object(Bucket=bucket, Key=key, Body=b"hello")\n'


def course_command(course: Course, *arguments: str, expect: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "course.cli", *arguments],
        cwd=course.root,
        env=course.environment(),
        text=True,
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = Course(tmp_path_factory.mktemp("appeals") / "course")
    course.release()
    for student, edits in {"right": [RIGHT], "wrong": [WRONG], "half": [RIGHT, HALF], "untouched": []}.items():
        course.submit(student, *edits)
    grade(course, LESSON, "--jobs", "2")
    return course


@pytest.fixture
def changed(course: Course):
    """``changed(text)`` adds to the hidden checks; the fixture restores them afterwards."""
    hidden = course.root / "graders" / LESSON / "m98_1_hidden.py"
    before = hidden.read_text()
    yield lambda text: hidden.write_text(f"{before}\n\n{text}")
    hidden.write_text(before)
    course_command(course, "rescore", LESSON)


@pytest.mark.nightly  # course explain judges again by day
def test_the_same_checks_give_the_same_result(course: Course) -> None:
    before = {student: result(course, student)["exercises"] for student in ("right", "wrong", "half", "untouched")}
    assert "4 notebooks judged again; 0 scores changed." in course_command(course, "rescore", LESSON)
    assert {student: result(course, student)["exercises"] for student in before} == before


@pytest.mark.nightly  # judges the class again
def test_a_changed_check_changes_the_scores_it_should(course: Course, changed) -> None:
    changed("ex3.checks['graded'] = lambda answer, report: report.part('found', True, 'all are right')\n")
    said = course_command(course, "rescore", LESSON)
    assert "wrong" in said and "1 scores changed" in said
    assert scores(course, "right") == FULL
    assert scores(course, "wrong")["m98_1_ex3"] == course.scores("wrong")["m98_1_ex3"] == 3.0
    assert scores(course, "untouched") == NOTHING  # it offered no evidence that another check could accept
    assert "already graded" in grade(course, LESSON, "--resume")  # judged by today's checks: nothing to run


@pytest.mark.nightly  # grades three times
def test_grading_again_says_what_changed_and_why(course: Course, changed) -> None:
    assert "Scores that changed" not in grade(course, LESSON, "--students", "wrong")
    changed("ex3.checks['graded'] = lambda answer, report: report.part('found', True, 'all are right')\n")
    said = grade(course, LESSON, "--students", "right", "wrong", "--resume")
    table = said[said.index("Scores that changed") :]
    [row] = [line for line in table.splitlines() if "m98_1_ex" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["wrong", "m98_1_ex3", "0", "3", "other checks"]


@pytest.mark.nightly  # judges the class again
def test_a_check_that_asks_for_more_needs_a_run(course: Course, changed) -> None:
    changed("ex2.checks['graded'] = lambda answer, report: report.part('plain', answer.call('mean', [1, 2, 3, 4]) == 2.5, 'no mean')\n")
    said = course_command(course, "rescore", LESSON, expect=1)
    assert "right: m98_1_ex2 cannot be judged again without a run: `mean` was not called with these arguments" in said
    assert scores(course, "right") == FULL
    assert result(course, "right")["checks"] != result(course, "untouched")["checks"]


@pytest.mark.nightly  # judges the class again
def test_an_exercise_whose_points_have_changed_needs_a_human(course: Course, changed) -> None:
    changed("object.__setattr__(ex3, 'parts', {'found': 5})\n")
    said = course_command(course, "rescore", LESSON)
    assert "needs a human" in said
    assert result(course, "right")["exercises"]["m98_1_ex3"]["fault"].startswith("released with different points from those in graders/")


def test_evidence_holds_no_secret(course: Course) -> None:
    """Learners do not get the evidence, which is among the results. Even so, it does not contain the seed."""
    path = course.root / "results" / LESSON / "right" / f"{NOTEBOOK}.evidence.json.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    assert set(json.loads(text)) == set(FULL) and SEED not in text


@pytest.mark.nightly  # a course of its own
def test_what_aws_answered_is_evidence_too(tmp_path) -> None:
    course = Course(tmp_path / "course", CLOUD, CLOUD_NOTEBOOK)
    course.release()
    course.submit("alice", answering(ex1=STORES))
    hidden = course.root / "graders" / CLOUD / "m97_1_hidden.py"
    hidden.write_text(hidden.read_text().replace("    body = ", MAKES_A_BUCKET + "    body = "))
    grade(course, CLOUD)
    assert "0 scores changed" in course_command(course, "rescore", CLOUD)
    hidden.write_text(hidden.read_text().replace('b"hello"', 'b"good day"'))
    said = course_command(course, "rescore", CLOUD)
    assert "1 scores changed" in said and "│ 2 " in said and "│ 1 " in said
    assert course.scores("alice") == {"m97_1_ex1": 1.0}
    hidden.write_text(hidden.read_text().replace("get_object(", "get_object_tagging("))
    assert "AWS was not asked this (s3.GetObjectTagging)" in course_command(course, "rescore", CLOUD, expect=1)


def test_a_decision_is_logged_and_survives_grading(course: Course) -> None:
    said = course_command(course, "override", "half", "m98_1_ex2", "--points", "1.5", "--reason", "the text was unclear")
    assert "half has 1.5 of 2 points in m98_1_ex2: the text was unclear" in said
    [line] = (course.root / "results" / "overrides.jsonl").read_text().splitlines()
    assert json.loads(line).items() >= {"student": "half", "exercise": "m98_1_ex2", "points": 1.5, "before": 1.0}.items()
    grade(course, LESSON, "--students", "half", "--export", "csv")
    assert "half,m98_traps,m98_1_traps,m98_1_ex2,1.5,2,graded" in (course.root / "results" / "grades.csv").read_text()
    course.nbgrader("export", "--to", str(course.root / "grades.csv"))
    assert ",half," in (course.root / "grades.csv").read_text() and "8.5" in (course.root / "grades.csv").read_text()
    assert scores(course, "half")["m98_1_ex2"] == 1.0  # what the grader found stays on record


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("half", "m98_1_ex9", "--points", "1", "--reason", "x"), "there is no exercise 'm98_1_ex9'"),
        (("nobody", "m98_1_ex2", "--points", "1", "--reason", "x"), "nobody has no result for m98_1_ex2"),
        (("half", "m98_1_ex2", "--points", "3", "--reason", "x"), "3 points are not between 0 and the 2"),
        (("half", "m98_1_ex2", "--points", "1", "--reason", " "), "a decision needs a reason"),
    ],
)
def test_an_impossible_override_is_refused(course: Course, arguments: tuple[str, ...], says: str) -> None:
    assert says in course_command(course, "override", *arguments, expect=2)
