"""Ctrl-C and SIGTERM both raise an exception, so that every ``with`` block ends what it started."""

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
    """Raise `Interrupted` in the block when a signal arrives. Python allows this in the main thread only; elsewhere it does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # SIGINT too: a shell's background process ignores it otherwise.
    before = {number: signal.signal(number, _raise) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def defer_signals() -> Iterator[None]:
    """Defer a signal that arrives in the block to its end. During `subprocess.Popen` it would leave an unknown child."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    before = {number: signal.signal(number, lambda number, _: received.append(number)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        signal.raise_signal(received[0])


def _raise(number: int, frame: object) -> None:
    raise Interrupted(number)


def run(main: Callable[[], int]) -> int:
    """Run a command and return its exit code, or 128 plus the signal's number when interrupted, as shells do."""
    try:
        with raise_on_signal():
            return main()
    except Interrupted as end:
        print("interrupted; nothing was left running", file=sys.stderr)
        return 128 + end.number
