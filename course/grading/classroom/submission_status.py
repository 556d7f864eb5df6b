"""Which students have handed in which lessons, and what is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from course.grading.batches.folder import CourseFolder, handed_in
from course.grading.classroom.schedule import LessonDates

TIMESTAMP = "timestamp.txt"  # nbgrader's: when a submission was handed in
ON_TIME, LATE, UNDATED, MISSING = "on time", "late", "no time known", "-"


@dataclass(frozen=True)
class SubmissionStatus:
    """One student's submission of one lesson. ``by`` is the time since the due date; None unless it is late."""

    state: str
    by: timedelta | None = None

    def __str__(self) -> str:
        return f"{LATE} by {_rounded(self.by)}" if self.by else self.state


def handed_in_at(folder: Path) -> datetime | None:
    """The time in a submission's ``timestamp.txt``, in UTC; None when it is missing or unreadable."""
    try:
        return parsed_time((folder / TIMESTAMP).read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None


def parsed_time(text: str) -> datetime | None:
    """A time in nbgrader's format, in UTC; None when it is not one."""
    from nbgrader.utils import parse_utc

    try:
        return parse_utc(text.strip()).replace(tzinfo=UTC)
    except (ValueError, OverflowError, TypeError):
        return None


def status_of(folder: CourseFolder, student: str, lesson: LessonDates) -> SubmissionStatus:
    """The status of one student's submission of a lesson."""
    submission = folder.submission(student, lesson.name)
    if not submission.is_dir() or not any(handed_in(submission)):
        return SubmissionStatus(MISSING)
    at = handed_in_at(submission)
    if lesson.due is None:
        return SubmissionStatus("handed in")
    if at is None:
        return SubmissionStatus(UNDATED)
    return SubmissionStatus(LATE, at - lesson.due) if at > lesson.due else SubmissionStatus(ON_TIME)


def state_of(lesson: LessonDates, now: datetime) -> str:
    """The state of a lesson at ``now``, from its dates."""
    if lesson.release and now < lesson.release:
        return f"released in {_rounded(lesson.release - now)}"
    if lesson.due is None:
        return "open"
    return f"due in {_rounded(lesson.due - now)}" if now <= lesson.due else f"was due {_rounded(now - lesson.due)} ago"


def table(folder: CourseFolder, students: Sequence[str], lessons: Sequence[LessonDates]) -> dict[str, dict[str, SubmissionStatus]]:
    """Student -> lesson -> status."""
    return {student: {lesson.name: status_of(folder, student, lesson) for lesson in lessons} for student in students}


def _rounded(span: timedelta) -> str:
    """``3 days``, ``5 hours`` or ``12 minutes``."""
    minutes = max(1, round(span.total_seconds() / 60))
    size, unit = (1440, "day") if minutes >= 2880 else (60, "hour") if minutes >= 120 else (1, "minute")
    count = minutes // size
    return f"{count} {unit}{'' if count == 1 else 's'}"
