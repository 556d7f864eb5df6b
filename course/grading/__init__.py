"""Grading: each exercise has one definition, checked in the learner's kernel in practice and outside of it at grading.

``docs/grading.md`` shows the path of a grade. Imports point one way: this package knows the session, not the lessons.
"""

from course.grading.check import check, hint
from course.grading.errors import AnswerError, DefinitionError, UnknownExercise
from course.grading.exercise.answer import Answer
from course.grading.exercise.evidence_types import Function, Value
from course.grading.exercise.exercise import Exercise
from course.grading.exercise.seeds import variant
from course.grading.judging.notebook import judge
from course.grading.report import Report
from course.grading.reveal import reveal

__all__ = [
    "Answer",
    "AnswerError",
    "DefinitionError",
    "Exercise",
    "Function",
    "Report",
    "UnknownExercise",
    "Value",
    "check",
    "hint",
    "judge",
    "reveal",
    "variant",
]
