"""One exercise at its place in a notebook: runs the code of an answer cell there and judges the evidence that it hands over."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from course.grading import calls
from course.grading.check import aws_client
from course.grading.errors import AnswerError
from course.grading.evaluate import evaluate_here
from course.grading.exercise.exercise import Exercise
from course.grading.exercise.seeds import Draw
from course.grading.gate.candidates import CodeCell
from course.grading.gate.source_runner import Client, Namespace, execute
from course.grading.report import Report
from course.grading.sandbox.aws import clients, graders_environment


def draw(number: int) -> Draw:
    """The cases that a right answer is tried on, by their number."""
    return Draw(student=f"student-{number}", seed=f"seed-{number}")


DRAWS = tuple(map(draw, range(3)))  # a right answer must be right for all of these


@dataclass(frozen=True)
class MutationScore:
    """How many of an exercise's mutants were killed. ``equivalent`` counts the survivors labelled so; ``of`` is their fingerprint."""

    of: str
    tried: int
    survived: tuple[str, ...]
    equivalent: int

    @property
    def killed(self) -> int:
        return self.tried - len(self.survived)

    @property
    def share(self) -> float:
        """The share killed, 0..1, of the mutants that are not labelled equivalent."""
        return self.killed / max(1, self.tried - self.equivalent)


@dataclass(frozen=True)
class CandidateResult:
    """One candidate, its score at grading, and the grader's fault (``""`` when there is none).

    ``holds`` says whether a wrong answer holds in practice, so that only `judge` finds it. It is None for other candidates.
    """

    exercise: str
    candidate: str
    score: float
    points: float
    problem: str = ""
    mutants: MutationScore | None = None
    holds: bool | None = None


class ExerciseTrial:
    """An exercise after the cells before it have run. ``namespace`` holds their variables; the reference answer runs in it, too.

    ``bare_aws`` makes clients of an AWS in which nothing was created.
    """

    def __init__(self, exercise: Exercise, answer: CodeCell, check: CodeCell, namespace: Namespace, bare_aws: Client) -> None:
        self.exercise, self.answer, self.check, self.namespace, self.bare_aws = exercise, answer, check, namespace, bare_aws
        self.aws = functools.cache(aws_client)  # a guesser calls it hundreds of times
        self._graders: Client | None = None

    def graders_aws(self, service: str) -> Any:
        """A client of the same AWS with the keys of `course grade`, which no policy limits."""
        if self._graders is None:
            from course.localaws.server import launch

            handle = launch.find(launch.default_state())
            if handle is None:  # nothing has used the AWS yet
                return self.aws(service)
            self._graders = clients(graders_environment(handle))
        return self._graders(service)

    def evidence(self, name: str, code: str, space: Namespace) -> dict[str, Any] | AnswerError:
        """The evidence that the check cell hands over after this answer, or the error that kept it from doing so."""
        handed: dict[str, Any] = {}
        # As in a kernel, the check cell runs even if the answer cell failed.
        with contextlib.suppress(Exception, SystemExit, calls.TimeLimit), calls.limited(self.exercise.seconds):
            execute(code, space, f"{self.exercise.id}/{name}.py")
        try:
            execute(self.check.text, space | {"check": lambda _, **evidence: handed.update(evidence)}, f"{self.exercise.id} check")
        except Exception as error:
            return AnswerError(f"The check cell stopped with {type(error).__name__}: {error}")
        return handed

    def report(self, phase: str, evidence: Mapping[str, Any] | AnswerError, draw: Draw, client: Client | None = None) -> Report:
        """The report of one phase on the evidence."""
        if isinstance(evidence, AnswerError):
            report = Report(self.exercise, phase)
            report.stop(evidence)
            return report
        return evaluate_here(self.exercise, phase, evidence, draw, client or self.aws)

    def found(self, candidate: str, score: float, problem: str, mutants: MutationScore | None = None) -> CandidateResult:
        return CandidateResult(self.exercise.id, candidate, score, float(self.exercise.points), problem, mutants)
