"""Copies a folder that a student can still change: by directory descriptors, following no link, within `limits.yaml`."""

from __future__ import annotations

import errno
import itertools
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from course.grading.classroom import submitted_files
from course.grading.classroom.submitted_files import SubmissionRejected

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # O_NONBLOCK: opening a pipe that nobody writes to would wait
NO_FILE = "it is a link or not a regular file"

Ignored = Callable[[str, int | None], str | None]


@dataclass
class _Copy:
    """The state of one copy: what may still be copied, and whose the folder is."""

    ignored: Ignored
    owner: int
    bytes: int
    files: int


def copied(source: Path, target: Path, ignored: Ignored, most: int) -> Iterator[tuple[str, str]]:
    """Copy the plain files of ``source`` to a new folder ``target``; yields the name of each one left out and the reason.

    Parameters
    ----------
    ignored : callable
        Gets a name and a size (None for a folder) and returns why it is not copied: None when it is, "" when it needs no remark.
    most : int
        Bytes of all files, where this is less than `limits.yaml` allows.

    Raises
    ------
    SubmissionRejected
        When there are too many files or bytes.
    OSError
        When ``source`` is a link, or cannot be read.
    """
    limits = submitted_files.limits()
    there = os.open(source, FOLDER)
    try:
        state = _Copy(ignored, os.fstat(there).st_uid, min(most, limits["bytes"]), limits["files"])
        target.mkdir()
        yield from _folder(there, target, (), state)
    finally:
        os.close(there)


def _folder(there: int, target: Path, path: tuple[str, ...], state: _Copy) -> Iterator[tuple[str, str]]:
    """Copy what is in the open folder ``there``, which is at ``path`` of the submission, to ``target``."""
    with os.scandir(there) as entries:
        names = sorted(entry.name for entry in itertools.islice(entries, 1 + state.files))
    state.files -= len(names)
    if state.files < 0:
        raise SubmissionRejected(f"it has more than {submitted_files.limits()['files']:,} files")
    for name in names:
        inside = (*path, name)
        try:
            submitted_files.plain_path("/".join(inside))
        except SubmissionRejected as error:
            yield "/".join(inside), str(error)
            continue
        try:
            yield from _entry(there, target / name, inside, state)
        except OSError as error:
            yield "/".join(inside), f"it cannot be copied ({error.strerror or error})"


def _entry(there: int, target: Path, path: tuple[str, ...], state: _Copy) -> Iterator[tuple[str, str]]:
    name = path[-1]
    is_folder = stat.S_ISDIR(os.stat(name, dir_fd=there, follow_symlinks=False).st_mode)
    if is_folder and state.ignored(name, None) is not None:
        return
    try:
        found = os.open(name, FOLDER if is_folder else FILE, dir_fd=there)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENXIO):  # a link, a socket
            raise
        yield "/".join(path), NO_FILE
        return
    try:
        if is_folder:
            target.mkdir()
            yield from _folder(found, target, path, state)
        elif why := _refusal(name, os.fstat(found), state):
            yield "/".join(path), why
        elif why is None:
            _write(found, target, state)
    finally:
        os.close(found)


def _refusal(name: str, status: os.stat_result, state: _Copy) -> str | None:
    """Why the open file is not copied: None when it is, "" when it needs no remark."""
    if not stat.S_ISREG(status.st_mode):
        return NO_FILE
    if status.st_nlink > 1 and status.st_uid != state.owner:
        return "it is a second name of a file that belongs to somebody else"
    return state.ignored(name, status.st_size)


def _write(found: int, target: Path, state: _Copy) -> None:
    with target.open("xb") as file:
        while chunk := os.read(found, submitted_files.CHUNK):
            state.bytes -= len(chunk)
            if state.bytes < 0:
                raise SubmissionRejected("its files have more bytes than limits.yaml or CourseDirectory.max_dir_size allow")
            file.write(chunk)
