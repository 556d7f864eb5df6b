"""Tests `course judge`, which judges a saved notebook in a sandbox."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course.grading import attempts
from tests.grading.nbgrader_course import LESSON, NOTEBOOK, Course, Edit, answering

MEAN = "def mean(numbers):\n    return sum(numbers) / len(numbers) if numbers else 0"


class Learner:
    """A clone of the course of traps, with a learner's copy of its lesson."""

    def __init__(self, root: Path) -> None:
        self.course = Course(root)
        self.course.release()
        self.folder = root / "work" / LESSON
        shutil.copytree(root / "notebooks" / LESSON, self.folder)

    def saves(self, *edits: Edit) -> None:
        notebook = self.course.released()
        for edit in edits:
            edit(notebook)
        nbformat.write(notebook, self.folder / f"{NOTEBOOK}.ipynb")

    def judge(self, *arguments: str, expect: int) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "course.cli", "judge", *arguments],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("COURSE_")} | {"COLUMNS": "300"},
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def learner(tmp_path: Path) -> Learner:
    return Learner(tmp_path / "course")


def test_the_saved_answers_are_judged_and_added_to_the_attempts(learner: Learner) -> None:
    learner.saves(answering(ex1='choose_tool = lambda job: "visual"', ex2=MEAN))
    said = learner.judge("m98_1", expect=1)
    assert "Judged m98_1_ex2 (Average a list): right, 2 of 2 points" in said and "[Passed] empty" in said
    assert "[Not yet] unseen (0 of 3.5 points)" in said and "not answered yet" in said
    assert {each.exercise: each.right for each in attempts.read(learner.folder)} == {"m98_1_ex1": False, "m98_1_ex2": True}
    assert [path.name for path in learner.course.scratch.iterdir()] == []


def test_one_exercise_can_be_chosen(learner: Learner) -> None:
    learner.saves(answering(ex2=MEAN))
    said = learner.judge("m98_1", "--exercise", "m98_1_ex2", expect=0)
    assert "m98_1_ex2" in said and "m98_1_ex1" not in said and "m98_1_ex3" not in said
    assert "run 2." in learner.judge("m98_1", "--exercise", "m98_1_ex2", expect=0)


def test_what_cannot_be_judged_says_why(learner: Learner) -> None:
    assert "there is no notebook 'm99_1' with exercises, but m97_1, m98_1." in learner.judge("m99_1", expect=2)
    assert "m98_1 has no exercise 'm98_1_ex9'" in learner.judge("m98_1", "--exercise", "m98_1_ex9", expect=2)
    (learner.folder / f"{NOTEBOOK}.ipynb").write_text('{"cells": [')
    assert "cannot be read as a notebook" in learner.judge("m98_1", expect=2)
    (learner.course.root / "class.yaml").write_text("course: spring\njudging: off\nlessons: {}\n")
    assert "switched judging off" in learner.judge("m98_1", expect=2)
