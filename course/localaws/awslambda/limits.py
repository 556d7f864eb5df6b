"""The numbers of `limits.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from course.localaws.core.data_files import table


def limit(name: str) -> Any:
    return table(Path(__file__).with_suffix(".yaml"))[name]
