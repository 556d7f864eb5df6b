"""Submission times from a separate table: Moodle's grading worksheet, or a table with `id` and `submitted`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from course.grading.classroom.roster import Student
from course.grading.classroom.student_matcher import StudentMatcher

NUMBER, AT = "identifier", ("submitted", "last modified (submission)")
NONE = {"", "-"}


class SubmissionTimesError(Exception):
    """A table of times that cannot be used; the message names the file and the line."""


@dataclass
class SubmissionTimes:
    """Id -> time in UTC, and Moodle's participant number -> id."""

    at: dict[str, datetime] = field(default_factory=dict)
    participants: dict[str, str] = field(default_factory=dict)


def read(path: Path, students: Iterable[Student], zone: ZoneInfo) -> SubmissionTimes:
    """Read a table of times; times without a zone are in the class's zone.

    Raises
    ------
    SubmissionTimesError
    """
    from dateutil.parser import ParserError, parse

    finder = StudentMatcher(students, "", ())
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SubmissionTimesError(f"{path} cannot be read as a table in UTF-8: {error}.") from error
    times = SubmissionTimes()
    for line, row in enumerate(rows, 2):
        cells = {(name or "").strip().casefold(): str(value or "").strip() for name, value in row.items()}
        column = next((name for name in AT if name in cells), None)
        if column is None:
            raise SubmissionTimesError(f"{path}, line 1: there is no column {' or '.join(AT)}.")
        student = _student(cells, finder)
        if student is None:
            continue
        if number := cells.get(NUMBER, "").rpartition(" ")[2]:
            times.participants[number] = student
        if cells[column] in NONE:
            continue
        try:
            moment = parse(cells[column])
        except (ParserError, OverflowError):
            raise SubmissionTimesError(
                f"{path}, line {line}: {cells[column]!r} is not a readable time; write it as 2026-12-01 18:00."
            ) from None
        times.at[student] = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    return times


def _student(cells: dict[str, str], finder: StudentMatcher) -> str | None:
    for column in ("id", "id number", "username", "email address"):
        cell = cells.get(column, "").casefold()
        if found := finder.ids.get(cell) or finder.emails.get(cell):
            return found
    named = finder.by_name(cells.get("full name", ""))
    return named[0] if len(named) == 1 else None
