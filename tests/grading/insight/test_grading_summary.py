"""Tests the grading summary, as a page and on the terminal."""

from __future__ import annotations

import io
import re

import pytest

from course import pages
from course.grading.batches.folder import CourseFolder
from course.grading.batches.result import UNGRADED, Result
from course.grading.insight import grading_summary
from course.terminal import Terminal
from tests.grading.insight.html_tables import rows, tables
from tests.grading.nbgrader_course import LESSON, NOTEBOOK, Course, answering

from ..batches.test_appeals import course_command
from ..batches.test_command import grade
from ..students import RIGHT, copies

pytestmark = pytest.mark.timeout(600)

FAILING = """

judged = ex2.checks["graded"]
ex2.checks["graded"] = lambda answer, report: (judged(answer, report), report.part("plain", 7, "no share"))
"""


def page(course: Course) -> str:
    return (course.root / "results" / grading_summary.PAGE).read_text()


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A graded class with a broken check, an unreadable, a missing and a repaired notebook; "late" is added by a test."""
    course = Course(tmp_path_factory.mktemp("night") / "course")
    course.release()
    course.submit("right", RIGHT)
    course.submit("a b", RIGHT, copies)
    course.submit("broken").write_text('{"cells": [')
    course.submit("empty").unlink()
    hidden = course.root / "graders" / LESSON / "m98_1_hidden.py"
    course.hidden, course.working = hidden, hidden.read_text()
    hidden.write_text(course.working + FAILING)
    course.log = grade(course, LESSON, "--jobs", "2", expect=1)
    course.first = page(course)
    return course


def test_what_needs_a_human_has_its_reason_and_its_command(course: Course) -> None:
    waiting = {(row["student"], row["what"]): row for row in rows(course.first, "No score")}
    assert set(waiting) == {("right", "m98_1_ex2"), ("a b", "m98_1_ex2"), ("broken", NOTEBOOK)}
    assert "cannot be read as a notebook" in waiting["broken", NOTEBOOK]["why"]
    assert waiting["broken", NOTEBOOK]["then"] == f"course grade {LESSON} --students broken"
    assert "raised DefinitionError" in waiting["a b", "m98_1_ex2"]["why"]
    assert f"then course rescore {LESSON}" in waiting["a b", "m98_1_ex2"]["then"]
    assert "course override 'a b' m98_1_ex2 --points" in waiting["a b", "m98_1_ex2"]["then"]


def test_ungraded_is_not_zero(course: Course) -> None:
    sums = {row["student"]: row["sum"] for row in rows(course.first, "Points")}
    assert sums == {"right": "7 of 9, 2 of them ungraded", "a b": "7 of 9, 2 of them ungraded", "broken": "ungraded", "empty": "0 of 9"}


def test_repairs_and_notes_are_on_the_page_and_not_on_the_terminal(course: Course) -> None:
    [repaired] = rows(course.first, "What was repaired")
    assert repaired["student"] == "a b" and "there were 2 copies" in repaired["what"]
    assert [row["student"] for row in rows(course.first, "What was skipped")] == ["empty"]
    # A piped run has a line for each submission as it ends; the summary after them names neither.
    summary = "\n".join(line for line in course.log.splitlines() if not line.startswith("graded "))
    assert "there were 2 copies" not in course.log and "empty" not in summary
    assert f"All of it: {course.root / 'results' / grading_summary.PAGE}" in course.log
    assert f"\n    `course grade {LESSON} --students broken`\n" in course.log


def test_a_corrected_check_is_applied_by_rescore(course: Course) -> None:
    course.hidden.write_text(course.working)
    course_command(course, "rescore", LESSON, "--students", "right")
    sums = {row["student"]: row["sum"] for row in rows(page(course), "Points")}
    assert sums["right"] == "9 of 9" and sums["empty"] == "0 of 9"
    assert "right" not in {row["student"] for row in rows(page(course), "No score")}


@pytest.mark.nightly  # grades once more
def test_what_is_done_afterwards_is_on_the_page_and_the_class_stays_on_it(course: Course) -> None:
    course.submit("late", answering())
    course_command(course, "rescore", LESSON, "--students", "right")
    waiting = {row["student"]: row for row in rows(page(course), "No score")}
    assert waiting["late"]["why"] == "it was handed in but has no result"
    course_command(course, "override", "a b", "m98_1_ex2", "--points", "1", "--extra", "0.5", "--reason", "<b>kind</b>")
    said = {"points": "1", "the grader's": "none", "extra credit": "0.5", "reason": "<b>kind</b>"}
    assert [row.items() >= said.items() for row in rows(page(course), "Decisions")] == [True]
    grade(course, LESSON, "--students", "right", "--resume")
    [decided] = rows(page(course), "Decisions")
    assert decided.items() >= said.items()


def test_the_summary_of_a_hundred_failures_is_short(tmp_path) -> None:
    fault = "grading it failed 3 times [/oops]"
    class_ = [Result(f"s{n:03}", "m01", "m01_1", key="", status=UNGRADED, fault=fault) for n in range(100)]
    written = io.StringIO()
    grading_summary.print_summary(class_, 4, grading_summary.write(CourseFolder(tmp_path), class_), Terminal(file=written, width=80))
    said = written.getvalue().splitlines()
    assert len(said) == 2 * grading_summary.SHOWN + 3
    assert "... and 85 more on the page." in said
    assert "100 notebooks (4 already graded): 0 graded, 0 repaired, 100 need a human." in said
    assert len(rows((tmp_path / "results" / grading_summary.PAGE).read_text(), "No score")) == 100


def test_a_summary_without_problems_says_that_nothing_needs_a_human(tmp_path) -> None:
    exercises = {"m01_1_ex1": {"score": 2.0, "points": 2.0, "fault": "", "report": None}}
    text = grading_summary.write(CourseFolder(tmp_path), [Result("ada", "m01", "m01_1", key="", exercises=exercises)]).read_text()
    assert re.findall("<h2[^>]*>(.*?)</h2>", text) == ["Needs a human", "Points"]
    assert pages.paragraph("Nothing does.") in text and len(tables(text)) == 1
