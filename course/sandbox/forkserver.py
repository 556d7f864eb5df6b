"""A forkserver: a process that has imported what others need, and forks them. It ends when its parent process ends.

The program of one imports within `imports` and calls `run`; another process starts it by `start`.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

END_SECONDS = 2.0


@contextlib.contextmanager
def imports() -> Iterator[None]:
    """A block of imports that stay: of a process that forks, or of one that imports for longer than it works.

    Without it, the garbage collector takes a sixth of their time: it searches all that is there again and again, and finds nothing. Later
    the collector of each fork would touch these objects, and so copy them.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


def run(address: str, child: Callable[[socket.socket], None]) -> None:
    """Fork a process for each connection to the Unix socket ``address``, until standard input ends. ``child`` is its main function."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent process
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address + ".new")
        listener.listen()
        Path(address + ".new").rename(address)  # renamed only now, so that a socket that exists accepts connections
        _serve(listener, child)
    shutil.rmtree(Path(address).parent, ignore_errors=True)  # the parent process may have been killed


def _serve(listener: socket.socket, child: Callable[[socket.socket], None]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the operating system reaps the children
    while True:
        ready = select.select([listener, sys.stdin], [], [])[0]
        if sys.stdin in ready:
            return
        connection, _ = listener.accept()
        if os.fork() == 0:
            try:
                listener.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                child(connection)
            finally:
                os._exit(1)  # a child that is well ends itself
        connection.close()


def connect(address: str) -> socket.socket | None:
    """A connection for which the forkserver forks a process. None while it still imports, and after it was killed."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    return connection


@contextlib.contextmanager
def start(module: str, environment: Callable[[Path], Mapping[str, str]]) -> Iterator[str]:
    """Start ``python -m module ADDRESS`` in the background; yields the address, a path that exists once it is ready.

    Parameters
    ----------
    module : str
    environment : callable
        Makes its environment; gets a folder of its own, which is removed afterwards.
    """
    with tempfile.TemporaryDirectory(prefix="forks-", ignore_cleanup_errors=True) as folder:
        address = str(Path(folder, "socket"))
        command = [sys.executable, "-m", module, address]
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(
                command, env=environment(Path(folder)), cwd="/", stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )
        try:
            yield address
        finally:
            process.stdin.close()
            if Path(address).exists():  # until then it imports, and would not notice
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(END_SECONDS)
            process.kill()
            process.wait()
