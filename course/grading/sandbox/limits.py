"""The limits of a submission, from `limits.yaml`."""

from __future__ import annotations

import contextlib
import resource
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from course.sandbox.limits import Limits


@cache
def limits() -> dict[str, Any]:
    """The numbers of ``limits.yaml``; sizes in bytes."""
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def box(name: str) -> Limits:
    """The limits of a box: ``"kernel"``, ``"aws"`` or ``"jobs"``.

    One file may have half the size of the disk limit. Exceeding that is an error in the writing code; exceeding the disk limit with all
    files together ends the box.
    """
    numbers = limits()[name]
    return Limits(**numbers, file_size=numbers["disk"] // 2)


def limit_memory(most: int) -> None:
    """Limit the bytes that this process and its children may each write to; beyond them, Python raises MemoryError. Linux alone counts."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
