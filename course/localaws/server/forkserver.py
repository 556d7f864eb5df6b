"""A forkserver of local AWSs (`course.sandbox.forkserver`), for programs that start many: `course.localaws.server.launch.forked_from`."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator

from course.localaws.server import prefork
from course.sandbox import forkserver

MODULE = "course.localaws.server.forkserver"


def main() -> None:
    with forkserver.imports():
        import course.localaws.server.preload  # noqa: F401
    forkserver.run(sys.argv[1], _child)


def _child(connection: socket.socket) -> None:
    connection.sendall(f"{os.getpid()}\n".encode())
    prefork.wait(connection)


@contextlib.contextmanager
def start() -> Iterator[str]:
    """Start one; yields its address."""
    with forkserver.start(MODULE, lambda folder: os.environ) as address:
        yield address


def fork(address: str) -> prefork.PreforkedProcess | None:
    """A process that waits to become a local AWS. None while the forkserver still imports, and after it was killed."""
    connection = forkserver.connect(address)
    if connection is None:
        return None
    with connection.makefile("rb", buffering=0) as said:
        pid = said.readline()
    if not pid:  # it was killed before it could fork
        connection.close()
        return None
    return prefork.PreforkedProcess(int(pid), connection)


if __name__ == "__main__":
    main()
