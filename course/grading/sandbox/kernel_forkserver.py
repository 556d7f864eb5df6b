"""A forkserver for fast kernel starts: forks kernels into an open box, from a process that has already imported the lessons' packages.

    python -m course.grading.sandbox.kernel_forkserver SOCKET

starts that process. Its environment has only paths. It imports no grader, no gradebook and no key, opens nothing and computes nothing,
so that all kernels start in the same state and find no secrets in their memory. It ends when its parent process ends.

A request on the socket is a line of JSON (``first``, which is None for a kernel without a box, ``environment``, ``cwd``,
``connection_file``, ``rlimits``) with a file descriptor for the kernel's output. Then ``i`` interrupts the kernel, and closing the
connection kills it. The answer is a line of JSON when the kernel has ended: ``{"exit_code": int}``, with ``why`` if it never started.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import resource
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from course.sandbox import forkserver
from course.sandbox.box import base_environment
from course.sandbox.process import SUPERVISOR

MODULE = "course.grading.sandbox.kernel_forkserver"
BACKEND = "module://matplotlib_inline.backend_inline"
REQUEST_BYTES = 1 << 20
NAMESPACES = ("user", "ipc", "net", "mnt", "pid")  # the user namespace first: it gives the right to enter the others
LESSONS_IMPORT = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.display",
    "IPython.extensions.storemagic",
    "boto3.s3.inject",
    "course.grading.check",
    "course.grading.submission.client",
    "course.localaws.server.launch",
    "course.session",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "matplotlib_inline.backend_inline",
    "matplotlib.pyplot",
    "narwhals._pandas_like.namespace",
    "pandas.io.formats.style",
    "pandas.plotting._matplotlib",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "sagemaker.core.helper.session_helper",
    "sklearn.linear_model",
    "sqlite3",
    "stack_data",
    "tornado.platform.asyncio",
    "xgboost",
    "zstandard",
)


def main() -> None:
    with forkserver.imports():
        for name in LESSONS_IMPORT:
            with contextlib.suppress(ImportError):  # a notebook that needs it will say so
                __import__(name)
    forkserver.run(sys.argv[1], keep)


def keep(connection: socket.socket) -> None:
    """Fork a kernel into its box, pass interrupts on, and report its exit code. Never returns."""
    try:
        text, descriptors, _, _ = socket.recv_fds(connection, REQUEST_BYTES, 1)
        while not text.endswith(b"\n"):
            piece = connection.recv(REQUEST_BYTES)
            if not piece:
                raise EOFError("nobody asked for a kernel")
            text += piece
        request = json.loads(text)
        group = None
        if request["first"] is not None:
            group = _memory_group(request["first"])
            enter(request["first"])
        kernel = os.fork()
        if kernel == 0:
            connection.close()
            become_kernel(request, descriptors[0], group)
        os.close(descriptors[0])
        _watch(connection, kernel)
    except BaseException as error:
        with contextlib.suppress(OSError):
            connection.sendall(json.dumps({"exit_code": 127, "why": f"{type(error).__name__}: {error}"}).encode() + b"\n")
    finally:
        os._exit(0)


def enter(first: int) -> None:
    """Enter the namespaces of a box; the next child is in its process namespace, too."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    descriptors = [os.open(f"/proc/{first}/ns/{name}", os.O_RDONLY) for name in NAMESPACES]
    for name, descriptor in zip(NAMESPACES, descriptors, strict=True):
        if libc.setns(descriptor, 0) == -1:
            raise OSError(ctypes.get_errno(), f"entering the {name} namespace of process {first}")
        os.close(descriptor)


