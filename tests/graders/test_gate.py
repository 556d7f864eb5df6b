"""Every exercise passes the gate: answers of known worth earn what they are worth.

By day without mutants, and without the notebooks that are slow; the lanes `mutants` of `make nightly` try all mutants of all.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from course.grading import catalogue, gate

from ..slow_lessons import SLOW

ROOT = Path(__file__).parents[2]
AT_NIGHT = (*SLOW, "m04_2", "m08_1")  # whose answers fail jobs and update endpoints, which takes two minutes


def _notebook(exercise: str) -> str:
    return exercise.rpartition("_ex")[0]


@cache
def _findings(notebook: str) -> list[gate.Finding]:
    return gate.judge(notebook, ROOT, gate.NO_MUTANTS)


@pytest.mark.parametrize("exercise", [name for name in catalogue.exercises(ROOT / "graders") if _notebook(name) not in AT_NIGHT])
def test_exercise_passes_the_gate(exercise: str) -> None:
    findings = [finding for finding in _findings(_notebook(exercise)) if finding.exercise == exercise]
    assert {"stub", "reference"} <= {finding.candidate for finding in findings}
    problems = [f"{finding.candidate}: {finding.problem}" for finding in findings if finding.problem]
    assert not problems, "\n".join(problems)
