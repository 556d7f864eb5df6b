"""Streams an input to a job through FIFOs, ``<channel>_0``, ``<channel>_1``, ..., one for each pass over the data (Pipe mode).

Source: "How Amazon SageMaker Provides Training Information" (Pipe mode) of the SageMaker developer guide and its example
advanced_functionality/pipe_bring_your_own, read 2026-11-25. When the program opens a FIFO, the next one appears. A FIFO that was read to
its end, or closed earlier, is removed.
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

from course.sandbox.trees import Directory

SHORTEST_PAUSE, LONGEST_PAUSE = 0.001, 0.05  # seconds between two checks whether the program has opened a FIFO
POLL_MILLISECONDS = 200  # for one wait until a full FIFO has free space
# The errors when the job removed or replaced its FIFO.
BROKEN = {errno.ENOENT, errno.EEXIST, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM}


class FeedEnded(Exception):
    """The job is over, or has broken its FIFO: stop feeding."""


class PipeFeeder:
    """Feeds one channel to one host from a thread outside its box. The thread never blocks, so that it can always be ended.

    Parameters
    ----------
    folder : Directory
        The folder of the FIFOs. The feeder holds it open, so the job cannot redirect it later.
    channel : str
    content : callable
        From the number of an epoch to the bytes that are streamed in it.
    failed : callable
        Called with the error when the content cannot be read, before the program sees the end of the stream.
    """

    def __init__(
        self, folder: Directory, channel: str, content: Callable[[int], Iterator[bytes]], failed: Callable[[Exception], None]
    ) -> None:
        self._folder = os.dup(folder.descriptor)
        self._channel, self._content, self._failed = channel, content, failed
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._feed, daemon=True, name=f"pipe-{channel}")
        os.mkfifo(self._name(0), 0o644, dir_fd=self._folder)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Stop feeding. Returns when the thread has ended."""
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
            with _ends_when_broken():
                os.mkfifo(self._name(epoch + 1), 0o644, dir_fd=self._folder)
            self._stream(writer, epoch)
            with _ends_when_broken():
                os.unlink(self._name(epoch), dir_fd=self._folder)
        finally:
            os.close(writer)

    def _stream(self, writer: int, epoch: int) -> None:
        try:
            for piece in self._content(epoch):
                self._write(writer, piece)
        except BrokenPipeError:
            pass  # the program needs no more
        except FeedEnded:
            raise
        except Exception as error:
            self._failed(error)
            raise FeedEnded from error

    def _opened(self, name: str) -> int:
        """The FIFO, once the program has opened it. A blocking ``open`` could not be interrupted, so this polls."""
        pause = SHORTEST_PAUSE
        while not self._ended.wait(pause):
            pause = min(pause * 1.5, LONGEST_PAUSE)
            with _ends_when_broken():
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
        """Write to the FIFO whenever it has free space. Raises BrokenPipeError when the program has closed its end."""
        poll = select.poll()
        poll.register(writer, select.POLLOUT)
        left = memoryview(piece)
        while left:
            if self._ended.is_set():
                raise FeedEnded
            if poll.poll(POLL_MILLISECONDS):
                with contextlib.suppress(BlockingIOError):
                    left = left[os.write(writer, left) :]


@contextlib.contextmanager
def _ends_when_broken() -> Iterator[None]:
    """Turn an error that shows that the job removed or replaced its FIFO into `FeedEnded`."""
    try:
        yield
    except OSError as error:
        if error.errno in BROKEN:
            raise FeedEnded from error
        raise
