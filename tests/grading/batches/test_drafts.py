"""Tests that `course grade --draft` judges unfinished work for the dashboard and changes nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.grading.nbgrader_course import LESSON, NOTEBOOK, Course, answering

from ..students import LATE, MEAN, NOTHING
from .test_command import grade, result, scores

pytestmark = pytest.mark.timeout(900)


@pytest.mark.nightly  # grades a class of its own; what a draft refuses by day below
def test_drafts_count_nowhere(tmp_path: Path) -> None:
    course = Course(tmp_path / "course")
    course.release()
    course.submit("half", answering(ex2=MEAN))
    course.submit("empty").unlink()
    book = (course.root / "gradebook.db").read_bytes()

    said = grade(course, LESSON, "--draft")
    assert "Their scores do not count" in said
    drafts = {who: json.loads((course.root / "drafts" / LESSON / who / f"{NOTEBOOK}.json").read_text()) for who in ("half", "empty")}
    assert {name: each["score"] for name, each in drafts["half"]["exercises"].items()} == NOTHING | {"m98_1_ex2": 2.0}
    assert (drafts["empty"]["exercises"], drafts["empty"]["fault"]) == ({}, "")  # no fault, and no points lost
    assert not any((course.root / name).exists() for name in ("results", "autograded", "feedback"))
    assert (course.root / "gradebook.db").read_bytes() == book

    course.submit("done", answering(ex2=MEAN, ex3=LATE))
    assert "(2 already graded)" in grade(course, LESSON, "--draft", "--resume")
    grade(course, LESSON, "--resume")  # this grading does not use the drafts
    assert scores(course, "half")["m98_1_ex2"] == 2.0 and result(course, "empty")["notes"] == ["it was not handed in"]


def test_drafts_are_not_exported(tmp_path: Path) -> None:
    course = Course(tmp_path / "course")
    for arguments in (("--export", "csv"), ("--db", "sqlite:///other.db")):
        assert "scores of a draft do not count" in grade(course, LESSON, "--draft", *arguments, expect=2)
