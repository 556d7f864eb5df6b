"""The ids that exercises may name: exam skills (`skills.yaml`) and topics of the syllabus (`syllabus.yaml`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

EXAMS = ("C01", "C02")


@cache
def skills(exam: str) -> dict[str, dict]:
    """``{"2.2.S1": {"text": "..."}}`` for ``"C01"`` or ``"C02"``."""
    return yaml.safe_load((Path(__file__).parent / "skills.yaml").read_text())[exam]


@cache
def topics() -> dict[str, dict]:
    """``{"train.channels": {"title": ..., "learner_can": ..., "lessons": [...]}}``."""
    return yaml.safe_load((Path(__file__).parent / "syllabus.yaml").read_text())["topics"]
