"""Every exercise of the course passes the gate: answers of known worth earn what they are worth.

A few mutants of each reference are tried on the way; all of them in the lanes `mutants` of `make nightly`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from course.grading import catalogue, gate

ROOT = Path(__file__).parents[2]
MUTANTS = 3  # of each exercise


@cache
def _findings(notebook: str) -> list[gate.Finding]:
    return gate.judge(notebook, ROOT, MUTANTS)


@pytest.mark.parametrize("exercise", catalogue.exercises(ROOT / "graders"))
def test_exercise_passes_the_gate(exercise: str) -> None:
    findings = [finding for finding in _findings(exercise.rpartition("_ex")[0]) if finding.exercise == exercise]
    assert {"stub", "reference"} <= {finding.candidate for finding in findings}
    problems = [f"{finding.candidate}: {finding.problem}" for finding in findings if finding.problem]
    assert not problems, "\n".join(problems)
