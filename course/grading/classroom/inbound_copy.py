"""Copies a folder that a student can still change, following no link, within `limits.yaml`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from course.grading.classroom import submitted_files
from course.grading.classroom.submitted_files import SubmissionRejected
from course.sandbox import trees
from course.sandbox.trees import Directory, Entry, TreeError

NO_FILE = "it is a link or not a regular file"

Ignored = Callable[[str, int | None], str | None]
Remarks = Iterator[tuple[str, str]]


def copied(source: Path, target: Path, ignored: Ignored, most: int) -> Remarks:
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
    try:
        with Directory.open(source) as there:
            target.mkdir()
            with Directory.open(target) as place:
                yield from _InboundCopy(there, place, ignored, min(most, limits["bytes"])).entries(limits["files"])
    except TreeError as error:
        raise OSError(str(error)) from None


class _InboundCopy:
    """One copy, and the bytes that it may still make."""

    def __init__(self, source: Directory, target: Directory, ignored: Ignored, most: int) -> None:
        self._source, self._target, self._ignored, self._left = source, target, ignored, most
        self._owner = os.fstat(source.descriptor).st_uid

    def entries(self, most: int) -> Remarks:
        unread: list[tuple[str, str]] = []
        walk = trees.walk(self._source, most, self._enters, lambda entry, error: unread.append((entry.path, _failure(error))))
        while True:
            try:
                entry = next(walk, None)
            except TreeError:
                raise SubmissionRejected(f"it has more than {most:,} files") from None
            yield from unread
            unread.clear()
            if entry is None:
                return
            try:
                yield from self._entry(entry)
            except OSError as error:
                yield entry.path, _failure(error)

    def _enters(self, entry: Entry) -> bool:
        return not _problem(entry) and self._ignored(entry.name, None) is None

    def _entry(self, entry: Entry) -> Remarks:
        if problem := _problem(entry):
            yield entry.path, problem
        elif entry.is_folder:
            if self._enters(entry):
                self._target.reach(entry.parts, make=True).close()
        else:
            try:
                with entry.folder.read(entry.name) as file:
                    if why := self._refusal(entry.name, os.fstat(file.fileno())):
                        yield entry.path, why
                    elif why is None:
                        self._write(file, entry.parts)
            except TreeError:
                yield entry.path, NO_FILE

    def _refusal(self, name: str, status: os.stat_result) -> str | None:
        """Why an open file is not copied: None when it is, "" when it needs no remark."""
        if status.st_nlink > 1 and status.st_uid != self._owner:
            return "it is a second name of a file that belongs to somebody else"
        return self._ignored(name, status.st_size)

    def _write(self, file: BinaryIO, parts: tuple[str, ...]) -> None:
        with self._target.reach(parts[:-1], make=True) as folder, folder.create(parts[-1]) as copy:
            while chunk := file.read(submitted_files.CHUNK):
                self._left -= len(chunk)
                if self._left < 0:
                    raise SubmissionRejected("its files have more bytes than limits.yaml or CourseDirectory.max_dir_size allow")
                copy.write(chunk)


def _problem(entry: Entry) -> str:
    """Why a path is no submitted file's; "" when it can be."""
    try:
        submitted_files.plain_path(entry.path)
    except SubmissionRejected as error:
        return str(error)
    return ""


def _failure(error: OSError) -> str:
    return f"it cannot be copied ({error.strerror or error})"
