"""Kernels for papermill that talk over Unix sockets: a TCP port is chosen before the kernel binds it, and another process may be faster."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager


def manager() -> dict[str, Any]:
    """Options of papermill that select these kernels; none on Windows, where ZeroMQ has no Unix sockets."""
    return {"kernel_manager_class": SocketKernelManager} if os.name == "posix" else {}


class SocketKernelManager(AsyncKernelManager):
    """Manages one kernel. Its sockets and its connection file are in a temporary folder, removed with it."""

    def __init__(self, **traits: Any) -> None:
        folder = tempfile.mkdtemp(prefix="k-")
        super().__init__(**traits | {"transport": "ipc", "ip": f"{folder}/k", "connection_file": f"{folder}/kernel.json"})

    async def cleanup_resources(self, restart: bool = False) -> None:
        await super().cleanup_resources(restart)
        if not restart:
            shutil.rmtree(Path(self.connection_file).parent, ignore_errors=True)
