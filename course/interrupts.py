"""Ctrl-C and SIGTERM end a command alike: by an exception, so that every ``with`` block puts away what it started."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """One of `SIGNALS` was received, ``number``."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextlib.contextmanager
def raise_on_signal() -> Iterator[None]:
    """Raise `Interrupted` in the block when a signal comes. Python lets only the main thread ask for that; elsewhere nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # SIGINT too: a shell's background process, in which it is ignored, may be sent it by whoever started it.
    before = {number: signal.signal(number, _raise) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def defer_signals() -> Iterator[None]:
    """Keep back a signal that comes in the block until its end: in the midst of `subprocess.Popen` it leaves a child that nobody knows."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.signal(number, lambda received, _: came.append(received)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])


def _raise(number: int, frame: object) -> None:
    raise Interrupted(number)


def run(main: Callable[[], int]) -> int:
    """Run a command; its exit code, or 128 + the signal's number, as shells have it, when it was interrupted."""
    try:
        with raise_on_signal():
            return main()
    except Interrupted as end:
        print("interrupted; nothing was left running", file=sys.stderr)
        return 128 + end.number
