"""Connects a box that has no network: forwards bytes, unread, between the box's loopback and this machine.

``outward``: the box reaches one Unix socket or one port outside as a port of its own loopback. ``inward``: a port of this machine's
loopback leads to a port in the box. The relay is a process in the box's network namespace, but in none of its other namespaces, so nothing
in the box can reach the relay or the Unix socket.
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


def listen(port: int, descriptor: int | None = None) -> socket.socket:
    """A listener on a port of this process's current loopback. A socket stays in the network namespace in which it was made.

    ``descriptor`` is that of a listener on the port which this process inherited.
    """
    if descriptor is not None:
        return socket.socket(fileno=descriptor)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(BACKLOG)
    return listener


def outward(port: int, path: str | None) -> tuple[int, Callable[[], socket.socket]]:
    """A port of the box's loopback, and a function that connects to where it leads: a Unix socket, or else the same port outside.

    Call it before this process enters the box's network.
    """
    if path:
        return port, lambda: _to_unix(path)
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    if os.fork() == 0:
        near.close()
        _serve_connections(far, port)
    far.close()
    lock = threading.Lock()

    def connect() -> socket.socket:
        with lock:
            near.sendall(b"?")
            _, descriptors, _, _ = socket.recv_fds(near, 1, 1)
        if not descriptors:
            raise ConnectionRefusedError(port)
        return socket.socket(fileno=descriptors[0])

    return port, connect


def fork(outward: tuple[int, Callable[[], socket.socket]] | None, inward: tuple[socket.socket, int] | None) -> None:
    """Start the relay in its own process, which ends with this one. Both listeners are open when this returns.

    Parameters
    ----------
    outward : (int, callable), optional
        The port in the box, and the function that connects to where it leads.
    inward : (socket, int), optional
        A listener that was made outside, and the port in the box to which it leads.
    """
    routes: list[tuple[socket.socket, Callable[[], socket.socket]]] = []
    if outward:
        port, connect = outward
        routes.append((listen(port), connect))
    if inward:
        listener, target = inward
        routes.append((listener, lambda: socket.create_connection(("127.0.0.1", target), 5)))
    if routes and os.fork() == 0:
        _run(routes)
    for listener, _ in routes:
        listener.close()


def _serve_connections(requests: socket.socket, port: int) -> None:
    """Answer each byte with a new connection to a port of this network's loopback. Never returns."""
    _detach()
    while requests.recv(1):
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                socket.send_fds(requests, [b"+"], [connection.fileno()])
        except OSError:
            requests.sendall(b"-")
    os._exit(0)


def _detach() -> None:
    """End with the parent, and close the lifeline and the job's output: they must end with the processes that use them."""
    namespaces.libc("prctl", namespaces.PR_SET_PDEATHSIG, signal.SIGKILL)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)


def _run(routes: list[tuple[socket.socket, Callable[[], socket.socket]]]) -> None:
    _detach()
    for listener, connect in routes:
        threading.Thread(target=_accept, args=(listener, connect), daemon=True).start()
    while True:
        signal.pause()


def _accept(listener: socket.socket, connect: Callable[[], socket.socket]) -> None:
    while True:
        near, _ = listener.accept()
        threading.Thread(target=_forward, args=(near, connect), daemon=True).start()


def _forward(near: socket.socket, connect: Callable[[], socket.socket]) -> None:
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
