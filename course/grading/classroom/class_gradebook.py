"""Reads and writes the class in nbgrader's gradebook: its students, and the due dates of its lessons."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from course.grading.classroom.roster import Student
from course.grading.classroom.schedule import ClassSchedule

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


@contextlib.contextmanager
def open_gradebook(root: Path, db_url: str = "", course: str = "") -> Iterator[Gradebook]:
    """Open nbgrader's gradebook of the course in ``root``, or at ``db_url``; creates it if there is none."""
    from nbgrader.api import Gradebook

    before = os.environ.get("PATH", os.defpath)
    # nbgrader creates a gradebook with the `alembic` command, which is in Python's folder even if the environment is not activated.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        book = Gradebook(db_url or f"sqlite:///{root / 'gradebook.db'}", *([course] if course else []))
    finally:
        os.environ["PATH"] = before
    with book:
        yield book


def enrol(book: Gradebook, students: Sequence[Student]) -> tuple[int, list[str]]:
    """Add a roster to the gradebook, all students or none; returns the number of new students, and the ids that are only in the gradebook.

    An empty cell of the roster does not change the gradebook.
    """
    from nbgrader.api import Student as Row

    known = {row.id: row for row in book.students}
    for student in students:
        row = known.get(student.id) or Row(id=student.id)
        for name, value in asdict(student).items():
            if value:
                setattr(row, name, value)
        book.db.add(row)
    try:
        book.db.commit()
    except Exception:
        book.db.rollback()
        raise
    named = {student.id for student in students}
    return len(named - set(known)), sorted(set(known) - named)


def students(book: Gradebook) -> list[Student]:
    """All students of the class, in order."""
    fields = ("id", "first_name", "last_name", "email", "lms_user_id")
    return sorted(Student(*(getattr(row, field) or "" for field in fields)) for row in book.students)


def has_lesson(book: Gradebook, lesson: str) -> bool:
    """Whether the lesson was generated into this gradebook."""
    return any(assignment.name == lesson and assignment.notebooks for assignment in book.assignments)


def set_due_dates(book: Gradebook, schedule: ClassSchedule) -> list[str]:
    """Set the due date of each lesson in the gradebook, on which late penalties depend; returns the names of the changed lessons."""
    changed = []
    for lesson in schedule.lessons:
        due = lesson.due.replace(tzinfo=None) if lesson.due else None  # nbgrader's due dates are naive datetimes in UTC
        row = next((each for each in book.assignments if each.name == lesson.name), None)
        if row is not None and row.duedate != due:
            book.update_or_create_assignment(lesson.name, duedate=due)
            changed.append(lesson.name)
    return changed
