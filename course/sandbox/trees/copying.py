"""Copies a tree into another, or moves what is in it there."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from course.sandbox.trees.directory import Directory, TreeError
from course.sandbox.trees.links import LinkRule
from course.sandbox.trees.walking import MOST_ENTRIES, Entry, Selects, walk

PIECE = 1 << 20


def copy_tree(source: Path, target: Path, rule: LinkRule = LinkRule.REFUSE, selects: Selects = lambda entry: True) -> None:
    """`copy` from one folder to another, which is created if missing. Of their paths, only the last names may be a program's."""
    target.mkdir(exist_ok=True)
    with Directory.open(source) as opened, Directory.open(target) as into:
        copy(opened, into, rule, selects)


def copy(
    source: Directory,
    target: Directory,
    rule: LinkRule = LinkRule.REFUSE,
    selects: Selects = lambda entry: True,
    most: int = MOST_ENTRIES,
) -> None:
    """Copy the folders, regular files and links of a tree into another, where files and links of the same names are replaced.

    A file keeps its rights and its time, as far as its owner, others and readers go. Pipes, sockets and devices are left out.

    Parameters
    ----------
    source, target : Directory
    rule : LinkRule
        Which links are copied; another link is an error.
    selects : callable
        Whether an entry is copied, a folder with what is in it.
    most : int
        As in `walk`.

    Raises
    ------
    TreeError
        As `walk`; and a link is refused, or a file and a folder have the same name in both trees.
    OSError
    """
    for entry in walk(source, most, selects):
        if not selects(entry):
            continue
        if entry.is_folder:
            target.reach(entry.parts, make=True).close()
            continue
        with target.reach(entry.parts[:-1], make=True) as folder:
            if entry.is_link:
                text = entry.folder.link(entry.name)
                rule.check(entry.parts, text)
                make_link(folder, entry.parts, text)
            elif entry.is_file:
                _copy_file(entry, folder)


def merge(source: Directory, target: Directory) -> list[str]:
    """Move what is in a tree to the same paths of another, links as links. Returns the paths at which something is there already and stays.

    Raises TreeError as `walk`, OSError.
    """
    clashes = []
    for entry in walk(source):
        try:
            folder = target.reach(entry.parts[:-1])
        except (FileNotFoundError, TreeError):
            continue  # the folder that it is in clashes
        with folder:
            there = folder.status(entry.name)
            if there is None:
                entry.folder.move_to(entry.name, folder, entry.name)  # with all that is in it
            elif not (entry.is_folder and stat.S_ISDIR(there.st_mode)):
                clashes.append(entry.path)
    return clashes


def make_link(folder: Directory, parts: tuple[str, ...], text: str) -> None:
    """Make a link in place of what file or link is there. Raises TreeError when a folder is."""
    replaceable(folder, parts)
    os.symlink(text, parts[-1], dir_fd=folder.descriptor)


def replaceable(folder: Directory, parts: tuple[str, ...]) -> None:
    """Remove the file or link at a path, if there is one. Raises TreeError when it is a folder."""
    there = folder.status(parts[-1])
    if there is not None and stat.S_ISDIR(there.st_mode):
        raise TreeError(f"{'/'.join(parts)} is both a file and a folder")
    folder.discard(parts[-1])


def _copy_data(source: int, target: int, size: int) -> None:
    """Copy a file between two descriptors. Its holes stay holes: a file of a terabyte may have no byte on the disk."""
    place = 0
    while place < size:
        try:
            place = os.lseek(source, place, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # the rest is a hole
                break
            raise
        end = min(size, os.lseek(source, place, os.SEEK_HOLE))
        os.lseek(source, place, os.SEEK_SET)
        os.lseek(target, place, os.SEEK_SET)
        while place < end and (piece := os.read(source, min(PIECE, end - place))):
            written = memoryview(piece)
            while written:
                written = written[os.write(target, written) :]
            place += len(piece)
        if place < end:
            break  # the file has become shorter
    os.ftruncate(target, size)


def _copy_file(entry: Entry, folder: Directory) -> None:
    replaceable(folder, entry.parts)
    with entry.folder.read(entry.name) as source, folder.create(entry.name, entry.status.st_mode & 0o755 | 0o600) as file:
        _copy_data(source.fileno(), file.fileno(), entry.status.st_size)
        os.utime(file.fileno(), ns=(entry.status.st_atime_ns, entry.status.st_mtime_ns))
