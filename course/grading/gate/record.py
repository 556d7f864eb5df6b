"""Stores the gate's findings on each exercise with its answers, so that `docs/graders.md` can be made without a run."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from course.grading.gate.exercise_trial import CandidateResult

NAME = "record.yaml"
PACKAGES = ("mutmut", "libcst")  # their versions decide which mutants exist
GUESSERS = ("guesser", "constant", "another seed")
OPENING = "# Written by `python -m course.grading.gate --mutants all --record`; not edited.\n"


def write(findings: Iterable[CandidateResult], graders: Path) -> list[Path]:
    """Write a record for each exercise, all of whose mutants were tried; returns the files."""
    by_exercise: dict[str, dict[str, CandidateResult]] = {}
    for finding in findings:
        by_exercise.setdefault(finding.exercise, {})[finding.candidate] = finding
    return [_written(exercise, found, graders) for exercise, found in by_exercise.items()]


def _written(exercise: str, found: Mapping[str, CandidateResult], graders: Path) -> Path:
    score = next(finding.mutants for finding in found.values() if finding.mutants)
    packages = {name: version(name) for name in PACKAGES}
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version(), **packages},
        "mutants": {"of": score.of, "tried": score.tried, "killed": score.killed, "equivalent": score.equivalent},
        "guessers": {name: round(found[name].score / found[name].points, 4) for name in GUESSERS if name in found},
    }
    path = next(graders.glob(f"*/answers/{exercise}")) / NAME
    path.write_text(OPENING + yaml.safe_dump(record, sort_keys=False), encoding="utf-8")
    return path


def read(exercise: str, graders: Path) -> dict[str, Any] | None:
    """The record of an exercise; None before the first is written."""
    found = next(graders.glob(f"*/answers/{exercise}/{NAME}"), None)
    return yaml.safe_load(found.read_text(encoding="utf-8")) if found else None
