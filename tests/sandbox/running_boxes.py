"""Helpers of the tests with real boxes: the modes that this machine has, and how a program is run in a box."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from course.sandbox import box as boxes
from course.sandbox.box import Box
from course.sandbox.process import BoxProcess

NO_NAMESPACES = "no user namespaces on this machine, until 2027-05-24"
shut_in = pytest.mark.skipif(boxes.best_mode() != "namespace", reason=NO_NAMESPACES)
MODES = [pytest.param("namespace", marks=shut_in), "rewrite"]


def run(box: Box, *argv: str, **options: str) -> tuple[BoxProcess, list[str]]:
    lines: list[str] = []
    running = box.start(argv, lines.extend, **options)
    running.wait(timeout=60)
    return running, lines


def python(code: str) -> tuple[str, str, str]:
    return "python3", "-c", textwrap.dedent(code)


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "the condition did not come true"
        time.sleep(0.02)


def processes_of(root: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("COURSE_BOX") == str(root.resolve()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found
