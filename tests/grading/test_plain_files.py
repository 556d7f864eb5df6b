"""Tests that `nbgrader autograde` and `generate_feedback` follow no link in ``submitted/`` and give the scores of `course grade`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from course import cli
from tests.grading.nbgrader_course import LESSON, NOTEBOOK, Course
from tests.grading.students import RIGHT

pytestmark = pytest.mark.timeout(600)


def test_links_in_a_submission(tmp_path: Path) -> None:
    course = Course(tmp_path / "course")
    course.release()
    folder = course.submit("honest", RIGHT).parent
    (folder / "key.txt").symlink_to(course.root / "gradebook.db")
    (folder / "graders").symlink_to(course.root / "graders", target_is_directory=True)
    (folder / "notes.txt").write_text("mine")
    for student, make in {"linked": os.symlink, "piped": lambda _, path: os.mkfifo(path)}.items():
        path = course.submit(student)
        path.unlink()
        make(course.root / "solutions" / LESSON / f"{NOTEBOOK}.ipynb", path)  # the solution itself, or a pipe that nobody fills
    log = course.nbgrader("autograde", LESSON)
    course.nbgrader("generate_feedback", LESSON)
    assert "key.txt is a link or not a regular file; left out" in log
    assert f"linked/{LESSON}/{NOTEBOOK}.ipynb is a link or not a regular file, so it was not handed in" in log
    for place in ("autograded", "feedback"):
        names = {path.name for path in (course.root / place / "honest" / LESSON).iterdir()}
        assert "notes.txt" in names and not names & {"key.txt", "graders"}
    assert sum(course.scores("honest").values()) > 0
    plain = {student: course.scores(student) for student in ("honest", "linked", "piped")}
    assert set(plain["linked"].values()) == set(plain["piped"].values()) == {0.0}
    environment = course.environment()
    with pytest.MonkeyPatch.context() as here:
        for name, value in environment.items():
            here.setenv(name, value)
        assert cli.main(["grade", LESSON, "--root", str(course.root), "--no-gradebook"]) in (0, 1)
    for student, scores in plain.items():
        (result,) = (course.root / "results" / LESSON / student).glob("*.json")
        exercises = json.loads(result.read_text())["exercises"]
        assert {name: each["score"] for name, each in exercises.items()} == scores, student
