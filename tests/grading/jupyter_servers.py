"""Starts a Jupyter server in a course's folder, for a test."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from tests.grading.nbgrader_course import SEED, Course

TOKEN = "of-this-test"
WAIT = 120  # seconds until the server must listen


@contextlib.contextmanager
def serving(course: Course, *command: str) -> Iterator[str]:
    """The address of the server that ``python -m COMMAND`` starts in the course's folder; its log is ``server.log`` there."""
    settings = {"GRADING_SEED": SEED, "JUPYTER_TOKEN": TOKEN, "JUPYTER_CONFIG_DIR": str(course.root / ".jupyter")}
    environment = os.environ | settings | {"JUPYTER_RUNTIME_DIR": str(course.root / "runtime")}
    log = course.root / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen([sys.executable, "-m", *command], cwd=course.root, env=environment, stdout=output, stderr=output)
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _address(process: subprocess.Popen, log: Path) -> str:
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline and process.poll() is None:
        path = log.parent / "runtime" / f"jpserver-{process.pid}.json"
        try:
            address = json.loads(path.read_text())["url"]
            if requests.get(f"{address}api", timeout=5).ok:
                return address
        except (OSError, ValueError):
            pass  # the file is missing, or the server does not listen yet
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def ask(server: str, method: str, path: str, **options: object) -> requests.Response:
    return requests.request(method, f"{server}{path}", headers={"Authorization": f"token {TOKEN}"}, timeout=120, **options)
