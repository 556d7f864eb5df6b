"""Preloaded kernels for papermill: forked, without a box, from a process that has imported what lessons import."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo

from course.grading.sandbox import kernel_forkserver as sandbox
from course.grading.sandbox.kernel import ForkedProvisioner
from course.regression import socket_kernels
from course.sandbox import forkserver
from course.sandbox.joining import ForkedProcess

ADDRESS = "COURSE_KERNELS"  # environment variable: the socket of the process that forks kernels


@contextlib.contextmanager
def preloaded() -> Iterator[dict[str, str]]:
    """Start the process that forks kernels, and yield the variables that point to it. Only on Linux is the fork safe."""
    if sys.platform != "linux":
        yield {}
        return
    with sandbox.start_forkserver() as address:
        yield {ADDRESS: address}


def manager() -> dict[str, Any]:
    """Options of papermill that select preloaded kernels, or ordinary ones when no process forks kernels."""
    connection = forkserver.connect(os.environ[ADDRESS]) if ADDRESS in os.environ else None
    if connection is None:  # none was started, it still imports, or it was killed
        return socket_kernels.manager()
    connection.close()
    return {"kernel_manager_class": ForkedKernelManager}


class ForkedKernelManager(socket_kernels.SocketKernelManager):
    """Manages one preloaded kernel in this process's environment."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.provisioner = _Provisioner(parent=self, kernel_spec=self.kernel_spec)


class _Provisioner(ForkedProvisioner):
    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        environment = {name: value for name, value in os.environ.items() if name != ADDRESS}
        request = {"first": None, "environment": environment, "cwd": kwargs.get("cwd") or str(Path.cwd()), "rlimits": {}}
        connection = forkserver.connect(os.environ[ADDRESS])
        if connection is None:
            raise RuntimeError("the process that forks kernels was killed a moment ago; run the notebook again")
        request |= {"connection_file": self.parent.connection_file}
        self.kernel = ForkedProcess(connection, request, lambda lines: print(*lines, sep="\n"))
        return self.connection_info
