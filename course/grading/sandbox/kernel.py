"""A kernel in a box, for nbclient. It uses Unix sockets in the box's folder; when it ends, everything that it started ends, too."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections import deque
from pathlib import Path
from queue import Empty
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerBase

from course.grading.sandbox.kernel_messages import StrictSession
from course.sandbox import forkserver
from course.sandbox.box import Box
from course.sandbox.joining import ForkedProcess
from course.sandbox.process import BoxProcess

COMMAND = ("-m", "ipykernel_launcher", "-f")
LAST_LINES = 20
WAITING = 32  # messages that wait to be read; the kernel then waits with the next
KILLED = 137
LIMIT_SECONDS = 2.0
# Run in the kernel before any cell. The package comes from the environment: the working directory holds files of the learner.
IMPORT_COURSE = """
import os, sys
path = sys.path[:]
sys.path[:] = [each for each in path if each not in ("", os.getcwd())]
try:
    import course.grading.check
finally:
    sys.path[:] = path
"""
ASK_SECONDS = 1.0  # afterwards the kernel is asked again, because messages that it publishes before its client is connected are lost


class SandboxedKernelManager(AsyncKernelManager):
    """The manager of one kernel.

    Parameters
    ----------
    box : Box
        The box; its environment is the kernel's.
    folder : Path
        A folder of the box for the sockets; its path is short, since a Unix socket's path has at most 107 bytes.
    cwd : Path
    largest : int
        Largest part of a message in bytes. A kernel that sends a larger one is disconnected.
    kernels : str
        Address of `course.grading.sandbox.kernel_forkserver`. Without one, before it listens and after it was killed, the kernel starts
        as its own process.
    """

    def __init__(self, box: Box, folder: Path, cwd: Path, largest: int, kernels: str = "") -> None:
        context = zmq.asyncio.Context()
        context.MAXMSGSIZE = largest
        context.RCVHWM = WAITING
        super().__init__(
            kernel_name="python3",
            transport="ipc",
            ip=str(folder / "k"),
            connection_file=str(folder / "kernel.json"),
            context=context,
            session=StrictSession(),
            client_factory=_Client,
        )
        self.provisioner = _BoxProvisioner(parent=self, kernel_spec=self.kernel_spec)
        self.provisioner.place = box, cwd, kernels

    @property
    def last_output(self) -> str:
        """The last lines of the kernel's standard output, which say why it could not start."""
        return "\n".join(self.provisioner.lines)

    @property
    def limit(self) -> str:
        """The limit of the box that ended the kernel, ``"memory"``, ``"processes"`` or ``"disk"``; else ``""``."""
        return self.provisioner.limit()

    def interrupt(self) -> None:
        """Send Ctrl-C; returns at once."""
        self.provisioner.kernel.interrupt()

    def kill(self) -> None:
        """End the kernel and everything that it started."""
        self.provisioner.end()

    def close(self) -> None:
        """Close all sockets; the kernel is already shut down."""
        self.context.destroy(linger=0)


class _Client(AsyncKernelClient):
    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel has answered, its published messages arrive, and it has imported the course.

        jupyter_client's own method waits 0.2 s longer.

        Raises
        ------
        RuntimeError
        """
        end = time.monotonic() + (timeout or float("inf"))
        while True:
            request = self.kernel_info()
            with contextlib.suppress(Empty, TimeoutError):
                while not _is_idle(await self.get_iopub_msg(timeout=ASK_SECONDS), request):
                    pass
                self._handle_kernel_info_reply(await self._async_recv_reply(request, timeout=ASK_SECONDS))
                break
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > end:
                raise RuntimeError(f"Kernel didn't respond in {timeout:.0f} seconds")
        await self._import_course()

    async def _import_course(self) -> None:
        """Import the package before the submission's first cell, so that a package that is missing is no fault of the submission."""
        request = self.execute(f"exec({IMPORT_COURSE!r}, {{}})", silent=True, allow_stdin=False)
        while await self.is_alive():
            with contextlib.suppress(Empty, TimeoutError):
                reply = (await self._async_recv_reply(request, timeout=ASK_SECONDS))["content"]
                if reply["status"] != "ok":
                    raise RuntimeError(f"it cannot import the course's package: {reply['ename']}: {reply['evalue']}.")
                return
        raise RuntimeError("Kernel died before it had imported the course's package")


def _is_idle(message: dict[str, Any], request: str) -> bool:
    """Whether the message says that the kernel has finished the request."""
    return message["parent_header"].get("msg_id") == request and message["content"].get("execution_state") == "idle"


class ForkedProvisioner(KernelProvisionerBase):
    """Signals and ends a kernel for jupyter_client; a subclass starts it."""

    kernel: BoxProcess | ForkedProcess | None = None

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.lines: deque[str] = deque(maxlen=LAST_LINES)

    @property
    def has_process(self) -> bool:
        return self.kernel is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        self.parent.write_connection_file()
        self.connection_info = self.parent.get_connection_info()
        command = [sys.executable, *COMMAND, self.parent.connection_file]
        return await super().pre_launch(cmd=[*command, *kwargs.pop("extra_arguments", [])], **kwargs)

    def end(self) -> None:
        """End the kernel."""
        if self.kernel is not None:
            self.kernel.kill()

    async def poll(self) -> int | None:
        return self.kernel.exit_code if self.kernel else 0

    async def wait(self) -> int | None:
        return await asyncio.to_thread(self.kernel.wait) if self.kernel else 0

    async def send_signal(self, signum: int) -> None:
        if self.kernel is None:
            return
        if signum == signal.SIGINT:
            self.kernel.interrupt()
        elif signum in (signal.SIGTERM, signal.SIGKILL):
            await asyncio.to_thread(self.end)

    async def kill(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        await self.kill()


class _BoxProvisioner(ForkedProvisioner):
    """Starts the kernel as the box's program, or forks it into an open box."""

    place: tuple[Box, Path, str]
    box: BoxProcess | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        box, cwd, kernels = self.place
        connection = forkserver.connect(kernels) if box.mode == "namespace" and kernels else None
        if connection:
            self.box = box.open()
            request = {"first": self.box.first, "environment": box.environment, "cwd": str(cwd), "rlimits": box.limits.of_a_process()}
            self.kernel = ForkedProcess(connection, request | {"connection_file": self.parent.connection_file}, self.lines.extend)
        else:
            self.box = self.kernel = box.start(cmd, self.lines.extend, cwd=str(cwd))
        return self.connection_info

    def limit(self) -> str:
        """The limit that ended the box. Waits a moment, since the end of the kernel is known before that of the box."""
        if self.box is not None and self.box is not self.kernel and self.kernel.exit_code == KILLED:
            with contextlib.suppress(TimeoutError, RuntimeError):
                self.box.wait(LIMIT_SECONDS)
        return self.box.limit if self.box else ""

    def end(self) -> None:
        """End the kernel and its box with everything in it."""
        if self.box is not None:
            self.box.kill()
            self.kernel.wait()
