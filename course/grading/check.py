"""`check()`, the one line of a check cell, and `hint()`."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from course.grading import attempts, calls, catalogue, progress_line, render
from course.grading.capture import captured
from course.grading.errors import unusable
from course.grading.evaluate import evaluate_here
from course.grading.exercise import seeds
from course.grading.exercise.exercise import Exercise
from course.grading.judging import availability
from course.grading.progress_line import ProgressLine
from course.grading.report import Report

OPENED: Counter[str] = Counter()  # number of hints open in this kernel, by exercise


class Points(float):
    """The value of a check cell. nbgrader reads it as text. In JupyterLab the cell shows no value, since the report says it better."""

    def _ipython_display_(self) -> None:
        in_browser = "JPY_SESSION_NAME" in os.environ  # Jupyter's server sets it
        if "NBGRADER_EXECUTION" in os.environ or not in_browser:
            raise NotImplementedError  # IPython then shows the number as text

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
    with ProgressLine(f"Checking {exercise.id}") as line, captured():
        report = _graded(exercise, evidence) or practise(exercise, evidence, line)
    if report.phase == "practice" and not report.unanswered:
        attempts.append_attempt(attempts.of_report(report, attempts.CHECK, OPENED[exercise.id]), Path.cwd())
    judged = availability.how_to_judge(exercise)
    line.replace(render.as_text(report, judged=judged), render.as_html(report, judged=judged))
    return Points(report.score)


def hint(exercise_id: str, /) -> None:
    """Show the next step of an exercise's hint ladder, with those before it. Hints are free; `attempts.jsonl` counts them.

    Raises
    ------
    UnknownExercise
        When there is no such exercise.
    """
    exercise = catalogue.find(exercise_id)
    if OPENED[exercise.id] < len(exercise.hints):
        OPENED[exercise.id] += 1
        attempts.append_attempt(attempts.of_event(exercise, attempts.HINT, OPENED[exercise.id]), Path.cwd())
    shown = (render.hints_as_text(exercise, OPENED[exercise.id]), render.hints_as_html(exercise, OPENED[exercise.id]))
    progress_line.show({"text/plain": shown[0], "text/html": shown[1]})


def practise(exercise: Exercise, evidence: dict[str, Any], line: ProgressLine | None = None) -> Report:
    """The practice report of an answer in this process. ``line`` shows what a slow check does."""
    report = Report(exercise, on_progress=lambda what: line.say(f"{exercise.id}: the check {what}") if line else None)
    try:
        return evaluate_here(exercise, "practice", evidence, seeds.Draw(learner=seeds.learner()), aws_client, report)
    except Exception as error:
        report.stop(unusable(f"{type(error).__name__}: {error}"))
        return report


def _graded(exercise: Exercise, evidence: dict[str, Any]) -> Report | None:
    """The grader's report, when this kernel is being graded and the grader expects this check; else None."""
    address = os.environ.get("COURSE_GRADER_SOCKET")
    if not address:
        return None
    from course.grading.submission import client

    def bound(name: str) -> None:
        calls.bound(name, evidence[name], exercise.seconds, vars(sys.modules["__main__"]))

    return client.offer(address, exercise, evidence, on_timeout=bound)


def aws_client(service: str) -> Any:
    """A boto3 client of the AWS that this process uses."""
    from course.session import connect

    return connect().client(service)
