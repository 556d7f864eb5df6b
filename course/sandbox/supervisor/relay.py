"""Ways in and out of a box that has no network: bytes are passed on, unread, between its loopback and the world outside.

``outward``: the box reaches one Unix socket or one port outside as a port of its own loopback. ``inward``: a port of the machine's loopback
leads to a port in the box. The relay is a process in the box's network namespace and outside all its others: nothing in the
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


def outward(port: int, path: str | None) -> tuple[int, Callable[[], socket.socket]]:
    """A port of the box's loopback, and what connects from there to the world outside: to a Unix socket, or else to the same port of the
    loopback that this process sees now. To be called before it has a network of the box's own.
    """
    if path:
        return port, lambda: _to_unix(path)
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    if os.fork() == 0:
        near.close()
        _hand_over(far, port)
    far.close()
    asking = threading.Lock()

    def ask() -> socket.socket:
        with asking:
            near.sendall(b"?")
            _, descriptors, _, _ = socket.recv_fds(near, 1, 1)
        if not descriptors:
            raise ConnectionRefusedError(port)
        return socket.socket(fileno=descriptors[0])

    return port, ask


def fork(outward: tuple[int, Callable[[], socket.socket]] | None, inward: tuple[socket.socket, int] | None) -> None:
    """Start the relay in a process of its own, which ends with this one. Both listeners are open when this returns.

    Parameters
    ----------
    outward : (int, callable), optional
        The port in the box, and what connects to where it leads.
    inward : (socket, int), optional
        A listener that was made outside, and the port in the box to which it leads.
    """
    ways: list[tuple[socket.socket, Callable[[], socket.socket]]] = []
    if outward:
        port, connect = outward
        ways.append((listen(port), connect))
    if inward:
        listener, target = inward
        ways.append((listener, lambda: socket.create_connection(("127.0.0.1", target), 5)))
    if ways and os.fork() == 0:
        _run(ways)
    for listener, _ in ways:
        listener.close()


def _hand_over(asked: socket.socket, port: int) -> None:
    """Answer each byte with a connection to a port of this network's loopback: a socket stays where it was born. Never returns."""
    _detach()
    while asked.recv(1):
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                socket.send_fds(asked, [b"+"], [connection.fileno()])
        except OSError:
            asked.sendall(b"-")
    os._exit(0)


def _detach() -> None:
    """End with the parent, and let go of the lifeline and the job's output: they must end with those whose they are."""
    namespaces.libc("prctl", namespaces.PR_SET_PDEATHSIG, signal.SIGKILL)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)


def _run(ways: list[tuple[socket.socket, Callable[[], socket.socket]]]) -> None:
    _detach()
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
