"""Ways in and out of a box that has no network: bytes are passed on, unread, between its loopback and the world outside.

``outward``: the box reaches one Unix socket outside as a port of its own loopback. ``inward``: a port of the machine's loopback
leads to the same port in the box. The relay is a process in the box's network namespace and outside all its others: nothing in the
box can touch it, or the Unix socket.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable

import namespaces

PIECE = 1 << 16
BACKLOG = 128


def listen(port: int) -> socket.socket:
    """A listener on a port of the loopback that this process sees now; the namespace of a socket is that of its birth."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(BACKLOG)
    return listener


def fork(outward: tuple[int, str] | None, inward: tuple[socket.socket, int] | None) -> None:
    """Start the relay in a process of its own, which ends with this one. Both listeners are open when this returns.

    Parameters
    ----------
    outward : (int, str), optional
        The port in the box, and the path of the Unix socket that it leads to.
    inward : (socket, int), optional
        A listener that was made outside, and the port in the box to which it leads.
    """
    ways: list[tuple[socket.socket, Callable[[], socket.socket]]] = []
    if outward:
        port, path = outward
        ways.append((listen(port), lambda: _to_unix(path)))
    if inward:
        listener, target = inward
        ways.append((listener, lambda: socket.create_connection(("127.0.0.1", target), 5)))
    if ways and os.fork() == 0:
        _run(ways)
    for listener, _ in ways:
        listener.close()


def _run(ways: list[tuple[socket.socket, Callable[[], socket.socket]]]) -> None:
    namespaces.libc("prctl", namespaces.PR_SET_PDEATHSIG, signal.SIGKILL)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # the lifeline and the job's output must end with those whose they are
        os.dup2(null, descriptor)
    for listener, connect in ways:
        threading.Thread(target=_accept, args=(listener, connect), daemon=True).start()
    while True:
        signal.pause()


def _accept(listener: socket.socket, connect: Callable[[], socket.socket]) -> None:
    while True:
        near, _ = listener.accept()
        threading.Thread(target=_pass_on, args=(near, connect), daemon=True).start()


def _pass_on(near: socket.socket, connect: Callable[[], socket.socket]) -> None:
    with near, contextlib.suppress(OSError), connect() as far:
        for end in (near, far):
            if end.family == socket.AF_INET:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            end.settimeout(None)
        back = threading.Thread(target=_copy, args=(far, near), daemon=True)
        back.start()
        _copy(near, far)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
    for end, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with contextlib.suppress(OSError):
            end.shutdown(how)


def _to_unix(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(path)
    return connection
