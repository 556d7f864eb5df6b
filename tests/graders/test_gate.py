"""Every exercise of the course passes the gate: answers of known worth earn what they are worth.

A few mutants of each reference are tried on the way; all of them in the lanes `mutants` of `make nightly`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from course.grading import catalogue, gate

from ..slow_lessons import SLOW

ROOT = Path(__file__).parents[2]
MUTANTS = 3  # of each exercise


def _notebook(exercise: str) -> str:
    return exercise.rpartition("_ex")[0]


def _parameters() -> list:
    """Of slow notebooks at night, when the lanes `mutants` try them, too; by day their reference must run, and earn everything."""
    night = [pytest.mark.nightly, pytest.mark.timeout(3600)]  # the first exercise of a notebook waits for the whole of it
    exercises = catalogue.exercises(ROOT / "graders")
    return [pytest.param(name, marks=night if _notebook(name) in SLOW else []) for name in exercises]


@cache
def _findings(notebook: str) -> list[gate.Finding]:
    return gate.judge(notebook, ROOT, MUTANTS)


@pytest.mark.parametrize("exercise", _parameters())
def test_exercise_passes_the_gate(exercise: str) -> None:
    findings = [finding for finding in _findings(_notebook(exercise)) if finding.exercise == exercise]
    assert {"stub", "reference"} <= {finding.candidate for finding in findings}
    problems = [f"{finding.candidate}: {finding.problem}" for finding in findings if finding.problem]
    assert not problems, "\n".join(problems)
