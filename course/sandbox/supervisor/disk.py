"""Measures what a box uses of the disk: its folders, and deleted files that its processes hold open.

A tree that cannot be looked at as a whole (`tree.Unbounded`) counts as beyond every limit.

What is not found: deleted files whose descriptors are on their way through a socket; the part of a deleted file that is not mapped, if no
descriptor is open; a folder that moves while it is looked for.
"""

# ruff: noqa: PTH116
from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import open_files
from tree import Unbounded, Usage, Walk

STEP = 1000  # files between two points at which a look can pause


class DiskLook:
    """One look at the disk that a box uses. It goes in steps, since a look at many files takes longer than may pass between two looks
    at its memory.

    Parameters
    ----------
    folders : list of str
        The box's own folders.
    processes : list of str
        The folders of its processes in /proc; empty outside Linux.
    most : int
        Bytes.
    files : int or None
        Files and folders.
    threads : bool
        Whether to look at the descriptors of each thread (`open_files.deleted`).

    Attributes
    ----------
    exceeded : bool
        Whether the box is beyond a limit, by what has been found so far.
    """

    def __init__(self, folders: list[str], processes: list[str], most: int, files: int | None, threads: bool) -> None:
        self._threads = threads
        self._most, self._files = most, files
        self._usage = Usage()
        self.exceeded = False
        self._steps = self._look(folders, processes)

    def step(self) -> bool:
        """Go on with the look. Returns whether there is more to look at."""
        try:
            next(self._steps)
        except StopIteration:
            return False
        except (Unbounded, open_files.TooManyDescriptors):
            self.exceeded = True
            return False
        self.exceeded = self._usage.size > self._most or (self._files is not None and self._usage.count > self._files)
        return not self.exceeded

    def _look(self, folders: list[str], processes: list[str]) -> Iterator[None]:
        for folder in folders:
            with contextlib.closing(Walk(folder)) as walk:
                for status in walk:
                    self._usage.add(status)
                    if self._usage.count % STEP == 0:
                        yield
            yield
        yield from self._deleted(folders, processes)

    def _deleted(self, folders: list[str], processes: list[str]) -> Iterator[None]:
        devices, files = set(), {}
        for folder in folders:
            with contextlib.suppress(OSError):
                devices.add(os.stat(folder).st_dev)
        for process in processes:
            files.update(open_files.mapped([process]))
            yield
        for count, (file, size) in enumerate(open_files.deleted(processes, self._threads)):
            files[file] = size  # better known than by its mappings
            if count % STEP == 0:
                yield
        self._usage.size += sum(size for (device, _), size in files.items() if device in devices)
        yield
