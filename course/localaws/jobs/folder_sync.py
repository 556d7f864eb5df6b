"""Copies a folder of a running job to S3 as its files change: checkpoints, TensorBoard data, continuous outputs.

AWS says that ``S3UploadMode`` ``Continuous`` uploads results continuously (API reference of ProcessingS3Output, read 2026-11-25). It does
not say when a file counts as complete. Here a file is complete when its size and time are the same in two checks.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from course.localaws.jobs.s3_data import DataError, JobData
from course.sandbox import trees
from course.sandbox.trees import Directory, TreeError

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
        try:
            for name, stamp, path in self._files():
                self._copy(name, stamp, path)
        except (OSError, TreeError) as error:
            raise DataError(str(error)) from error

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
            with contextlib.suppress(DataError, OSError, TreeError):
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

        The path is valid until the next iteration. Raises TreeError for a folder that is too deep or has too many files.
        """
        try:
            with Directory.open(self._root) as top:
                folder = top.reach(self._folder.parts)
        except (OSError, TreeError):  # the job has removed it, or made it a link
            return
        with folder:
            for entry in filter(lambda each: each.is_file, trees.walk(folder)):
                with contextlib.suppress(OSError, TreeError), entry.folder.read(entry.name) as file:
                    status = os.fstat(file.fileno())
                    stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
                    yield entry.path, stamp, Path(f"/dev/fd/{file.fileno()}")
