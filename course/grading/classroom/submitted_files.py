"""Reads submitted files from a folder or a zip. Their names are not trusted; their contents are read on demand."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import yaml

JUNK = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints"}  # left by systems and editors
UTF8_NAME = 0x800  # flag of a zip entry whose name is UTF-8; many programs write UTF-8 without setting it
ENCRYPTED = 0x1
CHUNK = 1 << 20


class SubmissionRejected(Exception):
    """A file, zip or submission that is not accepted; the message says why."""


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
    SubmissionRejected
        When it leads out of its folder, or is not a valid file name.
    """
    parts = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
    if name.startswith(("/", "\\")) or name[1:2] == ":" or ".." in parts:
        raise SubmissionRejected("its path leads out of the folder")
    if not parts:
        raise SubmissionRejected("it has no name")
    if not all(part.isprintable() for part in parts):
        raise SubmissionRejected("its name has characters that cannot be shown")
    if any(len(part.encode(errors="replace")) > limits()["name_bytes"] for part in parts) or len(parts) > limits()["path_parts"]:
        raise SubmissionRejected("its name is too long")
    return parts


def in_folder(folder: Path) -> Found:
    """All plain files below a folder, in order; links are refused, since they may lead anywhere."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - JUNK)
        linked = [each for each in folders if Path(parent, each).is_symlink()]
        for name in sorted([*files, *linked]):
            path = Path(parent, name)
            shown = printable(str(path.relative_to(folder)))
            if name in JUNK:
                continue
            if not stat.S_ISREG(path.lstat().st_mode):
                yield shown, "it is a link or not a regular file"
                continue
            try:
                yield SubmittedFile(plain_path(str(path.relative_to(folder))), lambda path=path: path.open("rb"))
            except SubmissionRejected as error:
                yield shown, str(error)


def in_zip(file: Path | BinaryIO) -> Found:
    """All files of a zip, in its order.

    Raises
    ------
    SubmissionRejected
        When it is not a zip, or lists too many files.
    """
    try:
        archive = zipfile.ZipFile(file)
        listed = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise SubmissionRejected(f"it cannot be read as a zip ({error})") from None
    if len(listed) > limits()["zip_files"]:
        raise SubmissionRejected(f"it lists {len(listed):,} files; more than {limits()['zip_files']:,} are not opened")
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
                yield SubmittedFile(plain_path(name), lambda info=info: _opened(archive, info))
            except SubmissionRejected as error:
                yield printable(name), str(error)


def copy(entry: SubmittedFile, target: Path, allowance: int) -> int:
    """Write an entry's content to a new file; returns its size in bytes.

    Raises
    ------
    SubmissionRejected
        When it really has more than ``allowance`` bytes, or cannot be unpacked.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    total = 0
    try:
        with entry.open() as source, target.open("xb") as file:
            while chunk := source.read(CHUNK):
                total += len(chunk)
                if total > allowance:
                    raise SubmissionRejected(f"unpacked, its files have more than {limits()['bytes']:,} bytes")
                file.write(chunk)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, ValueError) as error:
        raise SubmissionRejected(f"{entry.name} cannot be unpacked ({error})") from None
    except OSError as error:
        raise SubmissionRejected(f"{entry.name} cannot be written ({error.strerror or error})") from None
    return total


@contextlib.contextmanager
def _opened(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[BinaryIO]:
    with archive.open(info) as file:
        yield io.BufferedReader(file)  # type: ignore[arg-type]


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
