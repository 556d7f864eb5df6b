"""Every exercise passes the gate: answers of known worth earn their points.

`make test` leaves out mutants, and the notebooks whose declaration says that the gate is slow. The lane `mutants` of `make nightly` tries a
seventh of the notebooks by date, the slow ones too, with all mutants.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from course.authoring import declaration
from course.grading import catalogue
from course.grading.gate import judging
from course.grading.gate.exercise_trial import CandidateResult

ROOT = Path(__file__).parents[2]
AT_NIGHT = declaration.slow_notebooks(ROOT, "gate")


def _notebook(exercise: str) -> str:
    return exercise.rpartition("_ex")[0]


@cache
def _findings(notebook: str) -> list[CandidateResult]:
    return judging.judge(notebook, ROOT, judging.NO_MUTANTS)


@pytest.mark.parametrize("exercise", [name for name in catalogue.exercises(ROOT / "graders") if _notebook(name) not in AT_NIGHT])
def test_exercise_passes_the_gate(exercise: str) -> None:
    findings = [finding for finding in _findings(_notebook(exercise)) if finding.exercise == exercise]
    assert {"stub", "reference"} <= {finding.candidate for finding in findings}
    problems = [f"{finding.candidate}: {finding.problem}" for finding in findings if finding.problem]
    assert not problems, "\n".join(problems)
