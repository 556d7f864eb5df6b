"""A forkserver of local AWSs (`course.sandbox.forkserver`), for programs that start many: `course.localaws.server.launch.forked_from`.

A fork waits for the arguments of its local AWS. It ends if they are not sent and the connection ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from course.sandbox import forkserver

MODULE = "course.localaws.server.forkserver"
REQUEST_BYTES = 1 << 20
READY = 3  # the descriptor for the report about its start
DESCRIPTORS = 1024  # more than a fork can have open


def main() -> None:
    with forkserver.imports():
        import course.localaws.server.preload  # noqa: F401
    forkserver.run(sys.argv[1], _child)


def _child(connection: socket.socket) -> None:
    connection.sendall(f"{os.getpid()}\n".encode())
    wait(connection)


@contextlib.contextmanager
def start() -> Iterator[str]:
    """Start one; yields its address."""
    with forkserver.start(MODULE, lambda folder: os.environ) as address:
        yield address


def fork(address: str) -> WaitingProcess | None:
    """A process that waits to become a local AWS. None while the forkserver still imports, and after it was killed."""
    connection = forkserver.connect(address)
    if connection is None:
        return None
    with connection.makefile("rb", buffering=0) as said:
        pid = said.readline()
    if not pid:  # it was killed before it could fork
        connection.close()
        return None
    return WaitingProcess(int(pid), connection)


class WaitingProcess:
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


if __name__ == "__main__":
    main()
