"""Imports submissions into ``submitted/``: unpacks each next to it, then moves it there in one step and keeps the one that it replaces."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from course.grading.batches.folder import CourseFolder, digest
from course.grading.classroom import submitted_files
from course.grading.classroom.submission_status import TIMESTAMP, handed_in_at, parsed_time
from course.grading.classroom.submitted_files import SubmissionRejected, SubmittedFile

NEW, NEWER, SAME, OLDER = "new", "newer", "as it was", "older, kept beside"
COPY = r"(?:-\d+| ?\(\d+\))"  # what Canvas and browsers append to a repeated name
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


def unpack(entries: Iterable[tuple[tuple[str, ...], SubmittedFile]], folder: Path, notebooks: Sequence[str]) -> list[str]:
    """Unpack one submission and the zips in it into ``folder``; returns notes on files that were skipped or do not belong to the lesson.

    Parameters
    ----------
    entries : iterable of (path within the submission, SubmittedFile)
    notebooks : sequence of str
        The names of the lesson's notebooks.

    Raises
    ------
    SubmissionRejected
        When it is too large, or cannot be unpacked.
    """
    folder.mkdir(parents=True)
    notes: list[str] = []
    left = [submitted_files.limits()["bytes"], submitted_files.limits()["files"]]
    for path, entry in entries:
        _put(path, entry, folder, left, notes, depth=0)
    _hoist(folder)
    if (folder / TIMESTAMP).exists():
        (folder / TIMESTAMP).rename(_free(folder / f"{TIMESTAMP}.student"))  # a time written by a student does not count
    return notes + _rename(folder, notebooks)


def _put(path: tuple[str, ...], entry: SubmittedFile, folder: Path, left: list[int], notes: list[str], depth: int) -> None:
    """Write one file; a zip is replaced by its contents."""
    left[1] -= 1
    if left[1] < 0:
        raise SubmissionRejected(f"it has more than {submitted_files.limits()['files']:,} files")
    target = _free(folder.joinpath(*path))
    left[0] -= submitted_files.copy(entry, target, left[0])
    if target.suffix.lower() != ".zip":
        return
    if depth == submitted_files.limits()["zips_in_zips"]:
        notes.append(f"{'/'.join(path)} is in a zip inside too many other zips and was not opened")
        return
    try:
        inside = list(submitted_files.in_zip(target))
    except SubmissionRejected as error:
        notes.append(f"{'/'.join(path)} was kept unopened: {error}")
        return
    for found in inside:
        if isinstance(found, SubmittedFile):
            _put((*path[:-1], *found.path), found, folder, left, notes, depth + 1)
        else:
            notes.append(f"{found[0]} in {'/'.join(path)} was left out: {found[1]}")
    target.unlink()


def _free(path: Path) -> Path:
    """``path``, or a numbered variant of it if it exists already."""
    number = 1
    free = path
    while os.path.lexists(free):
        number += 1
        free = path.with_name(f"{path.stem}~{number}{path.suffix}")
    return free


def _hoist(folder: Path) -> None:
    """If all notebooks are in one subfolder, as in the zip of a folder, move its contents up."""
    homes = {path.parent for path in folder.rglob("*.ipynb")}
    if len(homes) != 1 or (home := homes.pop()) == folder:
        return
    for path in list(home.iterdir()):
        path.rename(_free(folder / path.name))
    while home != folder and not any(home.iterdir()):
        home.rmdir()
        home = home.parent


def _rename(folder: Path, notebooks: Sequence[str]) -> list[str]:
    """Give numbered notebooks their released names again; returns notes on notebooks that do not belong to the lesson."""
    for name in notebooks:
        numbered = [path for path in folder.glob("*.ipynb") if re.fullmatch(re.escape(name) + COPY, path.stem)]
        if numbered and not (folder / f"{name}.ipynb").exists():
            newest = max(numbered, key=lambda path: int(re.findall(r"\d+", path.stem)[-1]))
            newest.rename(folder / f"{name}.ipynb")
    others = sorted(path.name for path in folder.glob("*.ipynb") if path.stem not in notebooks)
    return [f"{name} is not a notebook of the lesson; it was kept" for name in others]


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
    return folder.rename(_free(kept / name))


def time_in(entry: SubmittedFile) -> datetime | None:
    """The time in a ``timestamp.txt``, in UTC; None when it holds none."""
    with entry.open() as file:
        return parsed_time(file.read(100).decode(errors="replace"))


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
    target = folder.joinpath(*entry.path)
    beside = _free(target.with_name(f".{target.name}.new"))
    submitted_files.copy(entry, beside, submitted_files.limits()["bytes"])
    if target.is_file() and target.read_bytes() == beside.read_bytes():
        beside.unlink()
    else:
        beside.rename(_free(target))
