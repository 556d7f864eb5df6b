"""Stores the gate's findings on each exercise with its answers, so that `docs/graders.md` can be made without a run."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from course.grading.gate.exercise_trial import CandidateResult, MutationScore

NAME = "record.yaml"
PACKAGES = ("mutmut", "libcst")  # their versions decide which mutants exist
MOST = 0.1  # the largest share of the course's wrong answers that may hold in practice
THIEF = "thief"
GUESSERS = ("guesser", "constant", "another seed", THIEF)
OPENING = "# Written by `python -m course.grading.gate --mutants all --record`; not edited.\n"


@dataclass(frozen=True)
class PracticeScore:
    """How many wrong answers there are, and how many of them hold in practice, so that only `judge` finds them."""

    wrong: int = 0
    hold: int = 0

    @classmethod
    def of(cls, findings: Iterable[CandidateResult]) -> PracticeScore:
        held = [finding.holds for finding in findings if finding.holds is not None]
        return cls(len(held), sum(held))

    @property
    def share(self) -> float:
        """0..1."""
        return self.hold / max(1, self.wrong)

    @property
    def sentence(self) -> str:
        return f"{self.hold} of {self.wrong} wrong answers ({self.share:.1%}) hold in practice; only `judge` finds them."

    def __add__(self, other: PracticeScore) -> PracticeScore:
        return PracticeScore(self.wrong + other.wrong, self.hold + other.hold)


def write(findings: Iterable[CandidateResult], graders: Path) -> list[Path]:
    """Write a record for each exercise; returns the files. Without mutants it renews what the record says of practice and of guessers."""
    by_exercise: dict[str, dict[str, CandidateResult]] = {}
    for finding in findings:
        by_exercise.setdefault(finding.exercise, {})[finding.candidate] = finding
    return [_written(exercise, found, graders) for exercise, found in by_exercise.items()]


def _written(exercise: str, found: Mapping[str, CandidateResult], graders: Path) -> Path:
    tally = next((finding.mutants for finding in found.values() if finding.mutants), None)
    path = next(graders.glob(f"*/answers/{exercise}")) / NAME
    content = (read(exercise, graders) or {}) if tally is None else _of_mutants(tally)
    content["guessers"] = {name: round(found[name].score / found[name].points, 4) for name in GUESSERS if name in found}
    practice = PracticeScore.of(found.values())
    content["practice"] = {"wrong": practice.wrong, "hold": practice.hold}
    path.write_text(OPENING + yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def _of_mutants(tally: MutationScore) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "mutants": {"of": tally.of, "tried": tally.tried, "killed": tally.killed, "equivalent": tally.equivalent},
    }


def read(exercise: str, graders: Path) -> dict[str, Any] | None:
    """The record of an exercise; None before the first is written."""
    found = next(graders.glob(f"*/answers/{exercise}/{NAME}"), None)
    return yaml.safe_load(found.read_text(encoding="utf-8")) if found else None


def practice_score(exercise: str, graders: Path) -> PracticeScore:
    """What the record of an exercise says of practice; nothing before it was recorded."""
    return PracticeScore(**(read(exercise, graders) or {}).get("practice", {}))
