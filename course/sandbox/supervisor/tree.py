"""Walks a tree that a program made. No symbolic link is followed, and folders are opened by descriptors: a path can be longer than the
kernel takes. Standard library only, and no other module of this folder: the local AWS measures its state with it, too.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator

DEEPEST = 500  # folders below each other
OPEN = 64  # descriptors that a walk keeps open
FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Unbounded(Exception):
    """A tree is deeper than `DEEPEST`, or a folder in it cannot be read. So nobody can tell what it holds."""


class Usage:
    """The bytes on disk and the number of files and folders, each file counted once.

    Attributes
    ----------
    size : int
        Bytes.
    count : int
    """

    def __init__(self) -> None:
        self.size = self.count = 0
        self._seen: set[tuple[int, int]] = set()  # files with several names

    def add(self, status: os.stat_result) -> None:
        self.count += 1
        if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
            if (status.st_dev, status.st_ino) in self._seen:
                return
            self._seen.add((status.st_dev, status.st_ino))
        self.size += status.st_blocks * 512


def disk_used(folders: list[str]) -> int:
    """Bytes on disk of the files and folders below ``folders``. Files that vanish meanwhile do not count. Raises Unbounded."""
    usage = Usage()
    for folder in folders:
        with contextlib.closing(Walk(folder)) as walk:
            for status in walk:
                usage.add(status)
    return usage.size


class Walk:
    """Yields the status of each file and folder below ``top``; what vanishes meanwhile is left out. Raises Unbounded."""

    def __init__(self, top: str) -> None:
        self._top = top
        self._names: list[str] = []  # the path of the current folder below the top
        self._open: list[int | None] = []  # its descriptor and those of the folders above it, as far as they are open
        self._todo: list[list[str]] = []  # for each of these, the subfolders that are still to be looked at

    def close(self) -> None:
        for descriptor in self._open:
            if descriptor is not None:
                os.close(descriptor)
        self._open.clear()

    def __iter__(self) -> Iterator[os.stat_result]:
        yield from self._enter(_open(self._top, None))
        while self._todo:
            if not self._todo[-1]:
                self._leave()
                continue
            name = self._todo[-1].pop()
            parent = self._current()
            descriptor = None if parent is None else _open(name, parent)
            if descriptor is not None:
                self._names.append(name)
                yield from self._enter(descriptor)

    def _enter(self, descriptor: int | None) -> Iterator[os.stat_result]:
        if descriptor is None:
            return
        self._open.append(descriptor)
        self._todo.append([])
        if len(self._open) > DEEPEST:
            raise Unbounded
        if len(self._open) > OPEN and (above := self._open[-OPEN]) is not None:
            os.close(above)
            self._open[-OPEN] = None
        with os.scandir(descriptor) as entries:
            for entry in entries:
                try:
                    yield entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        self._todo[-1].append(entry.name)
                except PermissionError:
                    raise Unbounded from None
                except OSError:
                    continue

    def _leave(self) -> None:
        if (descriptor := self._open.pop()) is not None:
            os.close(descriptor)
        self._todo.pop()
        if self._names:
            self._names.pop()

    def _current(self) -> int | None:
        """The descriptor of the current folder, opened again from the top if need be. None if it is no longer there."""
        if self._open[-1] is None:
            descriptor = _open(self._top, None)
            for name in self._names:
                if descriptor is not None:
                    inner = _open(name, descriptor)
                    os.close(descriptor)
                    descriptor = inner
            self._open[-1] = descriptor
        return self._open[-1]


def _open(name: str, parent: int | None) -> int | None:
    """A descriptor of a folder; None if there is none of that name. Raises Unbounded if it cannot be read."""
    try:
        return os.open(name, FLAGS, dir_fd=parent)
    except PermissionError:
        raise Unbounded from None
    except OSError:
        return None
