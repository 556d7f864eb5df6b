"""Uploads while a job runs: a file goes to S3 once it no longer changes, and again when it changed afterwards.

AWS says of ``S3UploadMode`` ``Continuous`` that results are uploaded continuously (API reference of ProcessingS3Output, read
2026-11-25), and not how it knows that a file is complete. Here a file is complete that has the same size and time at two looks.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

from course.localaws.sagemaker.job_data import DataError, JobData

LOOK_SECONDS = 0.5  # between two looks at the directories

Stamp = tuple[int, int, int]  # inode, size, nanoseconds of the last change


class ContinuousUpload:
    """Uploads what appears below directories of one instance of a job, in a thread, until it is closed.

    Whatever the job makes of its directories meanwhile, nothing but plain files of its own is read: no link is followed.

    Parameters
    ----------
    data : JobData
    root : Path
        What the job knows as /opt/ml.
    places : dict
        The directories' paths relative to ``root``, each with the S3 URI of the prefix to which it goes.
    scratch : Path
        A directory out of the job's sight, for copies on their way.
    """

    def __init__(self, data: JobData, root: Path, places: dict[Path, str], scratch: Path) -> None:
        self._data, self._root, self._places, self._scratch = data, root, places, scratch
        self._failure: BaseException | None = None
        self._seen: dict[Path, Stamp] = {}
        self._sent: dict[Path, Stamp] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True, name="continuous-upload")
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closing.set()
        self._thread.join()

    def finish(self) -> None:
        """Upload what is not there yet, after the job's end and `close`; each file is gone afterwards.

        Raises
        ------
        DataError
            Also for what could not be uploaded while the job ran.
        """
        if self._failure is not None:
            raise self._failure
        for place, uri in self._places.items():
            folder = self._root / place
            for path in sorted(folder.rglob("*")):
                if path.is_file() and self._sent.get(path.relative_to(self._root)) != stamp(path.stat()):
                    self._data.upload(path, _target(uri, path.relative_to(folder)))

    def _look(self) -> None:
        try:
            while not self._closing.wait(LOOK_SECONDS):
                for place, uri in self._places.items():
                    self._look_below(place, uri)
        except (DataError, OSError) as error:
            self._failure = error if isinstance(error, DataError) else DataError(str(error))

    def _look_below(self, place: Path, uri: str) -> None:
        for name, file, found in self._files(place):
            path = place / name
            if self._seen.get(path) == found != self._sent.get(path):
                copy = self._scratch / uuid.uuid4().hex
                with open(file, "rb", closefd=False) as source, copy.open("xb") as target:
                    shutil.copyfileobj(source, target)
                if stamp(os.fstat(file)) == found:
                    self._data.upload(copy, _target(uri, name))
                    self._sent[path] = found
                else:
                    copy.unlink()
            self._seen[path] = found

    def _files(self, place: Path) -> Iterator[tuple[Path, int, Stamp]]:
        """The plain files below a directory: name, open descriptor, stamp. Each is closed when the next is asked for."""
        with contextlib.suppress(OSError), _directory(self._root, place) as top:
            for folder, folders, files, here in os.fwalk(".", dir_fd=top):
                folders.sort()
                for name in sorted(files):
                    with contextlib.suppress(OSError):
                        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
                        try:
                            if stat.S_ISREG(os.fstat(file).st_mode):
                                yield Path(folder, name), file, stamp(os.fstat(file))
                        finally:
                            os.close(file)


@contextlib.contextmanager
def _directory(root: Path, place: Path) -> Iterator[int]:
    """A directory below ``root``, opened without following a link on the way. Raises OSError."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in place.parts:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)


def stamp(status: os.stat_result) -> Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _target(uri: str, name: Path) -> str:
    return f"{uri.rstrip('/')}/{name.as_posix()}"
