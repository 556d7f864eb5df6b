"""`check()`, the one line of a check cell, and `hint()`."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

from course.grading import attempts, catalogue, render, reveal
from course.grading.capture import captured
from course.grading.errors import AnswerError
from course.grading.evaluate import evaluate_here
from course.grading.exercise import seeds
from course.grading.exercise.exercise import Exercise
from course.grading.report import Report

OPENED: Counter[str] = Counter()  # number of hints open in this kernel, by exercise
FORM = "form"  # an optional part that says whether the answer has the right form


class Points(float):
    """The value of a check cell. nbgrader reads it as text; JupyterLab shows nothing, since the report above says it better."""

    def _repr_html_(self) -> str:
        return ""


def check(exercise_id: str, /, **evidence: Any) -> Points:
    """Check an answer, show what was found, and return the points.

    nbgrader reads the value of the cell's last line as its points, so the call is that last line. At grading the evidence goes to the
    grader, which judges it with the hidden checks and records the score itself; the value shown here does not count.

    Parameters
    ----------
    exercise_id : str
        For example ``"m04_1_ex2"``.
    **evidence
        What the exercise asks for, by name.

    Raises
    ------
    UnknownExercise
        When there is no such exercise. A wrong answer raises nothing.
    """
    exercise = catalogue.find(exercise_id)
    with captured():
        report = _graded(exercise, evidence) or practise(exercise, evidence)
    if not report.passed and _was_judged(report):
        _open_hint(exercise)
    if report.phase == "practice" and not report.unanswered:
        attempts.append_attempt(attempts.of_check(report, OPENED[exercise.id]), Path.cwd())
    show(report, OPENED[exercise.id])
    return Points(report.score)


def _was_judged(report: Report) -> bool:
    """Whether the answer had a form that could be judged. If not, the message is enough and no hint is opened."""
    form = next((part for part in report.parts if part.name == FORM), None)
    return not report.problem and (form is None or form.share in (None, 1))


def hint(exercise_id: str, /) -> None:
    """Show the next step of an exercise's hint ladder, with those before it. Hints are free; `attempts.jsonl` counts them.

    Raises
    ------
    UnknownExercise
        When there is no such exercise.
    """
    exercise = catalogue.find(exercise_id)
    if OPENED[exercise.id] < len(exercise.hints):
        _open_hint(exercise)
        attempts.append_attempt(attempts.of_event(exercise, attempts.HINT, OPENED[exercise.id]), Path.cwd())
    _display(render.hints_as_text(exercise, OPENED[exercise.id]), render.hints_as_html(exercise, OPENED[exercise.id]))


def _open_hint(exercise: Exercise) -> None:
    OPENED[exercise.id] = min(OPENED[exercise.id] + 1, len(exercise.hints))


def practise(exercise: Exercise, evidence: dict[str, Any]) -> Report:
    """The practice report of an answer in this process."""
    try:
        return evaluate_here(exercise, "practice", evidence, seeds.Draw(learner=seeds.learner()), aws_client)
    except Exception as error:
        report = Report(exercise)
        report.stop(AnswerError(f"The check itself failed, which is a mistake in the course: {type(error).__name__}: {error}"))
        return report


def show(report: Report, opened: int) -> None:
    """Display a report in a notebook, or print it elsewhere."""
    more = ""
    if report.phase == "practice" and report.passed and reveal.possible():
        more = f'To compare: `from course import reveal; reveal("{report.exercise.id}")` shows the reference answer and the reasons.'
    _display(render.as_text(report, opened, more), render.as_html(report, opened, more))


def _display(text: str, html: str) -> None:
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = None
    if get_ipython is None or get_ipython() is None:
        print(text)
        return
    display({"text/plain": text, "text/html": html}, raw=True)


def _graded(exercise: Exercise, evidence: dict[str, Any]) -> Report | None:
    """The grader's report, when this kernel is being graded and the grader expects this check; else None."""
    address = os.environ.get("COURSE_GRADER_SOCKET")
    if not address:
        return None
    from course.grading.submission import client

    return client.offer(address, exercise, evidence)


def aws_client(service: str) -> Any:
    """A boto3 client of the AWS that this process uses."""
    from course.session import connect

    return connect().client(service)
