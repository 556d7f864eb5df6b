"""Starts a local AWS faster: forks a process that has already imported it, before that process has a thread, an event loop or a connection.

The fork waits for the arguments of its local AWS. It ends if they are not sent and the connection ends.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

REQUEST_BYTES = 1 << 20
READY = 3  # the descriptor for the report about its start
DESCRIPTORS = 1024  # more than a fork can have open


class PreforkedProcess:
    """A process that waits to become a local AWS.

    Parameters
    ----------
    pid : int
    connection : socket.socket
        Its other end is with `wait` in that process.
    """

    def __init__(self, pid: int, connection: socket.socket) -> None:
        self.pid, self._connection = pid, connection

    def run_daemon(self, arguments: Sequence[str], environment: Mapping[str, str], log: int, ready: int) -> None:
        """Run `course.localaws.server.daemon` with these arguments and this environment. Its output goes to the descriptor ``log``."""
        request = {"arguments": list(arguments), "environment": dict(environment), "cwd": str(Path.cwd())}
        with self._connection:
            socket.send_fds(self._connection, [json.dumps(request).encode() + b"\n"], [log, ready])


def wait(connection: socket.socket) -> NoReturn:
    """The main function of the waiting process."""
    from course.localaws.server import daemon

    os.setsid()  # Ctrl-C in a terminal must not end it
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    daemon.run_and_exit(lambda: _serve(connection))


def _serve(connection: socket.socket) -> None:
    """Receive the request, and become a local AWS; without a request, end."""
    text, descriptors, _, _ = socket.recv_fds(connection, REQUEST_BYTES, 2)
    while text and not text.endswith(b"\n"):
        text += connection.recv(REQUEST_BYTES)
    if text:
        _become_daemon(json.loads(text), *descriptors)


def _become_daemon(request: dict, log: int, ready: int) -> None:
    from course.localaws.server import daemon

    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(ready, READY)
    os.closerange(READY + 1, DESCRIPTORS)
    os.environ.clear()
    os.environ.update(request["environment"])
    random.seed()  # otherwise all forks would draw the same numbers
    os.chdir(request["cwd"])
    daemon.main([*request["arguments"], "--ready", str(READY)])
