"""Reads the YAML files that hold the local AWS's data, such as quotas and prices. Each is read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def table(path: Path) -> Any:
    """The content of a file. Callers must not change it."""
    return yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # libyaml's is ten times as fast
