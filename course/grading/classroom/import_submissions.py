"""Imports unpacked submissions into ``submitted/``: moves each there in one step and keeps the one that it replaces."""

from __future__ import annotations

import filecmp
import glob
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from course.grading.batches.folder import CourseFolder, digest
from course.grading.classroom import submitted_files
from course.grading.classroom.submission_status import TIMESTAMP, handed_in_at, parsed_time
from course.grading.classroom.submitted_files import SubmittedFile
from course.grading.classroom.unpack import free, place

NEW, NEWER, SAME, OLDER = "new", "newer", "as it was", "older, kept beside"
STAMP = "%Y-%m-%d %H:%M:%S.%f %Z"  # as nbgrader's exchange writes it


@dataclass
class ImportedSubmission:
    """The outcome for one student's files. ``at`` is in UTC; None when no time is known."""

    student: str
    what: str
    files: int = 0
    at: datetime | None = None
    late: bool = False
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class CollectedFolder:
    """The folder ``collected/`` next to ``submitted/``, which keeps earlier and unclaimed files."""

    root: Path
    lesson: str

    def earlier(self, student: str) -> Path:
        return self.root / "collected" / self.lesson / "earlier" / student

    @property
    def unmatched(self) -> Path:
        return self.root / "collected" / self.lesson / "unclaimed"


def import_submission(staged: Path, course: CourseFolder, student: str, lesson: str, at: datetime | None) -> ImportedSubmission:
    """Move a staged submission to its place, unless the one there is the same or newer.

    The older one is kept in ``collected/``. If times are missing, the one collected later counts as newer, unless it was replaced before.
    """
    if at is not None:
        (staged / TIMESTAMP).write_text(at.strftime(STAMP), encoding="utf-8")
    there, kept = course.submission(student, lesson), CollectedFolder(course.root, lesson).earlier(student)
    imported = ImportedSubmission(student, NEW, len(files(staged)), at)
    if not there.is_dir() or not any(there.iterdir()):
        if there.is_dir():
            there.rmdir()
        there.parent.mkdir(parents=True, exist_ok=True)
        staged.rename(there)
        return imported
    before = handed_in_at(there)
    if _content(staged) == _content(there):
        imported.what = SAME
        if at and not before:
            shutil.copy(staged / TIMESTAMP, there / TIMESTAMP)
            imported.notes.append("its time is known now")
        return imported
    known = {_content(folder): folder for folder in kept.iterdir()} if kept.is_dir() else {}
    older = at < before if at and before else _content(staged) in known
    if older:
        imported.what = OLDER
        if _content(staged) not in known:
            _keep(staged, kept, at)
        return imported
    imported.what = NEWER
    imported.notes.append(f"the one before it: {_keep(there, kept, before).relative_to(course.root)}")
    staged.rename(there)
    return imported


def _keep(folder: Path, kept: Path, at: datetime | None) -> Path:
    kept.mkdir(parents=True, exist_ok=True)
    name = f"{at:%Y-%m-%dT%H%M%SZ}" if at else f"replaced-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}"
    return folder.rename(free(kept / name))


def time_in(entry: SubmittedFile) -> datetime | None:
    """The time in a ``timestamp.txt``, in UTC; None when it holds none or cannot be read."""
    try:
        with entry.open() as file:
            return parsed_time(file.read(100).decode(errors="replace"))
    except submitted_files.DAMAGED:
        return None


def files(folder: Path) -> list[Path]:
    """The files of a submission without its timestamp."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / TIMESTAMP]


def _content(folder: Path) -> str:
    found = files(folder)
    return digest(found) + "".join(f"\0{path.relative_to(folder)}" for path in found)


def keep_unmatched(entry: SubmittedFile, folder: Path) -> None:
    """Copy a file that matches no student, unless it is there already.

    Raises
    ------
    SubmissionRejected
    """
    target, name = place(folder, entry.path), Path(entry.path[-1])
    submitted_files.copy(entry, target, submitted_files.limits()["bytes"])
    others = (each for each in target.parent.glob(f"{glob.escape(name.stem)}*") if each != target and each.is_file())
    if any(filecmp.cmp(each, target, shallow=False) for each in others):
        target.unlink()
