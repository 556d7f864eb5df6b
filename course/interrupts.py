"""Ctrl-C and SIGTERM both raise an exception, so that every ``with`` block ends what it started. Whether it did is then checked."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)
RUN = "COURSE_RUN"  # in the environment of all processes that a command starts: the marks of it and of the commands that started it
WAIT_SECONDS = 10.0  # for processes that are about to end
LONGEST_COMMAND = 200  # characters


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
    """Run a command and return its exit code, or 128 plus the signal's number when interrupted, as shells do.

    An interrupted command says what it left running.
    """
    with _marked() as mark:
        try:
            with raise_on_signal():
                return main()
        except Interrupted as end:
            print(f"interrupted; {_left(mark)}", file=sys.stderr)
            return 128 + end.number


@contextlib.contextmanager
def _marked() -> Iterator[str]:
    """Mark the processes that are started in the block. Yields the mark."""
    before, mark = os.environ.get(RUN), secrets.token_hex(8)
    os.environ[RUN] = f"{before or ''} {mark}".strip()
    try:
        yield mark
    finally:
        os.environ.pop(RUN)
        if before is not None:
            os.environ[RUN] = before


def _left(mark: str) -> str:
    """What is still running of the processes with a mark, in words."""
    end = time.monotonic() + WAIT_SECONDS
    while (commands := _running(mark)) and time.monotonic() < end:
        time.sleep(0.1)
    if not commands:
        return "nothing was left running"
    lines = (f"  process {pid}: {command[:LONGEST_COMMAND]}" for pid, command in commands.items())
    return "\n".join(["still running:", *lines, f"End them with `kill -9 {' '.join(map(str, commands))}`."])


def _running(mark: str) -> dict[int, str]:
    """The command lines, by process id, of what runs with a mark: without this process and multiprocessing's helpers, which end with it."""
    import psutil

    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid == os.getpid() or mark not in process.environ().get(RUN, "").split():
                continue
            command = " ".join(process.cmdline())
            is_helper = process.ppid() == os.getpid() and "from multiprocessing." in command
            if not is_helper and process.status() != psutil.STATUS_ZOMBIE:
                found[process.pid] = command
    return found
