"""An exercise for tests, and answers in this process."""

from __future__ import annotations

from typing import Any

from course.grading import Exercise, Function, Report, Value
from course.grading.evaluate import evaluate_here
from course.grading.exercise.seeds import Draw
from course.grading.submission.server import no_aws


def exercise(**changes: Any) -> Exercise:
    """A valid definition, with ``changes`` applied."""
    fields = {
        "id": "m98_2_ex1",
        "title": "Double a number",
        "parts": {"shape": 1, "unseen": 2},
        "evidence": {"double": Function("double(x: int) -> int"), "limit": Value(float)},
        "hints": ("What is two times x?", "Multiply.", "`2 * x`"),
        "skills": {"C01": ["2.2.S1"], "C02": ["2.2.1"]},
        "topics": ["train.channels"],
        "seconds": 1,
    }
    return Exercise(**(fields | changes))


def practise(exercise: Exercise, **evidence: Any) -> Report:
    return evaluate_here(exercise, "practice", evidence, Draw(), no_aws)


def grade(exercise: Exercise, **evidence: Any) -> Report:
    return evaluate_here(exercise, "graded", evidence, Draw(), no_aws)
