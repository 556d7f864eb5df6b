"""Copies a running job's folder to S3 as its files change: checkpoints, what is written for TensorBoard, outputs uploaded continuously.

AWS says of ``S3UploadMode`` ``Continuous`` that results are uploaded continuously (API reference of ProcessingS3Output, read
2026-11-25), and not how it knows that a file is complete: here it is when it has the same size and time at two looks.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

from course.localaws.core.errors import AwsError
from course.localaws.jobs import ml_folder
from course.localaws.jobs.s3_data import DataError, JobData

EVERY_SECONDS = 0.5

Stamp = tuple[int, int, int]  # inode, size, nanoseconds of the last change


class FolderSync:
    """One folder and the prefix that its files are copied to; what is deleted in the folder stays in S3.

    The job may change the folder meanwhile, also to lead a reader astray: no symbolic link is followed, on the way to the folder or in
    it, and nothing but regular files is read.

    Parameters
    ----------
    data : JobData
    root : Path
        What the job knows as /opt/ml.
    path : str
        The folder as the job knows it. What it holds already counts as copied.
    uri : str
    complete : bool
        Whether a file is copied only once it no longer changes; otherwise as it is, and again when it has changed.
    kms_key : str, optional
        The ARN of the key of what is stored.
    """

    def __init__(self, data: JobData, root: Path, path: str, uri: str, complete: bool = False, kms_key: str | None = None) -> None:
        self._data, self._root, self._place, self._uri = data, root, Path(path).relative_to(ml_folder.ML), uri.rstrip("/")
        self._complete, self._kms_key = complete, kms_key
        self._seen: dict[str, Stamp] = {}
        self._copied = {name: stamp for name, stamp, _ in self._files()}

    def copy(self) -> None:
        """Copy what is new or has changed since the last time. Raises DataError."""
        for name, stamp, path in self._files():
            self._copy(name, stamp, path)

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
                for name, stamp, path in self._files():
                    if not self._complete or self._seen.get(name) == stamp:
                        self._copy(name, stamp, path)
                    self._seen[name] = stamp

    def _copy(self, name: str, stamp: Stamp, path: Path) -> None:
        if self._copied.get(name) != stamp:
            self._data.upload(path, f"{self._uri}/{name}", move=False, kms_key=self._kms_key)
            self._copied[name] = stamp

    def _files(self) -> Iterator[tuple[str, Stamp, Path]]:
        """Every regular file of the folder: its name there, what changes when it changes, and a path that leads to just this file.

        The path is good until the next file is asked for.
        """
        with contextlib.suppress(OSError), _directory(self._root, self._place) as top:
            for place, folders, names, at in os.fwalk(".", dir_fd=top):
                folders.sort()
                for name in sorted(names):
                    with contextlib.suppress(OSError), _opened(name, at) as file:
                        status = os.fstat(file)
                        if stat.S_ISREG(status.st_mode):
                            stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
                            yield Path(place, name).as_posix(), stamp, Path(f"/dev/fd/{file}")


def below_ml(root: Path, path: str) -> Path:
    """The folder, made when absent, that a container knows by ``path``. Raises AwsError when that is not below /opt/ml."""
    check_below_ml(path)
    folder = ml_folder.place(root, path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def check_below_ml(path: str) -> None:
    """Refuse a LocalPath that only a container's own file system would have. Raises AwsError."""
    if not Path(path).is_relative_to(ml_folder.ML) or Path(path) == ml_folder.ML or ".." in Path(path).parts:
        message = f"The local AWS copies to S3 what a job writes below /opt/ml; it does not support the LocalPath {path}."
        raise AwsError("NotSupportedByLocalAws", message)


@contextlib.contextmanager
def _directory(root: Path, place: Path) -> Iterator[int]:
    """A directory below ``root``, opened without following a link on the way. Raises OSError."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in place.parts:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)


@contextlib.contextmanager
def _opened(name: str, at: int) -> Iterator[int]:
    """A file of the folder ``at``, not through a link, and without waiting for the writer of a pipe."""
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    try:
        yield file
    finally:
        os.close(file)
