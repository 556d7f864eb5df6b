"""Runs the checks of an exercise on an answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from course.grading import calls
from course.grading.errors import AnswerError
from course.grading.exercise.answer import Answer, Call, collect
from course.grading.exercise.exercise import Exercise
from course.grading.exercise.seeds import Draw
from course.grading.report import Report

PHASES = {"practice": ("practice",), "graded": ("practice", "graded"), "hidden": ("graded",)}


def evaluate(exercise: Exercise, phase: str, answer: Callable[[str], Answer], report: Report | None = None) -> Report:
    """The report of one phase. Grading runs the practice check too; the worst finding on a part counts.

    Parameters
    ----------
    exercise : Exercise
    phase : str
        ``"practice"``, ``"graded"`` or, for the graded check alone, ``"hidden"``.
    answer : callable
        Makes the `Answer` for a random stream, ``"practice"`` or ``"graded"``; may raise `AnswerError`.
    report : Report, optional
        An empty report to write to.

    Raises
    ------
    Exception
        Any error of the check itself. An `AnswerError`, or an AWS error about the state that the answer left, only ends the report.
    """
    report = report or Report(exercise, phase)
    for stream in PHASES[phase]:
        if stream not in exercise.checks:
            continue
        report.begin()
        try:
            view = answer(stream)
        except AnswerError as error:
            report.add_output(error.output)
            report.stop(error)
            break
        view.on_call = report.calling
        try:
            exercise.checks[stream](view, report)
        except AnswerError as error:
            report.stop(error)
        except Exception as error:
            if not _is_aws_answer(error):
                raise
            report.stop(AnswerError(f"AWS, asked about your answer, said: {error}"))
        finally:
            report.add_output(view.output)
        if report.unanswered:
            break
    return report


def evaluate_here(
    exercise: Exercise,
    phase: str,
    evidence: Mapping[str, Any],
    draw: Draw,
    client: Callable[[str], Any],
    report: Report | None = None,
) -> Report:
    """`evaluate` for an answer whose functions are in this process."""

    def call(name: str, arguments: tuple, seconds: float) -> tuple[Any, str]:
        return calls.call(name, evidence[name], arguments, seconds)

    patient = once_stopped(call)

    def answer(stream: str) -> Answer:
        return Answer(exercise, collect(exercise, evidence), patient, draw.rng(stream, exercise.id), draw.learner, client)

    return evaluate(exercise, phase, answer, report)


def once_stopped(call: Call) -> Call:
    """``call`` that never again calls a function that ran out of time: each further case would cost the whole limit again."""
    stopped: set[str] = set()

    def patient(name: str, arguments: tuple, seconds: float) -> tuple[Any, str]:
        if name in stopped:
            raise AnswerError(f"`{name}` was not called again, since it had run out of time.", timed_out=True)
        try:
            return call(name, arguments, seconds)
        except AnswerError as error:
            if error.timed_out:
                stopped.add(name)
            raise

    return patient


def _is_aws_answer(error: Exception) -> bool:
    """Whether AWS refused a request of the check, or a waiter of the check found that a resource has failed.

    A waiter that only waited too long says nothing about the answer.
    """
    botocore = sys.modules.get("botocore.exceptions")
    if botocore is None:
        return False
    if isinstance(error, botocore.WaiterError):
        return "Max attempts exceeded" not in str(error)
    return isinstance(error, botocore.ClientError)
