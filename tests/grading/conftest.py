"""Provides one class, graded once, to all tests that read its results. By day some of its students stay away."""

from __future__ import annotations

import pytest

from tests.grading.nbgrader_course import LESSON, Course

from ..browser.conftest import page  # noqa: F401  Chromium, for the formgrader
from .students import AT_NIGHT, STUDENTS


@pytest.fixture(scope="session")
def graded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The whole class, released, handed in and autograded in one run. One of its notebooks is broken JSON."""
    course = Course(tmp_path_factory.mktemp("nbgrader") / "course")
    course.nbgrader("generate_assignment", LESSON)
    asked = {item.callspec.params.get("student") for item in request.session.items if hasattr(item, "callspec")}
    course.students = [student for student in STUDENTS if student in asked or student not in AT_NIGHT]
    for student in course.students:
        course.submit(student, *STUDENTS[student][0])
    course.submit("m_broken_json").write_text('{"cells": [')
    course.autograde_log = course.nbgrader("autograde", LESSON, expect=1)  # 1: one submission could not be read
    course.nbgrader("generate_feedback", LESSON)
    return course
