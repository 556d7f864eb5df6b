"""Tests late penalties, which equal those of plain `nbgrader autograde`; points after penalty in spreadsheets; and extra credit."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.grading.nbgrader_course import LESSON, NOTEBOOK, Course

from ..students import RIGHT, STUDENTS, WRONG
from .test_appeals import course_command
from .test_command import grade, result

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(900)]

PLUGIN = """
from nbgrader.plugins import BasePlugin


class PerHour(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return total_seconds_late / 3600
"""
HANDED_IN = {  # edit, submission time, points lost
    "on_time": (RIGHT, "2026-03-01 11:59:59 UTC", 0.0),
    "two_hours": (RIGHT, "2026-03-01 14:00:00 UTC", 2.0),
    "abroad": (RIGHT, "2026-03-01 14:00:00 CET", 1.0),
    "a_day": (STUDENTS["partial"][0][0], "2026-03-02 12:00:00 UTC", 1.0),  # not more than the points earned
    "wrong": (WRONG, "2026-03-01 12:15:00 UTC", 0.25),
    "undated": (RIGHT, "", 0.0),
}


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class, graded by `course grade`, that handed in around noon, its due time; `plain.db` is a copy of the ungraded gradebook."""
    course = Course(tmp_path_factory.mktemp("late") / "course")
    (course.root / "late_penalties.py").write_text(PLUGIN)
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write('\nc.AssignLatePenalties.plugin_class = "late_penalties.PerHour"\n')
    course.release()
    course.nbgrader("db", "assignment", "add", LESSON, "--duedate", "2026-03-01 12:00:00 UTC")
    for student, (edit, stamp, _) in HANDED_IN.items():
        course.submit(student, edit).with_name("timestamp.txt").write_text(stamp)
    shutil.copy(course.root / "gradebook.db", course.root / "plain.db")
    course.log = grade(course, LESSON, "--export", "csv", "canvas", "moodle")
    return course


def penalties(book: Path) -> dict[str, tuple[float, float]]:
    """Student -> points without penalty, and penalty."""
    with Gradebook(f"sqlite:///{book}") as gradebook:
        return {each.student.id: (each.score, each.late_submission_penalty) for each in gradebook.assignment_submissions(LESSON)}


def rows(course: Course, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((course.root / "results" / name).read_text().splitlines()))


def test_penalties_are_those_of_nbgrader_autograde(late: Course) -> None:
    ours = penalties(late.root / "gradebook.db")
    assert {student: penalty for student, (_, penalty) in ours.items()} == {who: lost for who, (*_, lost) in HANDED_IN.items()}
    late.nbgrader("autograde", LESSON, "--force", "--db", f"sqlite:///{late.root / 'plain.db'}")
    assert penalties(late.root / "plain.db") == ours


def test_spreadsheets_show_what_is_left(late: Course) -> None:
    late.nbgrader("export", "--to", str(late.root / "grades.csv"))
    exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader((late.root / "grades.csv").read_text().splitlines())}
    assert exported["two_hours"] == 7
    for name, column in (("canvas.csv", "SIS Login ID"), ("moodle.csv", "ID number")):
        assert {row[column]: float(row[LESSON]) for row in rows(late, name) if row[column]} == exported
    sums = dict.fromkeys(HANDED_IN, (0.0, 0.0))
    for row in rows(late, "grades.csv"):
        penalty, total = sums[row["student"]]
        sums[row["student"]] = penalty + float(row["penalty"]), total + float(row["total"])
        assert float(row["score"]) + float(row["extra"]) - float(row["penalty"]) == pytest.approx(float(row["total"]), abs=1e-3)
    assert {student: pytest.approx(total, abs=1e-3) for student, (_, total) in sums.items()} == exported
    assert {student: pytest.approx(penalty, abs=1e-3) for student, (penalty, _) in sums.items()} == {
        who: lost for who, (*_, lost) in HANDED_IN.items()
    }
    assert "7 of 9, 2 lost for being late" in (late.root / "results" / "night.html").read_text()


def test_extra_credit_is_logged_and_stays(late: Course) -> None:
    said = course_command(late, "override", "two_hours", "m98_1_ex2", "--extra", "1.5", "--reason", "a proof beside it")
    assert "two_hours has 2 of 2 points and 1.5 extra in m98_1_ex2: a proof beside it" in said
    assert json.loads((late.root / "results" / "overrides.jsonl").read_text()).items() >= {"extra": 1.5, "student": "two_hours"}.items()
    assert penalties(late.root / "gradebook.db")["two_hours"] == (10.5, 2.0)
    course_command(late, "override", "two_hours", "m98_1_ex2", "--points", "1", "--reason", "but the edge case is missing")
    assert penalties(late.root / "gradebook.db")["two_hours"] == (9.5, 2.0)  # both decisions count
    grade(late, LESSON, "--resume", "--export", "csv")
    [row] = [row for row in rows(late, "grades.csv") if (row["student"], row["exercise"]) == ("two_hours", "m98_1_ex2")]
    assert (row["score"], row["extra"], row["points"]) == ("1", "1.5", "2")
    assert result(late, "two_hours")["exercises"]["m98_1_ex2"]["score"] == 2.0  # the grader's finding
    course_command(late, "override", "two_hours", "m98_1_ex2", "--extra", "0", "--reason", "it was copied")
    assert penalties(late.root / "gradebook.db")["two_hours"] == (8.0, 2.0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--extra", "-1"), "-1 points are not valid as extra credit"),
        (("--extra", "inf"), "inf points are not valid as extra"),
        ((), "there is nothing to decide"),
    ],
)
def test_no_extra_credit_is_refused(late: Course, arguments: tuple[str, ...], says: str) -> None:
    said = course_command(late, "override", "wrong", "m98_1_ex2", *arguments, "--reason", "x", expect=2)
    assert f"course override: {says}" in said


def test_an_unreadable_time_does_not_stop_grading(late: Course) -> None:
    stamp = late.root / "submitted" / "undated" / LESSON / "timestamp.txt"
    stamp.write_text("yesterday evening")
    said = grade(late, LESSON, "--students", "undated")
    assert f"submitted/undated/{LESSON}/timestamp.txt has no readable time" in said
    assert NOTEBOOK in said and penalties(late.root / "gradebook.db")["undated"] == (9.0, 0.0)
