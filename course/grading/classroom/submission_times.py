"""Submission times from a separate table: Moodle's grading worksheet, or a table with `id` and `submitted`."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from course.grading.classroom import lms_filenames
from course.grading.classroom.roster import Student
from course.grading.classroom.student_matcher import Participant, StudentMatcher, same_id

NUMBER, NAME, AT = "identifier", "full name", ("submitted", "last modified (submission)")
KNOWN_BY = ("id", "id number", "username", "email address")  # best first: a student may be able to change the last, and the name
NONE = {"", "-"}


class SubmissionTimesError(Exception):
    """A table of times that cannot be used; the message names the file and the line."""


@dataclass
class SubmissionTimes:
    """Id -> time in UTC, and Moodle's participant number -> the student."""

    at: dict[str, datetime] = field(default_factory=dict)
    participants: dict[str, Participant] = field(default_factory=dict)


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
    table = [
        (line, {(name or "").strip().casefold(): str(value or "").strip() for name, value in row.items()})
        for line, row in enumerate(rows, 2)
    ]
    for line, cells, student in _students(table, finder):
        column = next((name for name in AT if name in cells), None)
        if column is None:
            raise SubmissionTimesError(f"{path}, line 1: there is no column {' or '.join(AT)}.")
        if student is None:
            continue
        said, _, number = cells.get(NUMBER, "").rpartition(" ")
        if number:
            names = frozenset(map(lms_filenames.plain, (cells.get(NAME, ""), said))) - {""}
            times.participants[number] = Participant(student, names)
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


def _students(table: list[tuple[int, dict[str, str]]], finder: StudentMatcher) -> Iterator[tuple[int, dict[str, str], str | None]]:
    """The lines, each with its student; of lines that fit the same student only the one with the better evidence has it."""
    found = [(line, cells, *_student(cells, finder)) for line, cells in table]
    best: dict[str | None, list[int]] = defaultdict(list)
    for _, _, student, rank in found:
        best[student].append(rank)
    for line, cells, student, rank in found:
        ranks = best[student]
        yield line, cells, student if rank == min(ranks) and ranks.count(rank) == 1 else None


def _student(cells: dict[str, str], finder: StudentMatcher) -> tuple[str | None, int]:
    """A line's student and the column that told, 0 for the best."""
    for rank, column in enumerate(KNOWN_BY):
        cell = same_id(cells.get(column, ""))
        if found := finder.ids.get(cell) or finder.emails.get(cell):
            return found, rank
    named = finder.by_name(cells.get(NAME, ""))
    return named[0] if len(named) == 1 else None, len(KNOWN_BY)
