"""Copies a folder of a running job to S3 as its files change: checkpoints, TensorBoard data, continuous outputs.

AWS says that ``S3UploadMode`` ``Continuous`` uploads results continuously (API reference of ProcessingS3Output, read 2026-11-25). It does
not say when a file counts as complete. Here a file is complete when its size and time are the same in two checks.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

from course.localaws.jobs.s3_data import DataError, JobData

EVERY_SECONDS = 0.5

Stamp = tuple[int, int, int]  # inode, size, modification time in nanoseconds


class FolderSync:
    """Copies one folder to an S3 prefix. Files that the job deletes stay in S3.

    The job may change the folder at any time, and may try to trick the reader. So no symbolic link is followed, neither on the way to the
    folder nor in it, and only regular files are read.

    Parameters
    ----------
    data : JobData
    root : Path
        The root of the job's box.
    folder : Path
        The folder, relative to ``root``. Files that are there now count as copied.
    uri : str
    complete : bool
        Whether to wait until a file no longer changes. Otherwise it is copied at once, and again after each change.
    kms_key : str, optional
        The ARN of the key that encrypts the objects.
    """

    def __init__(self, data: JobData, root: Path, folder: Path, uri: str, complete: bool = False, kms_key: str | None = None) -> None:
        self._data, self._root, self._folder, self._uri = data, root, folder, uri.rstrip("/")
        self._complete, self._kms_key = complete, kms_key
        self._seen: dict[str, Stamp] = {}
        self._copied = {name: stamp for name, stamp, _ in self._files()}

    def copy(self) -> None:
        """Copy the files that are new or have changed since the last copy. Raises DataError."""
        for name, stamp, path in self._files():
            self._copy(name, stamp, path)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Copy repeatedly in a thread during the block; a failed copy is retried. Call `copy` afterwards for the last changes."""
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
                for name, stamp, path in self._files():
                    if not self._complete or self._seen.get(name) == stamp:
                        self._copy(name, stamp, path)
                    self._seen[name] = stamp

    def _copy(self, name: str, stamp: Stamp, path: Path) -> None:
        if self._copied.get(name) != stamp:
            self._data.upload(path, f"{self._uri}/{name}", move=False, kms_key=self._kms_key)
            self._copied[name] = stamp

    def _files(self) -> Iterator[tuple[str, Stamp, Path]]:
        """Every regular file of the folder: its name, a stamp that changes with the file, and a path that opens exactly this file.

        The path is valid until the next iteration.
        """
        with contextlib.suppress(OSError), _directory(self._root, self._folder) as top:
            for path, folders, names, at in os.fwalk(".", dir_fd=top):
                folders.sort()
                for name in sorted(names):
                    with contextlib.suppress(OSError), _opened(name, at) as file:
                        status = os.fstat(file)
                        if stat.S_ISREG(status.st_mode):
                            stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
                            yield Path(path, name).as_posix(), stamp, Path(f"/dev/fd/{file}")


@contextlib.contextmanager
def _directory(root: Path, folder: Path) -> Iterator[int]:
    """Open a folder below ``root`` without following links. Raises OSError."""
    opened = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folder.parts:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=opened)
            os.close(opened)
            opened = inner
        yield opened
    finally:
        os.close(opened)


@contextlib.contextmanager
def _opened(name: str, at: int) -> Iterator[int]:
    """Open a file of the folder ``at`` without following a link, and without waiting for the writer of a pipe."""
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    try:
        yield file
    finally:
        os.close(file)
