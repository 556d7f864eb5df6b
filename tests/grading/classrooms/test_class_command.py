"""Tests that `course class` makes a class for nbgrader's own commands from a roster, and that a second run changes nothing."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.grading.nbgrader_course import LESSON, NOTEBOOK, Course

ROSTER = "id,first_name,last_name,email,lms_user_id\nada,Ada,Lovelace,ada@example.org,411\nbob,Bob,Noyce,,412\n"


def course_command(course: Course, *arguments: str, expect: int = 0) -> str:
    environment = course.environment() | {"COLUMNS": "160"}
    command = [sys.executable, "-m", "course.cli", *arguments]
    done = subprocess.run(command, cwd=course.root, env=environment, text=True, capture_output=True, timeout=240)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def files(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def roster(course: Course, content: str = ROSTER) -> str:
    (course.root / "roster.csv").write_text(content)
    return "roster.csv"


@pytest.fixture
def course(tmp_path) -> Course:
    return Course(tmp_path / "course")


@pytest.fixture(scope="module")
def generated(tmp_path_factory) -> Course:
    course = Course(tmp_path_factory.mktemp("class") / "course")
    course_command(course, "class", "init", roster(course), "--start", "2026-01-05")
    return course


@pytest.fixture
def made(generated, tmp_path) -> Course:
    """A class of two students with a generated lesson."""
    shutil.copytree(generated.root, tmp_path / "course")
    course = copy.copy(generated)
    course.root, course.scratch = tmp_path / "course", tmp_path / "course" / "tmp"
    return course


def test_a_class_from_a_roster(course, tmp_path):
    exchange = tmp_path / "exchange"
    log = course_command(
        course, "class", "init", roster(course), "--exchange", str(exchange), "--course", "spring", "--start", "2026-01-05"
    )
    assert "2 students, 2 of them new" in log and f"Released to the exchange: {LESSON}" in log
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as book:
        assert [(row.id, row.first_name, row.email, row.lms_user_id) for row in book.students] == [
            ("ada", "Ada", "ada@example.org", "411"),
            ("bob", "Bob", None, "412"),
        ]
        assert str(book.find_assignment(LESSON).duedate) == "2026-01-12 23:59:59"
    assert (course.root / "notebooks" / LESSON / f"{NOTEBOOK}.ipynb").is_file()
    assert (exchange / "spring" / "outbound" / LESSON / f"{NOTEBOOK}.ipynb").is_file()
    listed = course.nbgrader("list", "--Exchange.cache=cache")  # nbgrader's own command finds course and exchange without arguments
    assert f"spring {LESSON}" in listed

    before = files(course.root)
    log = course_command(course, "class", "apply")
    assert log.count("nothing to do") == 3
    assert {name for name, content in files(course.root).items() if before.get(name) != content} == set()


@pytest.mark.nightly  # generates several lessons
def test_edited_dates_are_applied_and_a_second_roster_keeps_every_student(made):
    course = made
    path = course.root / "class.yaml"
    path.write_text(path.read_text().replace("due: 2026-01-12", "due: 2099-01-12 18:00").replace("UTC ", "Asia/Tokyo "))
    assert f"Due dates set: {LESSON}" in course_command(course, "class", "apply")
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as book:
        assert str(book.find_assignment(LESSON).duedate) == "2099-01-12 09:00:00"
    edited = path.read_text()
    log = course_command(course, "class", "init", roster(course, "id,first_name\nada,Augusta\ncy,Cy\n"))
    assert "2 students, 1 of them new" in log and "(they stay there): bob" in log
    assert path.read_text() == edited
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as book:
        assert {row.id: (row.first_name, row.email) for row in book.students} == {
            "ada": ("Augusta", "ada@example.org"),
            "bob": ("Bob", None),
            "cy": ("Cy", None),
        }


@pytest.mark.nightly  # generates several lessons
def test_who_has_handed_in_what(made):
    course_command(made, "class", "init", roster(made, "id\n" + "\n".join("abcd")))
    for student, stamp in {"a": "2026-01-12 23:00:00", "b": "2026-01-16 00:10:00 UTC", "c": None}.items():
        folder = made.submit(student).parent
        if stamp:
            (folder / "timestamp.txt").write_text(stamp)
    log = course_command(made, "class", "status")
    assert "3 of 6" in log and "was due" in log
    lines = {line.split("│")[1].strip(): line for line in log.splitlines() if line.count("│") == 3}
    assert "on time" in lines["a"] and "late by 3 days" in lines["b"] and "no time known" in lines["c"] and "│ -" in lines["d"]


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        ("id\nada\nada\n", [], "line 3: the id 'ada' is also in line 2"),
        (ROSTER, ["--timezone", "Middle/Earth"], "Middle/Earth"),
        (ROSTER, ["--lessons", "m99"], "there is no lesson 'm99'"),
        (ROSTER, ["--course", "../up"], "`course:` names"),
        (ROSTER, ["--days", "0"], "at least 1"),
    ],
)
def test_what_cannot_be_done_leaves_everything_as_it_was(course, content, arguments, words):
    name = roster(course, content)
    before = files(course.root)
    assert words in course_command(course, "class", "init", name, *arguments, expect=2)
    assert files(course.root) == before


@pytest.mark.nightly  # generates several lessons
def test_a_lesson_that_cannot_be_generated_keeps_what_was_released(made):
    course = made
    released = files(course.root / "notebooks")
    (course.root / "gradebook.db").unlink()
    (course.root / "solutions" / LESSON / f"{NOTEBOOK}.ipynb").write_text("{")
    log = course_command(course, "class", "apply", expect=2)
    assert "`nbgrader generate_assignment" in log and "`course class apply` continues from here" in log
    assert files(course.root / "notebooks") == released
    assert not list(course.root.glob(".generate-*"))


def test_no_class_and_no_lessons(course, tmp_path):
    assert "course class init roster.csv" in course_command(course, "class", "status", expect=2)
    name = str(course.root / roster(course))
    assert "has no lessons" in course_command(course, "class", "init", name, "--root", str(tmp_path), expect=2)
