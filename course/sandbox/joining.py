"""Forks a process into an open box (`Box.open`), from a forkserver (`forkserver`) that has imported what the process needs.

The forkserver's child calls `keep`, and the other side makes a `ForkedProcess`. A request is a line of JSON: ``first`` (`BoxProcess.first`,
or None for a process without a box), ``environment``, ``cwd``, ``rlimits``, ``user`` (`Box.user`, if the process is to run as another one),
and what the program itself needs. With it come file descriptors: the first is for the output. Then ``i`` interrupts the process, and
closing the connection kills it. The answer is a line of JSON when it has ended: ``{"exit_code": int}``, with ``why`` if it never started.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import random
import resource
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NoReturn

from course.sandbox.process import LONGEST_LINE, SUPERVISOR

REQUEST_BYTES = 1 << 20
DESCRIPTORS = 4  # most that come with a request
LOWEST, HIGHEST = 3, 1024  # the numbers of a process's own descriptors
NAMESPACES = ("user", "ipc", "net", "mnt", "pid")  # the user namespace first: it gives the right to enter the others

Program = Callable[[dict[str, Any], Sequence[int]], None]


def keep(connection: socket.socket, program: Program) -> NoReturn:
    """Fork a process into its box, pass interrupts on, and report its exit code.

    Parameters
    ----------
    connection : socket.socket
    program : callable
        The main function of the process. It gets the request, and the descriptors that came with it, without the first.
    """
    try:
        request, descriptors = _receive(connection)
        group = None
        if request["first"] is not None:
            group = _memory_group(request["first"])
            enter(request["first"])
        child = os.fork()
        if child == 0:
            connection.close()
            _become(request, descriptors, group, program)
        for descriptor in descriptors:
            os.close(descriptor)
        _watch(connection, child)
    except BaseException as error:
        with contextlib.suppress(OSError):
            connection.sendall(json.dumps({"exit_code": 127, "why": f"{type(error).__name__}: {error}"}).encode() + b"\n")
    finally:
        os._exit(0)


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    text, descriptors, _, _ = socket.recv_fds(connection, REQUEST_BYTES, DESCRIPTORS)
    while not text.endswith(b"\n"):
        piece = connection.recv(REQUEST_BYTES)
        if not piece:
            raise EOFError("nobody asked for a process")
        text += piece
    return json.loads(text), descriptors


def enter(first: int) -> None:
    """Enter the namespaces of a box; the next child is in its process namespace, too."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    descriptors = [os.open(f"/proc/{first}/ns/{name}", os.O_RDONLY) for name in NAMESPACES]
    for name, descriptor in zip(NAMESPACES, descriptors, strict=True):
        if libc.setns(descriptor, 0) == -1:
            raise OSError(ctypes.get_errno(), f"entering the {name} namespace of process {first}")
        os.close(descriptor)


def _become(request: dict[str, Any], descriptors: Sequence[int], group: int | None, program: Program) -> NoReturn:
    """Become the program, keeping only the imports of this process."""
    code = 1
    try:
        if group is not None:
            os.write(group, b"0")
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if request["first"] is not None:
            _of_the_supervisor("namespaces").drop_capabilities()
        others = _arrange(descriptors)
        for name, value in request["rlimits"].items():
            resource.setrlimit(getattr(resource, name), (value, value))
        os.umask(0o022)
        if request.get("user") is not None:
            _of_the_supervisor("namespaces").become_user(request["user"])
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["cwd"])
        _reseed()
        program(request, others)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException as error:
        os.write(2, f"the process could not be started: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def _arrange(descriptors: Sequence[int]) -> range:
    """Give the output the numbers 1 and 2, the others those from `LOWEST` on, and close all that this process inherited."""
    high = [os.dup(descriptor) for descriptor in descriptors]
    while min(high) < LOWEST + len(high):
        high = [os.dup(descriptor) for descriptor in high]
    for number, descriptor in enumerate((os.open(os.devnull, os.O_RDONLY), high[0], high[0], *high[1:])):
        os.dup2(descriptor, number)
    others = range(LOWEST, LOWEST + len(high) - 1)
    os.closerange(others.stop, HIGHEST)
    return others


def _memory_group(first: int) -> int | None:
    """A descriptor by which a process enters the cgroup that limits the memory of a box; None if the box has none."""
    path = _of_the_supervisor("cgroup").processes_file(first)
    return os.open(path, os.O_WRONLY) if path else None


def _of_the_supervisor(name: str) -> ModuleType:
    """A module of the supervisor, loaded by its path: those import each other by plain names."""
    spec = importlib.util.spec_from_file_location(name, SUPERVISOR / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _reseed() -> None:
    """Reseed the random generators; otherwise all forks would draw the same numbers."""
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


def _watch(connection: socket.socket, child: int) -> None:
    descriptor = os.pidfd_open(child)
    while True:
        ready = select.select([connection, descriptor], [], [])[0]
        if descriptor in ready:
            break
        order = connection.recv(1)
        with contextlib.suppress(ProcessLookupError):
            if order == b"i":
                os.killpg(child, signal.SIGINT)
            elif not order:
                os.kill(child, signal.SIGKILL)
                break
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    connection.sendall(json.dumps({"exit_code": code if code >= 0 else 128 - code}).encode() + b"\n")


class ForkedProcess:
    """The handle of a process that was forked into a box.

    Parameters
    ----------
    connection : socket.socket
        From `course.sandbox.forkserver.connect`.
    request : dict
        What `keep` reads.
    on_lines : callable
        Receives the process's output.
    descriptors : sequence of int
        What the program gets. They stay open here.

    Attributes
    ----------
    exit_code : int or None
        None while it runs.
    """

    def __init__(
        self,
        connection: socket.socket,
        request: dict[str, Any],
        on_lines: Callable[[Sequence[str]], None],
        descriptors: Sequence[int] = (),
    ) -> None:
        self.exit_code: int | None = None
        self._ended = threading.Event()
        self._connection = connection
        reader, writer = os.pipe()
        try:
            socket.send_fds(self._connection, [json.dumps(request).encode() + b"\n"], [writer, *descriptors])
        finally:
            os.close(writer)
        threading.Thread(target=self._listen, args=(on_lines, reader), name="forked output", daemon=True).start()
        threading.Thread(target=self._await, args=(on_lines,), name="forked end", daemon=True).start()

    def interrupt(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.sendall(b"i")

    def kill(self) -> None:
        """End the process; returns when it has ended."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
        self._ended.wait()

    def wait(self, seconds: float | None = None) -> int | None:
        """Wait until the process ends, at most so long. Returns `exit_code`."""
        self._ended.wait(seconds)
        return self.exit_code

    def _listen(self, on_lines: Callable[[Sequence[str]], None], reader: int) -> None:
        with os.fdopen(reader, "rb") as output:
            while line := output.readline(LONGEST_LINE):
                on_lines([line.decode(errors="replace").rstrip("\n")])

    def _await(self, on_lines: Callable[[Sequence[str]], None]) -> None:
        answer = b""
        with contextlib.suppress(OSError):
            while piece := self._connection.recv(1 << 16):
                answer += piece
        with contextlib.suppress(ValueError):
            status = json.loads(answer)
            if "why" in status:
                on_lines([status["why"]])
            self.exit_code = status["exit_code"]
        self.exit_code = 137 if self.exit_code is None else self.exit_code
        self._connection.close()
        self._ended.set()