def become_kernel(request: dict[str, Any], output: int, group: int | None) -> None:
    """Become a kernel as `ipykernel_launcher` starts one, keeping only the imports of this process. Never returns."""
    code = 1
    try:
        if group is not None:
            os.write(group, b"0")
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if request["first"] is not None:
            _drop_capabilities()
        null = os.open(os.devnull, os.O_RDONLY)
        for descriptor, source in ((0, null), (1, output), (2, output)):
            os.dup2(source, descriptor)
        os.closerange(3, 1024)
        for name, value in request["rlimits"].items():
            resource.setrlimit(getattr(resource, name), (value, value))
        os.umask(0o022)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["cwd"])
        _reseed()
        sys.argv = ["ipykernel_launcher", "-f", request["connection_file"]]
        from ipykernel.kernelapp import IPKernelApp

        IPKernelApp.launch_instance(argv=sys.argv[1:])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException as error:
        os.write(2, f"the kernel could not be started: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def _memory_group(first: int) -> int | None:
    """A descriptor by which a process enters the cgroup that limits the memory of a box; None if the box has none."""
    path = _of_the_supervisor("cgroup").processes_file(first)
    return os.open(path, os.O_WRONLY) if path else None


def _drop_capabilities() -> None:
    _of_the_supervisor("namespaces").drop_capabilities()


def _of_the_supervisor(name: str) -> ModuleType:
    """A module of the supervisor, loaded by its path: those import each other by plain names."""
    spec = importlib.util.spec_from_file_location(name, SUPERVISOR / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _reseed() -> None:
    """Reseed the random generators; otherwise all kernels would draw the same numbers."""
    import random

    import numpy

    random.seed()
    numpy.random.seed()


def _watch(connection: socket.socket, kernel: int) -> None:
    descriptor = os.pidfd_open(kernel)
    while True:
        ready = select.select([connection, descriptor], [], [])[0]
        if descriptor in ready:
            break
        order = connection.recv(1)
        with contextlib.suppress(ProcessLookupError):
            if order == b"i":
                os.killpg(kernel, signal.SIGINT)
            elif not order:
                os.kill(kernel, signal.SIGKILL)
                break
    code = os.waitstatus_to_exitcode(os.waitpid(kernel, 0)[1])
    connection.sendall(json.dumps({"exit_code": code if code >= 0 else 128 - code}).encode() + b"\n")


@contextlib.contextmanager
def start_forkserver() -> Iterator[str]:
    """Start the forkserver; yields the path of its socket, which exists once it is ready. Until then kernels start without it."""
    with forkserver.start(MODULE, _environment) as address:
        yield address


def _environment(folder: Path) -> dict[str, str]:
    for name in ("home", "tmp"):
        Path(folder, name).mkdir()
    # for modules that read a region, a backend and a cache folder on import
    return base_environment(Path(folder, "ml")) | {
        "AWS_DEFAULT_REGION": "us-east-1",
        "MPLBACKEND": BACKEND,
        "MPLCONFIGDIR": str(folder),
    }


class ForkedKernelProcess:
    """The grader's handle of a kernel that was forked into a box.

    Parameters
    ----------
    connection : socket.socket
        From `course.sandbox.forkserver.connect`.
    request : dict
        What `keep` reads.
    on_lines : callable
        Receives the kernel's output.

    Attributes
    ----------
    exit_code : int or None
        None while it runs.
    """

    def __init__(self, connection: socket.socket, request: dict[str, Any], on_lines: Callable[[Sequence[str]], None]) -> None:
        self.exit_code: int | None = None
        self._ended = threading.Event()
        self._connection = connection
        reader, writer = os.pipe()
        try:
            socket.send_fds(self._connection, [json.dumps(request).encode() + b"\n"], [writer])
        finally:
            os.close(writer)
        threading.Thread(target=self._listen, args=(on_lines, reader), name="kernel output", daemon=True).start()
        threading.Thread(target=self._await, args=(on_lines,), name="kernel end", daemon=True).start()

    def interrupt(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.sendall(b"i")

    def kill(self) -> None:
        """End the kernel; returns when it has ended."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
        self._ended.wait()

    def wait(self) -> int:
        self._ended.wait()
        return self.exit_code

    def _listen(self, on_lines: Callable[[Sequence[str]], None], reader: int) -> None:
        with os.fdopen(reader, "rb") as output:
            for line in output:
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


if __name__ == "__main__":
    main()
