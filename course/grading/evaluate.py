"""Runs the checks of an exercise on an answer."""

from __future__ import annotations

import sys
from collections.abc import Callable

from course.grading.answer import Answer
from course.grading.errors import AnswerError
from course.grading.exercise import Exercise
from course.grading.report import Report

PHASES = {"practice": ("practice",), "graded": ("practice", "graded")}


def evaluate(exercise: Exercise, phase: str, answer: Callable[[str], Answer]) -> Report:
    """The report of one phase. Grading runs the practice check too: a part counts with its worst finding.

    Parameters
    ----------
    exercise : Exercise
    phase : str
        ``"practice"`` or ``"graded"``.
    answer : callable
        Makes the `Answer` for a random stream, ``"practice"`` or ``"graded"``; may raise `AnswerError`.

    Raises
    ------
    Exception
        Whatever a check raises by its own mistake; an `AnswerError`, or an AWS error for the state the answer left, ends the report.
    """
    report = Report(exercise, phase)
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


def _is_aws_answer(error: Exception) -> bool:
    botocore = sys.modules.get("botocore.exceptions")
    return botocore is not None and isinstance(error, botocore.ClientError)
