"""Copies a running job's folder to S3 as its files change: checkpoints, TensorBoard's event files, outputs uploaded continuously."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

from course.localaws.sagemaker.job_data import DataError, JobData

EVERY_SECONDS = 0.5


class FolderSync:
    """One folder and the prefix that its files are copied to; what is deleted in the folder stays in S3.

    The job may change the folder meanwhile, also to lead a reader astray: no symbolic link is followed, and nothing but regular files
    is read. A file that is being written is copied as it is, and again once it has changed.

    Parameters
    ----------
    data : JobData
    folder : Path
        What it holds already counts as copied.
    uri : str
    """

    def __init__(self, data: JobData, folder: Path, uri: str) -> None:
        self._data, self._folder, self._uri = data, folder, uri.rstrip("/")
        self._copied = {name: version for name, version, _ in _files(folder)}

    def copy(self) -> None:
        """Copy what is new or has changed since the last time. Raises DataError."""
        for name, version, path in _files(self._folder):
            if self._copied.get(name) != version:
                self._data.upload(path, f"{self._uri}/{name}", move=False)
                self._copied[name] = version

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Copy again and again during the block, in a thread; what fails is tried again. What changed last is left to `copy`."""
        ended = threading.Event()
        thread = threading.Thread(target=self._follow, args=(ended,), name="folder-sync", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _follow(self, ended: threading.Event) -> None:
        while not ended.wait(EVERY_SECONDS):
            with contextlib.suppress(DataError):
                self.copy()


def _files(folder: Path) -> Iterator[tuple[str, tuple[int, int, int], Path]]:
    """Every regular file below ``folder``: its name there, what changes when it changes, and a path that leads to just this file.

    The path is good until the next file is asked for.
    """
    for place, folders, names, at in os.fwalk(folder):
        folders.sort()
        for name in sorted(names):
            with contextlib.suppress(OSError), _opened(name, at) as file:
                status = os.fstat(file)
                if stat.S_ISREG(status.st_mode):
                    version = (status.st_ino, status.st_size, status.st_mtime_ns)
                    yield Path(os.path.relpath(place, folder), name).as_posix(), version, Path(f"/dev/fd/{file}")


@contextlib.contextmanager
def _opened(name: str, at: int) -> Iterator[int]:
    """A file of the folder ``at``, not through a link, and without waiting for the writer of a pipe."""
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    try:
        yield file
    finally:
        os.close(file)
