"""The data files that say how the local AWS behaves: YAML beside the code that follows them, each read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def table(path: Path) -> Any:
    """What a file holds, to be left as it is."""
    return yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # libyaml's is ten times as fast
