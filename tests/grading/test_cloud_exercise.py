"""Tests an exercise whose answer is an AWS resource: each submission has its own local AWS, which the grader reads with its own session."""

from __future__ import annotations

import shutil
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


def test_gate_finds_a_check_that_policies_should_refuse(tmp_path: Path) -> None:
    """The keys of `course grade` are limited by no policy. A check that expects a refusal of them fails every right answer."""
    root = tmp_path / "course"
    shutil.copytree(FIXTURE, root)
    hidden = root / "graders" / LESSON / "m97_1_hidden.py"
    expects = """
    s3, bucket = answer.client("s3"), answer.value("bucket")
    denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [denied]}))
    try:
        s3.put_object(Bucket=bucket, Key="other", Body=b"x")
        refused = False
    except s3.exceptions.ClientError:
        refused = True
    s3.delete_bucket_policy(Bucket=bucket)
    report.part("greets", refused and body.startswith(b"hello"), "The bucket takes another object.")
"""
    text = hidden.read_text()
    last = next(line for line in text.splitlines() if 'report.part("greets"' in line)
    text = text.replace("from course.grading", "import json\n\nfrom course.grading", 1)
    hidden.write_text(text.replace(last + "\n", expects.lstrip("\n")))
    found = {finding.candidate: finding.problem for finding in judging.judge("m97_1", root)}
    assert "The bucket takes another object." in found["reference"]
