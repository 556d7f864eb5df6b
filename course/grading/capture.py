"""Captures everything that a piece of code writes: ``print``, warnings, logging handlers with an older stream, and output of C code.

nbgrader treats any text on a check cell's stderr as a failure, so no output may escape a check.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator

LIMIT = 100_000  # characters kept of each stream


class Bounded(io.StringIO):
    """A text stream that keeps its first `LIMIT` characters."""

    def write(self, text: str) -> int:
        if self.tell() < LIMIT:
            super().write(text[: LIMIT - self.tell()])
        return len(text)


@contextlib.contextmanager
def captured() -> Iterator[io.StringIO]:
    """Capture what the body writes. The yielded stream holds it, and is complete when the body has ended."""
    caught = Bounded()
    with (
        _descriptors(caught),
        _handlers(caught),
        contextlib.redirect_stdout(caught),
        contextlib.redirect_stderr(caught),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("default")
        # The SDK's own code warns of itself: each `ModelBuilder` says that a parameter is deprecated which nobody gave.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"sagemaker\.")
        warnings.showwarning = lambda message, category, *_, **__: caught.write(f"{category.__name__}: {message}\n")
        yield caught


@contextlib.contextmanager
def _handlers(caught: io.StringIO) -> Iterator[None]:
    """Redirect logging handlers to ``caught`` if they write to a standard stream, the current one or an earlier one."""
    standard = {id(stream) for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__) if stream}
    moved = []
    for reference in list(logging._handlerList):  # no public list holds all handlers
        handler = reference()
        # logging's last resort has no stream of its own: it asks for sys.stderr each time.
        if isinstance(handler, logging.StreamHandler) and "stream" in vars(handler) and id(handler.stream) in standard:
            moved.append((handler, handler.setStream(caught)))
    try:
        yield
    finally:
        for handler, stream in moved:
            handler.setStream(stream)


@contextlib.contextmanager
def _descriptors(caught: io.StringIO) -> Iterator[None]:
    """Redirect file descriptors 1 and 2 to a file, so that C code and subprocesses are captured too."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # a closed or foreign stream cannot be flushed
            stream.flush()
    with tempfile.TemporaryFile() as file:
        saved = [os.dup(descriptor) for descriptor in (1, 2)]
        try:
            for descriptor in (1, 2):
                os.dup2(file.fileno(), descriptor)
            yield
        finally:
            for descriptor, copy in zip((1, 2), saved, strict=True):
                os.dup2(copy, descriptor)
                os.close(copy)
        file.seek(0)
        caught.write(file.read(LIMIT).decode(errors="replace"))
