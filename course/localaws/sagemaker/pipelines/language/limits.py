"""The limits of a definition. They are data: `limits.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from course.localaws.core.data_files import table

_FILE = Path(__file__).with_suffix(".yaml")


def limit(name: str) -> Any:
    """A value of ``limits.yaml`` by its name."""
    return table(_FILE)[name]
