"""Starts model servers as hosting does, but without a box: real processes that answer real HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from course.localaws import images

LIMIT = 60.0  # seconds


class Server:
    """A running model server; ``.invoke(body, content_type, accept, attributes)`` answers a `requests.Response`."""

    def __init__(self, module: str, root: Path, environment: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = root / "server.log"
        settings = {"SAGEMAKER_BASE_DIR": str(root), "SAGEMAKER_BIND_TO_PORT": str(port), "PYTHONPATH": str(images.TOOLKITS)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", *f"course.localaws.images.{module}".split()],
                stdout=log,
                stderr=log,
                cwd=root,
                env=os.environ | settings | environment,
            )

    def wait(self) -> bool:
        """Wait until it answers /ping (True) or ends (False)."""
        limit = time.monotonic() + LIMIT
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                return False
            try:
                return requests.get(f"{self.url}/ping", timeout=2).status_code == 200
            except requests.ConnectionError:
                time.sleep(0.02)
        raise TimeoutError(self.log.read_text())

    def invoke(
        self, body: bytes | str, content_type: str | None = None, accept: str | None = None, attributes: str | None = None
    ) -> requests.Response:
        headers = {"Content-Type": content_type, "Accept": accept, "X-Amzn-SageMaker-Custom-Attributes": attributes}
        return requests.post(f"{self.url}/invocations", data=body, headers=headers, timeout=LIMIT)


@pytest.fixture
def serve(tmp_path) -> Iterator[Callable[..., Server]]:
    """``serve("module arguments", files, **environment)``: a server over a model directory with ``files`` (path -> bytes or text)."""
    yield from starter(tmp_path)


@pytest.fixture(scope="module")
def serve_once(tmp_path_factory) -> Iterator[Callable[..., Server]]:
    """The same, for a server that all tests of a module share."""
    yield from starter(tmp_path_factory.mktemp("servers"))


def starter(folder: Path) -> Iterator[Callable[..., Server]]:
    servers = []

    def start(module: str, files: dict[str, bytes | str], **environment: str) -> Server:
        root = folder / f"ml-{len(servers)}"
        for name, content in files.items():
            path = root / "model" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        (root / "model").mkdir(parents=True, exist_ok=True)
        environment = {name: value.replace("/opt/ml", str(root)) for name, value in environment.items()}
        servers.append(Server(module, root, environment))
        return servers[-1]

    yield start
    for server in servers:
        server.process.kill()
        server.process.wait()
