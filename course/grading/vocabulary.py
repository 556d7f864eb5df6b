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
def domains(exam: str) -> dict[int, dict]:
    """``{1: {"title": "Data Preparation for ML and AI", "weight": 28}}`` for ``"C01"`` or ``"C02"``; weights in percent."""
    return yaml.safe_load((Path(__file__).parent / "skills.yaml").read_text())["domains"][exam]


def domain(skill: str) -> int:
    """The domain of a skill: 2 for ``"2.2.S1"``."""
    return int(skill.partition(".")[0])


@cache
def topics() -> dict[str, dict]:
    """``{"train.channels": {"title": ..., "learner_can": ..., "lessons": [...]}}``."""
    return yaml.safe_load((Path(__file__).parent / "syllabus.yaml").read_text())["topics"]
