"""Unpacks one submission and the zips in it. A damaged or impossible file becomes a note, and the others are kept."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from course.grading.classroom import submitted_files
from course.grading.classroom.submission_status import TIMESTAMP
from course.grading.classroom.submitted_files import FileRejected, SubmissionRejected, SubmittedFile

COPY = r"(?:-\d+| ?\(\d+\))"  # what Canvas and browsers append to a repeated name


@dataclass
class _Unpacking:
    """The state of one submission: what may still be unpacked, notes for the instructor, and which files were damaged."""

    folder: Path
    bytes: int
    files: int
    notes: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


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
        When it is too large, cannot be written, or is damaged so that no notebook is left.
    """
    folder.mkdir(parents=True)
    state = _Unpacking(folder, submitted_files.limits()["bytes"], submitted_files.limits()["files"])
    for path, entry in entries:
        _put(path, entry, state, depth=0)
    if state.damaged and not any(path.is_file() for path in folder.rglob("*.ipynb")):
        raise SubmissionRejected(f"no notebook in it can be read: {state.damaged[0]}")
    _hoist(folder)
    if os.path.lexists(folder / TIMESTAMP):
        (folder / TIMESTAMP).rename(free(folder / f"{TIMESTAMP}.student"))  # a time written by a student does not count
    return state.notes + _rename(folder, notebooks)


def _put(path: tuple[str, ...], entry: SubmittedFile, state: _Unpacking, depth: int) -> None:
    """Write one file; a zip is replaced by its contents."""
    state.files -= 1
    if state.files < 0:
        raise SubmissionRejected(f"it has more than {submitted_files.limits()['files']:,} files")
    shown = "/".join(path)
    try:
        path = submitted_files.plain_path(shown)  # of a zip in a zip, the paths together may be too long
        target = place(state.folder, path)
        state.bytes -= submitted_files.copy(entry, target, state.bytes)
    except FileRejected as error:
        state.damaged.append(f"{submitted_files.printable(shown)}: {error}")
        state.notes.append(f"{submitted_files.printable(shown)} was left out: {error}")
        return
    if target.suffix.lower() == ".zip":
        _open(path, target, state, depth)


def _open(path: tuple[str, ...], target: Path, state: _Unpacking, depth: int) -> None:
    """Replace a zip, which is at ``target``, by its contents; keep one that cannot be opened."""
    shown = "/".join(path)
    if depth == submitted_files.limits()["zips_in_zips"]:
        state.notes.append(f"{shown} is in a zip inside too many other zips and was not opened")
        return
    try:
        inside = list(submitted_files.in_zip(target, submitted_files.limits()["files"]))
    except SubmissionRejected as error:
        state.damaged.append(f"{shown}: {error}")
        state.notes.append(f"{shown} was kept unopened: {error}")
        return
    for found in inside:
        if isinstance(found, SubmittedFile):
            _put((*path[:-1], *found.path), found, state, depth + 1)
        else:
            state.notes.append(f"{found[0]} in {shown} was left out: {found[1]}")
    target.unlink()


def place(folder: Path, path: Sequence[str]) -> Path:
    """Where a new file goes below ``folder``: numbered if there is one, and in a numbered folder if a file has the folder's name."""
    for part in path[:-1]:
        folder = _numbered(folder / part, lambda each: not os.path.lexists(each) or (each.is_dir() and not each.is_symlink()))
    return free(folder / path[-1])


def free(path: Path) -> Path:
    """``path``, or a numbered variant of it if it exists already."""
    return _numbered(path, lambda each: not os.path.lexists(each))


def _numbered(path: Path, accepted: Callable[[Path], bool]) -> Path:
    number, each = 1, path
    while not accepted(each):
        number += 1
        each = path.with_name(f"{path.stem}~{number}{path.suffix}")
    return each


def _hoist(folder: Path) -> None:
    """If all notebooks are in one subfolder, as in the zip of a folder, move its contents up."""
    homes = {path.parent for path in folder.rglob("*.ipynb") if path.is_file()}
    if len(homes) != 1 or (home := homes.pop()) == folder:
        return
    for path in list(home.iterdir()):
        path.rename(free(folder / path.name))
    while home != folder and not any(home.iterdir()):
        home.rmdir()
        home = home.parent


def _rename(folder: Path, notebooks: Sequence[str]) -> list[str]:
    """Give numbered notebooks their released names again; returns notes on notebooks that do not belong to the lesson."""
    for name in notebooks:
        numbered = [path for path in folder.glob("*.ipynb") if path.is_file() and copy_number(path.stem, name) is not None]
        if numbered and not os.path.lexists(folder / f"{name}.ipynb"):
            max(numbered, key=lambda path: copy_number(path.stem, name) or 0).rename(folder / f"{name}.ipynb")
    others = sorted(path.name for path in folder.glob("*.ipynb") if path.stem not in notebooks)
    return [f"{name} is not a notebook of the lesson; it was kept" for name in others]


def copy_number(stem: str, name: str) -> int | None:
    """The number that Canvas or a browser appended to ``name`` in a file's ``stem``; None when it is no such copy."""
    return int(re.findall(r"\d+", stem)[-1]) if re.fullmatch(re.escape(name) + COPY, stem) else None
