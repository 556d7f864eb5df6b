"""Tests an exercise whose answer is an AWS resource: each submission has its own local AWS, which the grader reads with its own session."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.grading.gate import judging
from tests.grading.nbgrader_course import Course, answering

FIXTURE = Path(__file__).parent / "fixture"
LESSON, NOTEBOOK = "m97_cloud", "m97_1_cloud"

RIGHT = 'bucket, key = aws.bucket, "greeting"\ns3.put_object(Bucket=bucket, Key=key, Body=b"hello")'
CLAIMS_ANOTHERS = 'bucket, key = aws.bucket, "greeting"'

# Starts several local AWS. hostile/test_hostile_cloud.py grades such an exercise by day, and tests/graders/test_gate.py tries guesses.
pytestmark = [pytest.mark.nightly, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = Course(tmp_path_factory.mktemp("cloud") / "course", LESSON, NOTEBOOK)
    course.release()
    course.submit("alice", answering(ex1=RIGHT))
    course.submit("bob", answering(ex1=CLAIMS_ANOTHERS))
    course.nbgrader("autograde", LESSON)
    return course


def test_resources_that_were_built_are_graded(graded: Course) -> None:
    assert graded.scores("alice") == {"m97_1_ex1": 2.0}


def test_submissions_share_no_aws(graded: Course) -> None:
    assert graded.scores("bob") == {"m97_1_ex1": 0.0}
    assert "AWS, asked about your answer, said: An error occurred (404)" in graded.shown("bob", "m97_1_ex1")


def test_nothing_is_left_behind(graded: Course) -> None:
    assert graded.leftovers() == []


def test_gate_tries_guesses_on_an_empty_aws() -> None:
    findings = judging.judge("m97_1", FIXTURE)
    assert [finding for finding in findings if finding.problem] == []
    assert {finding.candidate: finding.score for finding in findings}["another seed"] == 0.0
