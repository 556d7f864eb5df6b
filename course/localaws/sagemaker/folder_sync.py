"""Copies a running job's folder to S3 as its files change: checkpoints, TensorBoard's event files, outputs uploaded continuously."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

from course.localaws.errors import AwsError
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


def below_ml(root: Path, path: str) -> Path:
    """The folder, made when absent, that a container knows by ``path``. Raises AwsError when that is not below /opt/ml."""
    check_below_ml(path)
    folder = root.joinpath(*[part for part in Path(path).relative_to("/opt/ml").parts if part != ".."])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def check_below_ml(path: str) -> None:
    """Refuse a LocalPath that only a container's own file system would have. Raises AwsError."""
    if not path.startswith("/opt/ml/"):
        message = f"The local AWS copies to S3 what a job writes below /opt/ml; it does not support the LocalPath {path}."
        raise AwsError("NotSupportedByLocalAws", message)


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
