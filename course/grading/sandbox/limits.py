"""`limits.yaml`: what a submission may use."""

from __future__ import annotations

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
    """The limits of a box: ``"kernel"`` or ``"jobs"``.

    A file may be half as large as all may be: writing on is an error of the code that writes, and never the end of the box, which all of
    them together are.
    """
    numbers = limits()[name]
    return Limits(**numbers, file_size=numbers["disk"] // 2)
