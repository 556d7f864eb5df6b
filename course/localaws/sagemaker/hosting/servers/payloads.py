"""The numbers of `payloads.yaml`."""

from __future__ import annotations

from pathlib import Path

from course.localaws.core.data_files import table


def longest(kind: str) -> int:
    """Bytes of an answer to a kind of inference: ``"realtime"``, ``"serverless"`` or ``"large"``."""
    return table(Path(__file__).with_suffix(".yaml"))[kind]
