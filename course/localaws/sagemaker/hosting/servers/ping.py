"""The health check of a model server: one GET /ping, which ends in time however the server answers.

The server is a learner's program. A client of the standard library waits for each byte anew, and for interim answers without end.
"""

from __future__ import annotations

import re
import socket
import time

TIMEOUT = 2.0  # seconds for the whole of one ping ("Custom Inference Code with Hosting Services")
LONGEST_HEAD = 64 * 1024  # bytes of an answer's status line and headers

_REQUEST = "GET /ping HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: identity\r\nUser-Agent: AHC/2.0\r\n\r\n"
_END = re.compile(rb"\r?\n\r?\n")  # a server may end its lines with LF alone
_HEALTHY = re.compile(rb"HTTP/1\.[01] +200\b")


def answers_ping(port: int) -> bool:
    """Whether the server at a port of loopback answers with status 200 and complete headers within `TIMEOUT`."""
    limit = time.monotonic() + TIMEOUT
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
            connection.sendall(_REQUEST.format(port=port).encode())
            return _HEALTHY.match(_head(connection, limit)) is not None
    except OSError:
        return False


def _head(connection: socket.socket, limit: float) -> bytes:
    """The start of an answer with all headers; empty unless it is complete in time. Raises OSError."""
    received = bytearray()
    while len(received) < LONGEST_HEAD and (left := limit - time.monotonic()) > 0:
        connection.settimeout(left)
        piece = connection.recv(LONGEST_HEAD - len(received))
        if not piece:
            break
        searched = max(0, len(received) - 3)  # the end may have begun there
        received += piece
        if _END.search(received, searched):
            return bytes(received)
    return b""
