"""Walks a tree."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from course.sandbox.trees.directory import DEPTH, Directory, TreeError

MOST_ENTRIES = 1_000_000  # that a walk lists: ten seconds of work


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, folder or link of a tree.

    Attributes
    ----------
    parts : tuple of str
        Its path in the tree.
    status : os.stat_result
        Of itself; a link is a link.
    folder : Directory
        The folder that it is in, open until the walk goes on.
    """

    parts: tuple[str, ...]
    status: os.stat_result
    folder: Directory

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def path(self) -> str:
        return "/".join(self.parts)

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.status.st_mode)

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.status.st_mode)


Selects = Callable[[Entry], bool]


def walk(
    top: Directory, most: int = MOST_ENTRIES, enters: Selects = lambda entry: True, failed: Callable[[Entry, OSError], None] | None = None
) -> Iterator[Entry]:
    """Everything below a folder, by name, each folder before what is in it. What vanishes meanwhile is left out.

    A folder that was moved away when the walk goes on is not entered.

    Parameters
    ----------
    top : Directory
    most : int
        The entries that the tree may have.
    enters : callable
        Whether a folder is entered.
    failed : callable, optional
        Called with a folder that cannot be read, and the error. Without it, the error is raised.

    Raises
    ------
    TreeError
        The tree has more than ``most`` entries, or is deeper than `DEPTH`.
    OSError
    """
    first = top.reach(())
    levels: list[tuple[tuple[str, ...], Directory, Iterator[str]]] = [((), first, iter(()))]
    seen = 0
    try:
        names = _names(first, most)
        seen, levels[0] = len(names), ((), first, iter(names))
        while levels:
            parts, folder, rest = levels[-1]
            name = next(rest, None)
            if name is None:
                levels.pop()[1].close()
                continue
            status = folder.status(name)
            if status is None:
                continue
            entry = Entry((*parts, name), status, folder)
            yield entry
            try:
                inner = _entered(entry) if entry.is_folder and enters(entry) else None
            except OSError as error:
                if failed is None:
                    raise
                failed(entry, error)
                continue
            if inner is None:
                continue
            levels.append((entry.parts, inner, iter(())))
            names = _names(inner, most - seen)
            seen, levels[-1] = seen + len(names), (entry.parts, inner, iter(names))
    finally:
        for _, folder, _ in levels:
            folder.close()


def _entered(entry: Entry) -> Directory | None:
    """The folder of an entry; None when it has gone, or something else is in its place."""
    if len(entry.parts) >= DEPTH:
        raise TreeError(f"{entry.path[:80]}... is deeper than {DEPTH} folders")
    try:
        return entry.folder.enter(entry.name)
    except (FileNotFoundError, TreeError):
        return None


def _names(folder: Directory, most: int) -> list[str]:
    names = []
    with os.scandir(folder.descriptor) as found:
        for each in found:
            if len(names) >= most:
                raise TreeError("it has too many files")
            names.append(each.name)
    return sorted(names)
