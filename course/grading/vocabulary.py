"""The ids that exercises may name: exam skills (`skills.yaml`) and topics of the syllabus (`syllabus.yaml`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

EXAMS = ("C01", "C02")


def skills(exam: str) -> dict[str, dict]:
    """``{"2.2.S1": {"text": "..."}}`` for ``"C01"`` or ``"C02"``."""
    return _table("skills")[exam]


def domains(exam: str) -> dict[int, dict]:
    """``{1: {"title": "Data Preparation for ML and AI", "weight": 28}}`` for ``"C01"`` or ``"C02"``; weights in percent."""
    return _table("skills")["domains"][exam]


def domain(skill: str) -> int:
    """The domain of a skill: 2 for ``"2.2.S1"``."""
    return int(skill.partition(".")[0])


def topics() -> dict[str, dict]:
    """``{"train.channels": {"title": ..., "learner_can": ..., "lessons": [...]}}``."""
    return _table("syllabus")["topics"]


@cache
def _table(name: str) -> dict:
    # With libyaml if installed: every kernel reads both files at its first check, in 30 ms instead of 300.
    return yaml.load((Path(__file__).parent / f"{name}.yaml").read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
