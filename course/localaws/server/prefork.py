"""A local AWS that is there sooner: forked from a process that has imported it, before that process has a thread, a loop or a connection.

The fork waits to be told which local AWS it shall be, and ends when whoever forked it ends without having told it.
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
READY = 3  # the descriptor on which it says how its start went
DESCRIPTORS = 1024  # more than are open when it is forked


class PreforkedProcess:
    """A child of this process, ``pid``, that waits."""

    def __init__(self) -> None:
        self._connection, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            self._connection.close()
            _wait(theirs)
        theirs.close()

    def run_daemon(self, arguments: Sequence[str], environment: Mapping[str, str], log: int, ready: int) -> None:
        """Be `course.localaws.server.daemon` with these arguments and this environment, whose output goes to the descriptor ``log``."""
        request = json.dumps({"arguments": list(arguments), "environment": dict(environment)}).encode() + b"\n"
        with self._connection:
            socket.send_fds(self._connection, [request], [log, ready])


def _wait(connection: socket.socket) -> None:
    """Never returns."""
    code = 1
    try:
        os.setsid()  # Ctrl-C in a terminal is not for it
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
    random.seed()  # or each would draw the same
    daemon.main([*request["arguments"], "--ready", str(READY)])
    return 0
