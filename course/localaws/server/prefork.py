"""Starts a local AWS faster: forks a process that has already imported it, before that process has a thread, an event loop or a connection.

The fork waits for the arguments of its local AWS. It ends if its parent ends without sending them.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import signal
import socket
from collections.abc import Mapping, Sequence

REQUEST_BYTES = 1 << 20
READY = 3  # the descriptor for the report about its start
DESCRIPTORS = 1024  # more than a fork can have open


class PreforkedProcess:
    """A waiting child of this process. ``pid`` is its process id."""

    def __init__(self) -> None:
        self._connection, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            self._connection.close()
            _wait(theirs)
        theirs.close()

    def run_daemon(self, arguments: Sequence[str], environment: Mapping[str, str], log: int, ready: int) -> None:
        """Run `course.localaws.server.daemon` with these arguments and this environment. Its output goes to the descriptor ``log``."""
        request = json.dumps({"arguments": list(arguments), "environment": dict(environment)}).encode() + b"\n"
        with self._connection:
            socket.send_fds(self._connection, [request], [log, ready])


def _wait(connection: socket.socket) -> None:
    """The main function of the fork. Never returns."""
    code = 1
    try:
        os.setsid()  # Ctrl-C in a terminal must not end it
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        text, descriptors, _, _ = socket.recv_fds(connection, REQUEST_BYTES, 2)
        while text and not text.endswith(b"\n"):
            text += connection.recv(REQUEST_BYTES)
        code = _serve(json.loads(text), *descriptors) if text else 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        logging.exception("the local AWS ended")
    finally:
        with contextlib.suppress(Exception):
            logging.shutdown()
        os._exit(code)


def _serve(request: dict, log: int, ready: int) -> int:
    from course.localaws.server import daemon

    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(ready, READY)
    os.closerange(READY + 1, DESCRIPTORS)
    os.environ.clear()
    os.environ.update(request["environment"])
    random.seed()  # otherwise all forks would draw the same numbers
    daemon.main([*request["arguments"], "--ready", str(READY)])
    return 0
