"""Provides one class, graded once, to all tests that read its results."""

from __future__ import annotations

import pytest

from tests.grading.nbgrader_course import LESSON, Course

from ..browser.conftest import page  # noqa: F401  Chromium, for the formgrader
from .students import STUDENTS


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The whole class, released, handed in and autograded in one run. One of its notebooks is broken JSON."""
    course = Course(tmp_path_factory.mktemp("nbgrader") / "course")
    course.nbgrader("generate_assignment", LESSON)
    for student, (edits, _) in STUDENTS.items():
        course.submit(student, *edits)
    course.submit("m_broken_json").write_text('{"cells": [')
    course.autograde_log = course.nbgrader("autograde", LESSON, expect=1)  # 1: one submission could not be read
    course.nbgrader("generate_feedback", LESSON)
    return course
