"""Pipe mode: a channel as a row of FIFOs, ``<channel>_0``, ``<channel>_1``, ... in /opt/ml/input/data, one for each pass over the data.

Source: "How Amazon SageMaker Provides Training Information" (Pipe mode) of the SageMaker developer guide and its example
advanced_functionality/pipe_bring_your_own, read 2026-11-25. The next FIFO is there as soon as the program has opened one; one that was
read to its end, or closed before, is gone.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import select
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

SHORTEST_PAUSE, LONGEST_PAUSE = 0.001, 0.05  # seconds between two looks whether the program has opened a FIFO
PATIENCE = 200  # milliseconds for which a full FIFO is waited for at a time
# What the job may have put in a FIFO's place; it is its own loss.
SPOILT = {errno.ENOENT, errno.EEXIST, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM}


class FeedEnded(Exception):
    """The job is over, or has spoilt its FIFO: nothing more is to be fed."""


class PipeFeeder:
    """Feeds one channel to one host, from a thread outside its box, which never waits for the program longer than it can be told to end.

    Parameters
    ----------
    folder : Path
        /opt/ml/input/data as it is outside. It is held open: what the job puts in its place later is not followed.
    channel : str
    content : callable
        From the number of an epoch to what is streamed in it.
    failed : callable
        Is told the error when the content cannot be had; called before the program sees an end of it.
    """

    def __init__(self, folder: Path, channel: str, content: Callable[[int], Iterator[bytes]], failed: Callable[[Exception], None]) -> None:
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self._channel, self._content, self._failed = channel, content, failed
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._feed, daemon=True, name=f"pipe-{channel}")
        os.mkfifo(self._name(0), 0o644, dir_fd=self._folder)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Stop feeding; returns when the thread is gone."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()
        os.close(self._folder)

    def _name(self, epoch: int) -> str:
        return f"{self._channel}_{epoch}"

    def _feed(self) -> None:
        try:
            for epoch in itertools.count():
                self._epoch(epoch)
        except FeedEnded:
            pass
        except Exception as error:
            self._failed(error)

    def _epoch(self, epoch: int) -> None:
        writer = self._opened(self._name(epoch))
        try:
            with is_broken_fifo():
                os.mkfifo(self._name(epoch + 1), 0o644, dir_fd=self._folder)
            self._stream(writer, epoch)
            with is_broken_fifo():
                os.unlink(self._name(epoch), dir_fd=self._folder)
        finally:
            os.close(writer)

    def _stream(self, writer: int, epoch: int) -> None:
        try:
            for piece in self._content(epoch):
                self._write(writer, piece)
        except BrokenPipeError:
            pass  # the program has seen enough
        except FeedEnded:
            raise
        except Exception as error:
            self._failed(error)
            raise FeedEnded from error

    def _opened(self, name: str) -> int:
        """The FIFO, once the program has opened it. Without waiting in ``open``, from which nothing could fetch this thread."""
        pause = SHORTEST_PAUSE
        while not self._ended.wait(pause):
            pause = min(pause * 1.5, LONGEST_PAUSE)
            with is_broken_fifo():
                try:
                    writer = os.open(name, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW, dir_fd=self._folder)
                except OSError as error:
                    if error.errno == errno.ENXIO:
                        continue
                    raise
            if stat.S_ISFIFO(os.fstat(writer).st_mode):
                return writer
            os.close(writer)
            break
        raise FeedEnded

    def _write(self, writer: int, piece: bytes) -> None:
        """Raises BrokenPipeError when the program has closed its end."""
        room = select.poll()
        room.register(writer, select.POLLOUT)
        left = memoryview(piece)
        while left:
            if self._ended.is_set():
                raise FeedEnded
            if room.poll(PATIENCE):
                with contextlib.suppress(BlockingIOError):
                    left = left[os.write(writer, left) :]


@contextlib.contextmanager
def is_broken_fifo() -> Iterator[None]:
    """An error that tells that the job took or replaced its FIFO ends the feeding."""
    try:
        yield
    except OSError as error:
        if error.errno in SPOILT:
            raise FeedEnded from error
        raise
