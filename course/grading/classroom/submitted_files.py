"""Reads submitted files from a folder or a zip. Their names are not trusted; their contents are read on demand."""

from __future__ import annotations

import contextlib
import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import yaml

from course.grading.classroom import zip_members

JUNK = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints"}  # left by systems and editors
UTF8_NAME = 0x800  # flag of a zip entry whose name is UTF-8; many programs write UTF-8 without setting it
ENCRYPTED = 0x1
CHUNK = 1 << 20
LISTED = 500  # bytes that a zip's list of files has for each, on average at most: 46, its name, and what programs add


# What reading a damaged zip, or a member of one, may raise in the standard library.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    IndexError,
    OverflowError,
    MemoryError,
    RuntimeError,  # encrypted; NotImplementedError: a method of compression that Python does not know
)


class SubmissionRejected(Exception):
    """A file, zip or submission that is not accepted; the message says why."""


class FileRejected(SubmissionRejected):
    """One file that is not accepted, because of its name or because it is damaged. The others of its submission are."""


@dataclass(frozen=True)
class SubmittedFile:
    """A file: the parts of its path, all plain names, and a function that opens it."""

    path: tuple[str, ...]
    open: Callable[[], contextlib.AbstractContextManager[BinaryIO]]

    @property
    def name(self) -> str:
        return "/".join(self.path)


Found = Iterator[SubmittedFile | tuple[str, str]]
"""Files, and for each refused one its name and the reason."""


@cache
def limits() -> Mapping[str, int]:
    return yaml.safe_load(Path(__file__).with_name("limits.yaml").read_text(encoding="utf-8"))


def plain_path(name: str) -> tuple[str, ...]:
    """The parts of a file's path as a zip gives it, ``/`` or ``\\`` between them.

    Raises
    ------
    FileRejected
        When it leads out of its folder, or is not a valid file name.
    """
    parts = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
    if name.startswith(("/", "\\")) or name[1:2] == ":" or ".." in parts:
        raise FileRejected("its path leads out of the folder")
    if not parts:
        raise FileRejected("it has no name")
    if not all(part.isprintable() for part in parts):
        raise FileRejected("its name has characters that cannot be shown")
    sizes = [len(part.encode(errors="replace")) for part in parts]
    if max(sizes) > limits()["name_bytes"] or sum(sizes) > limits()["path_bytes"] or len(parts) > limits()["path_parts"]:
        raise FileRejected("its name is too long")
    return parts


def in_folder(folder: Path) -> Found:
    """All plain files below a folder, in order; links are refused, since they may lead anywhere."""
    unread: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=unread.append):
        depth = len(Path(parent).relative_to(folder).parts)
        linked = [each for each in set(folders) - JUNK if Path(parent, each).is_symlink()]
        too_deep = set(folders) - JUNK - set(linked) if depth == limits()["path_parts"] else set()
        folders[:] = sorted(set(folders) - JUNK - too_deep)
        for name in sorted([*files, *linked, *too_deep]):
            path = Path(parent, name)
            if name in JUNK:
                continue
            try:
                if name in too_deep:
                    raise FileRejected("its name is too long")
                if not stat.S_ISREG(path.lstat().st_mode):
                    raise FileRejected("it is a link or not a regular file")
                yield SubmittedFile(plain_path(str(path.relative_to(folder))), lambda path=path: path.open("rb"))
            except (FileRejected, OSError) as error:
                yield printable(str(path.relative_to(folder))), _why(error)
    for error in unread:
        yield printable(str(Path(error.filename).relative_to(folder))), _why(error)


def in_zip(file: Path | BinaryIO, most: int | None = None) -> Found:
    """All files of a zip, in its order.

    Parameters
    ----------
    most : int, optional
        How many files it may list; by default the limit for all submissions together.

    Raises
    ------
    SubmissionRejected
        When it is not a zip, or lists too many files.
    """
    most = most or limits()["zip_files"]
    try:
        source = file.open("rb") if isinstance(file, Path) else file
        archive = zipfile.ZipFile(_Guarded(source, most * LISTED))  # type: ignore[arg-type]
        listed = archive.infolist()
    except DAMAGED as error:
        raise SubmissionRejected(f"it cannot be read as a zip ({_why(error)})") from None
    if len(listed) > most:
        raise SubmissionRejected(f"it lists {len(listed):,} files; more than {most:,} are not opened")
    for info in listed:
        name = _name(info)
        if info.is_dir() or name.endswith("\\") or JUNK & set(name.split("/")):
            continue
        if stat.S_ISLNK(info.external_attr >> 16):
            yield printable(name), "it is a link"
        elif info.flag_bits & ENCRYPTED:
            yield printable(name), "it is encrypted"
        else:
            try:
                yield SubmittedFile(plain_path(name), lambda info=info: zip_members.opened(archive, info))
            except FileRejected as error:
                yield printable(name), str(error)


def copy(entry: SubmittedFile, target: Path, allowance: int) -> int:
    """Write an entry's content to a new file; returns its size in bytes. Leaves no part of a file that cannot be read.

    Raises
    ------
    FileRejected
        When it is damaged.
    SubmissionRejected
        When it really has more than ``allowance`` bytes, or cannot be written.
    """
    total = 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            try:
                for chunk in _chunks(entry):
                    total += len(chunk)
                    if total > allowance:
                        raise SubmissionRejected(f"unpacked, its files have more than {limits()['bytes']:,} bytes")
                    file.write(chunk)
            except SubmissionRejected:
                target.unlink()
                raise
    except OSError as error:
        raise SubmissionRejected(f"{entry.name} cannot be written ({_why(error)})") from None
    return total


def _chunks(entry: SubmittedFile) -> Iterator[bytes]:
    """The content of an entry. Raises FileRejected when it is damaged."""
    with contextlib.ExitStack() as stack:
        try:
            source = stack.enter_context(entry.open())
            while chunk := source.read(CHUNK):
                yield chunk
        except DAMAGED as error:
            raise FileRejected(f"it cannot be unpacked ({_why(error)})") from None


def _why(error: BaseException) -> str:
    """The reason of an error, in a line that can be printed."""
    return printable((isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__)


class _Guarded:
    """A file for `zipfile`, which reads a zip's whole list of members at once: no longer one than ``most`` bytes.

    The list needs many times its size in memory, and an upload could consist of nothing else.
    """

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file, self._most = file, max(most, CHUNK)
        self.seek, self.tell, self.seekable, self.close = file.seek, file.tell, file.seekable, file.close

    def read(self, size: int = -1) -> bytes:
        if size > self._most:
            raise zipfile.BadZipFile(f"its list of files has {size:,} bytes")
        return self._file.read(size)


def _name(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & UTF8_NAME:
        return info.orig_filename
    try:
        return info.orig_filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.orig_filename


def printable(name: str) -> str:
    """A name without control characters, safe to print on a terminal."""
    plain = "".join(each if each.isprintable() else "?" for each in name)
    return plain if len(plain) <= 80 else f"{plain[:77]}..."
