"""Removes a tree, however deep it is and whatever rights its folders have."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

from course.sandbox.trees.directory import Directory, TreeError

ROUNDS = 10_000  # of `_batch` names each: a folder to which somebody goes on adding files stays


def remove(folder: Path) -> None:
    """Remove a folder and all that is in it, if it is there. What the operating system does not let go stays, without an error.

    Only ``folder.parent`` is trusted. A link in place of the folder is removed itself. A folder in it is moved up to the top before it is
    emptied: so no path becomes too long, and two descriptors are enough for any depth.
    """
    with contextlib.suppress(OSError), Directory(os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)) as parent:
        with contextlib.suppress(TreeError), _opened(parent, folder.name) as top:
            for _ in range(ROUNDS):
                with contextlib.suppress(OSError):
                    os.rmdir(folder.name, dir_fd=parent.descriptor)
                    return
                if not _empty(top, top):
                    break
        _discard(parent, folder.name)


def _empty(folder: Directory, top: Directory) -> bool:
    """Remove the files of a folder and move the folders in it to ``top``; in ``top`` itself, empty and remove them. Whether any went."""
    progress = False
    for name in _batch(folder):
        with contextlib.suppress(OSError):
            status = folder.status(name)
            if status is None:
                continue
            if not stat.S_ISDIR(status.st_mode):
                folder.discard(name)
            elif folder is top:
                _remove_at(top, name)
            else:
                _make_accessible(folder, name)  # otherwise only root may move it
                folder.move_to(name, top, f"removed-{uuid.uuid4().hex}")
            progress = True
    return progress


def _remove_at(top: Directory, name: str) -> None:
    with contextlib.suppress(TreeError), _opened(top, name) as inner:
        while _empty(inner, top):
            pass
    os.rmdir(name, dir_fd=top.descriptor)


@contextlib.contextmanager
def _opened(parent: Directory, name: str) -> Iterator[Directory]:
    _make_accessible(parent, name)
    with parent.enter(name) as folder:
        yield folder


def _make_accessible(parent: Directory, name: str) -> None:
    """Give the owner of a folder all rights to it. Never to what a link leads to. Raises OSError, TreeError."""
    status = parent.status(name)
    if status is None or not stat.S_ISDIR(status.st_mode) or status.st_mode & 0o700 == 0o700:
        return
    if sys.platform == "linux":
        # A folder without rights cannot be opened, and Linux has no chmod that follows no link: this is the same folder by its descriptor.
        handle = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent.descriptor)
        try:
            Path(f"/proc/self/fd/{handle}").chmod(0o700)
        finally:
            os.close(handle)
    else:
        os.chmod(name, 0o700, dir_fd=parent.descriptor, follow_symlinks=False)


def _batch(folder: Directory, most: int = 10_000) -> list[str]:
    """Some of the names in a folder, so that a million do not fill the memory."""
    names = []
    with os.scandir(folder.descriptor) as found:
        for each in found:
            names.append(each.name)
            if len(names) == most:
                break
    return names


def _discard(parent: Directory, name: str) -> None:
    status = parent.status(name)
    if status is not None and not stat.S_ISDIR(status.st_mode):
        parent.discard(name)
