"""An exercise: its definition and its checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from course.grading.errors import DefinitionError
from course.grading.exercise.answer import Answer
from course.grading.exercise.definition import ExerciseDefinition
from course.grading.report import Report

Check = Callable[[Answer, Report], None]


@dataclass
class Exercise(ExerciseDefinition):
    """A definition with the checks of its two phases, ``"practice"`` and ``"graded"``, which decorators register.

    The parameters are those of `ExerciseDefinition`.
    """

    checks: dict[str, Check] = field(default_factory=dict, init=False, repr=False)

    def practice(self, check: Check) -> Check:
        """Decorator for the check that runs in the learner's kernel, on practice cases that anyone may read."""
        return self._register("practice", check)

    def graded(self, check: Check) -> Check:
        """Decorator for the check that runs only in the grader's process; it is defined in ``<notebook>_hidden.py``."""
        return self._register("graded", check)

    def _register(self, phase: str, check: Check) -> Check:
        if phase in self.checks:
            raise DefinitionError(f"exercise {self.id!r}: two {phase} checks, {self.checks[phase].__name__} and {check.__name__}.")
        self.checks[phase] = check
        return check
