"""A local AWS in a box of its own, for programs that nobody trusts: it knows nothing but itself, and its jobs are boxes within that box.

It sees what every box sees (`course.sandbox.machine`) and its state folder. It is forked from a process that started with an environment
of paths only, and that has read nothing but packages:

    python -m course.localaws.server.boxed SOCKET

Its clients reach it through a relay to the box, at its endpoint, and over a Unix socket. Where boxes cannot make boxes, its jobs are plain
processes in that box. Without user namespaces it is a plain process from the same forkserver, as root under a user of its own
(`course.sandbox.isolation`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from course.localaws.server.instance import ServerError, ServerInfo
from course.localaws.server.launch import START_SECONDS, Handle, read_report
from course.sandbox import forkserver, isolation, joining
from course.sandbox.box import Box, Network, base_environment
from course.sandbox.joining import ForkedProcess
from course.sandbox.limits import Limits
from course.sandbox.process import BoxProcess

MODULE = "course.localaws.server.boxed"
STATE, SOCKET = "aws", "socket"  # short names: the path of a Unix socket has at most 107 bytes
LAST_LINES = 15
WAIT = 0.02  # seconds between two looks for the forkserver, which imports for some seconds


def main() -> None:
    with forkserver.imports():
        import course.localaws.server.preload  # noqa: F401
    forkserver.run(sys.argv[1], _keep)


def _keep(connection: socket.socket) -> None:
    joining.keep(connection, _become)


def _become(request: dict[str, Any], descriptors: Sequence[int]) -> None:
    from course.localaws.server import daemon

    daemon.run_and_exit(lambda: daemon.main([*request["arguments"], "--ready", str(descriptors[0])]))


@contextlib.contextmanager
def start_forkserver() -> Iterator[str]:
    """Start the forkserver; yields the path of its socket, which exists once it is ready."""
    with forkserver.start(MODULE, _environment) as address:
        yield address


def _environment(folder: Path) -> dict[str, str]:
    for name in ("home", "tmp"):
        Path(folder, name).mkdir()
    return base_environment(Path(folder, "ml"))


@contextlib.contextmanager
def boxed(folder: Path, forks: str, limits: Limits, jobs: Limits, quota: int) -> Iterator[Handle]:
    """Start a local AWS in a box; the block's end kills it with all that it started, and so does the end of this process.

    Parameters
    ----------
    folder : Path
        A new folder of the caller, who removes it. The state folder is made in it.
    forks : str
        The address of a forkserver from `start_forkserver`, which may still be importing.
    limits, jobs : Limits
        Of the local AWS with all its jobs and model servers together, and of each of these.
    quota : int
        Bytes that the state folder may hold.

    Raises
    ------
    ServerError
        It could not be started; the message has the last lines that it printed.
    """
    state = folder / STATE
    state.mkdir(mode=0o700)
    box = Box(state, {}, limits, user=isolation.untrusted_user())
    arguments = ["--state", str(state), "--temporary", "--limits", json.dumps(dataclasses.asdict(jobs)), "--quota", str(quota)]
    with contextlib.ExitStack() as stack:
        opened = None
        if box.mode == "namespace":
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            port = listener.getsockname()[1]
            network = Network(False, published_port=port, published_by=listener.fileno())
            nested = isolation.isolation() == "namespace"
            box = Box(state, {}, limits, network=network, nested=nested, system="read")
            opened = _opened(box)
            stack.callback(opened.kill)
            listener.close()  # the relay has it
            arguments += ["--port", str(port), "--socket", str(state / SOCKET)]
            arguments += ["--sealed"] if nested else []  # else its jobs have its network, which is closed, too
        else:
            box.prepare()
        yield _forked(stack, box, opened, _connection(forks), arguments)


def _opened(box: Box) -> BoxProcess:
    try:
        return box.open()
    except RuntimeError as error:
        raise ServerError(f"the box of the local AWS could not be made: {error}") from error


def _connection(forks: str) -> socket.socket:
    """A connection to the forkserver, as soon as it listens."""
    end = time.monotonic() + START_SECONDS
    while (connection := forkserver.connect(forks)) is None:
        if time.monotonic() > end or not Path(forks).parent.exists():
            raise ServerError("the process that forks local AWSs does not answer; it may have been killed.")
        time.sleep(WAIT)
    return connection


def _forked(stack: contextlib.ExitStack, box: Box, opened: BoxProcess | None, connection: socket.socket, arguments: list[str]) -> Handle:
    lines: deque[str] = deque(maxlen=LAST_LINES)
    request = {
        "first": opened and opened.first,
        "environment": box.environment,
        "cwd": "/",
        "rlimits": box.limits.of_a_process(),
        "user": box.user,
        "arguments": arguments,
    }
    receiver, sender = os.pipe()
    with os.fdopen(receiver) as report:
        try:
            process = ForkedProcess(connection, request, lines.extend, [sender])
        finally:
            os.close(sender)
        stack.callback(process.kill)
        read_report(report, lambda: "\n".join(["Its last lines:", *lines]))
    instance = ServerInfo.read(box.root)
    if instance is None:
        raise ServerError("the local AWS ended right after its start.")
    return Handle(instance.endpoint, box.root, instance.pid)


if __name__ == "__main__":
    main()
