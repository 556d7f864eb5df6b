"""Pipe mode: a job reads its objects from named pipes while they are fetched, and no file is written.

The n-th reading of an input is from the pipe ``<path>_<n>``, from 0 on. AWS documents these names for training; that processing has
pipes it documents ("into named pipes", API reference of ProcessingS3Input, read 2026-11-25), how they are called it does not.
"""

from __future__ import annotations

import contextlib
import errno
import gzip
import os
import shutil
import stat
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

LOOK_SECONDS = 0.02  # between two looks for a reader
PIECE = 1 << 20  # bytes


class Pipes:
    """The pipes of one input, fed by one thread.

    Parameters
    ----------
    path : Path
        The input's place, to which ``_0``, ``_1``, ... are added. The next pipe is there before one is read to its end.
    read : callable
        The files of one reading, in order; asked anew for each. Their contents follow each other without anything between them.
    gunzip : bool
        Whether each file is decompressed on its way.

    Attributes
    ----------
    failure : str
        Why an object could not be fed, e.g. that it is no gzip; ``""`` while all is well. Its reader meets an early end of the data.
    """

    def __init__(self, path: Path, read: Callable[[], Iterator[Path]], gunzip: bool) -> None:
        self.failure = ""
        self._name, self._read, self._gunzip = path.name, read, gunzip
        self._closing = threading.Event()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)  # not by its name later on: the job may put a link there
        self._make(0)
        self._thread = threading.Thread(target=self._feed, daemon=True, name="pipes")
        self._thread.start()

    def close(self) -> None:
        """Feed no more; to be called when nobody reads any more, since a reader is waited for."""
        self._closing.set()
        self._thread.join()
        os.close(self._folder)

    def _feed(self) -> None:
        reading = 0
        while not self.failure and (pipe := self._opened(reading)) is not None:
            self._make(reading + 1)
            with contextlib.suppress(BrokenPipeError), os.fdopen(pipe, "wb") as target:  # its reader may have read enough
                self._copy(target)
            reading += 1

    def _opened(self, reading: int) -> int | None:
        """The pipe, once it has a reader; None when there will be none."""
        while not self._closing.is_set():
            try:
                pipe = os.open(f"{self._name}_{reading}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW, dir_fd=self._folder)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    return None  # the job took it away
                self._closing.wait(LOOK_SECONDS)
                continue
            if not stat.S_ISFIFO(os.fstat(pipe).st_mode):
                os.close(pipe)
                return None
            os.set_blocking(pipe, True)
            return pipe
        return None

    def _copy(self, target: BinaryIO) -> None:
        for file in self._read():
            try:
                with gzip.open(file) if self._gunzip else file.open("rb") as source:
                    shutil.copyfileobj(source, target, PIECE)
            except BrokenPipeError:
                raise
            except (OSError, EOFError, zlib.error) as error:
                self.failure = f"the object cannot be {'decompressed' if self._gunzip else 'read'}: {error}"
                return

    def _make(self, reading: int) -> None:
        with contextlib.suppress(OSError):  # the job may have put something of its own there
            os.mkfifo(f"{self._name}_{reading}", dir_fd=self._folder)
