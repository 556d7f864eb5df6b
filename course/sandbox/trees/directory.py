"""An open folder. What is in it is reached by one name at a time, and no link is ever followed."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NAME_BYTES = 255  # the longest name that Linux's and macOS's file systems take
PATH_BYTES = 2048  # of a path in a tree: half of Linux's PATH_MAX, so that the tree's own path and such a path fit together
DEPTH = 64  # folders in folders
NO_FOLDER = (errno.ENOTDIR, errno.ELOOP, errno.EMLINK)  # what `open` says of a link or a file where a folder is asked for


class TreeError(Exception):
    """A tree or an archive is refused. The message names the path within it and the reason, and no path of this machine."""


class Directory:
    """An open folder of a tree. A context manager that closes it.

    Parameters
    ----------
    descriptor : int
        It belongs to the object from now on.
    """

    __slots__ = ("descriptor",)

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def open(cls, path: Path) -> Directory:
        """Open a folder by its path on this machine, of which only the last name may be a program's. Raises TreeError, OSError."""
        return cls(_folder(str(path), path.name, None))

    def __enter__(self) -> Directory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self.descriptor)

    def enter(self, name: str, make: bool = False) -> Directory:
        """The folder ``name`` in this one, created if missing when ``make``. Raises TreeError for a link or a file, else OSError."""
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=self.descriptor)
        return Directory(_folder(name, name, self.descriptor))

    def reach(self, parts: Iterable[str], make: bool = False) -> Directory:
        """The folder at the end of a path; for no parts, this folder opened once more. Errors as of `enter`."""
        here = Directory(os.dup(self.descriptor))
        for part in parts:
            with here:
                here = here.enter(part, make)
        return here

    def status(self, name: str) -> os.stat_result | None:
        """What ``name`` is, a link being a link; None when there is nothing of that name."""
        try:
            return os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def link(self, name: str) -> str:
        """The text of a link. Raises OSError when it is none."""
        return os.readlink(name, dir_fd=self.descriptor)

    def read(self, name: str) -> BinaryIO:
        """Open a regular file for reading. Raises TreeError for anything else, OSError."""
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(name, flags, dir_fd=self.descriptor)  # without waiting for the writer of a pipe
        except OSError as error:
            if error.errno in (*NO_FOLDER, errno.ENXIO):
                raise TreeError(f"{name} is a link or not a regular file") from None
            raise
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise TreeError(f"{name} is not a regular file")
        return os.fdopen(descriptor, "rb")

    def create(self, name: str, mode: int = 0o644) -> BinaryIO:
        """Make a new file and open it for writing. Raises FileExistsError when something of that name is there, even a link."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.fdopen(os.open(name, flags, mode, dir_fd=self.descriptor), "wb")

    def replace(self, name: str, mode: int = 0o644) -> BinaryIO:
        """Make a new file in place of the file or link ``name``, if there is one. Raises OSError when that is a folder."""
        self.discard(name)
        return self.create(name, mode)

    def discard(self, name: str) -> None:
        """Remove a file or a link, if it is there. Raises OSError for a folder."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.descriptor)

    def move_to(self, name: str, folder: Directory, new_name: str) -> None:
        """Move what ``name`` is, a link as a link, to a name of another folder on the same file system. Raises OSError."""
        os.rename(name, new_name, src_dir_fd=self.descriptor, dst_dir_fd=folder.descriptor)


def parts_of(path: str) -> tuple[str, ...]:
    """The names of a path that an archive gives: no empty ones, and a leading ``/`` counts for nothing, as with tar.

    Raises
    ------
    TreeError
        It leads out of the tree, is no file name, or is longer than a tree may have.
    """
    shown = path if len(path) <= 80 else f"{path[:77]}..."
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if ".." in parts:
        raise TreeError(f"{shown!r} leads out of the archive")
    try:
        lengths = [len(os.fsencode(part)) for part in parts]
    except UnicodeEncodeError:
        raise TreeError(f"{shown!r} is no file name") from None
    if "\0" in path:
        raise TreeError(f"{shown!r} is no file name")
    if len(parts) > DEPTH or any(length > NAME_BYTES for length in lengths) or sum(lengths) + len(parts) > PATH_BYTES:
        raise TreeError(f"{shown!r} is too long: at most {DEPTH} names, {NAME_BYTES} bytes in each and {PATH_BYTES:,} in all")
    return parts


def _folder(path: str, name: str, within: int | None) -> int:
    try:
        return os.open(path, FLAGS, dir_fd=within)
    except OSError as error:
        if error.errno in NO_FOLDER:
            raise TreeError(f"{name} is a link, or not a folder") from None
        raise
