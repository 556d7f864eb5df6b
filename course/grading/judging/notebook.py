"""`judge()`: judges the learner's present answer from a notebook. The functions stay in this kernel; the judge is another process."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from course import pages
from course.grading import attempts, catalogue, progress_line, render, reveal
from course.grading.capture import captured
from course.grading.check import OPENED
from course.grading.classroom.schedule import ClassScheduleError
from course.grading.exercise import seeds
from course.grading.exercise.exercise import Exercise
from course.grading.judging import FAULT, SILENCE, availability
from course.grading.progress_line import ProgressLine
from course.grading.report import Report
from course.grading.submission import client

READY = b"ready\n"  # the judge writes this line when it listens
ERROR_LIMIT = 300  # characters of the judge's last error that a report repeats


def judge(exercise_id: str, /) -> None:
    """Judge your present answer to an exercise with the hidden checks, on fresh cases, and show the result.

    It takes the answer from the notebook's variables, as the check cell does: run the answer cell first. The result is added to
    ``attempts.jsonl``; the points in your progress are those of the best judged answer.

    Parameters
    ----------
    exercise_id : str
        For example ``"m04_1_ex2"``.

    Raises
    ------
    UnknownExercise
        When there is no such exercise. A wrong answer raises nothing.
    """
    exercise = catalogue.find(exercise_id)
    folder = Path.cwd()
    try:
        number = availability.require(exercise, attempts.read(folder))
    except (availability.JudgingUnavailable, ClassScheduleError) as error:
        _show(f"Not judged: {error}")
        return
    with ProgressLine(f"Judging {exercise.id}") as line, captured():
        report = judged(exercise, _evidence(exercise), line)
    if isinstance(report, str):
        line.replace(report, str(pages.paragraph(report)))
        return
    if not report.unanswered and report.problem not in (FAULT, SILENCE):
        attempts.append_attempt(attempts.of_report(report, attempts.JUDGE, OPENED[exercise.id]), folder)
    more = f"Judged by the hidden checks, run {number}."
    if report.passed and reveal.possible():
        more += f' To compare: `from course import reveal; reveal("{exercise.id}")` shows the reference answer and the reasons.'
    line.replace(render.as_text(report, more), render.as_html(report, more))


def judged(exercise: Exercise, evidence: Mapping[str, Any], line: ProgressLine) -> Report | str:
    """The report of a new judge on this evidence, or a sentence when the judge ended without one."""
    with tempfile.TemporaryDirectory(prefix="judge-") as folder, _judge(exercise, Path(folder)) as (address, error):
        report = (
            client.offer(address, exercise, dict(evidence), lambda what: line.say(f"{exercise.id}: the judge {what}")) if address else None
        )
        if report is None:
            return f"Not judged: the judge of {exercise.id} ended without a result{error()}. Run it again; your answer is as it was."
    report.phase = "judged"
    return report


@contextlib.contextmanager
def _judge(exercise: Exercise, folder: Path) -> Iterator[tuple[str, Any]]:
    """A judge's process: the address of its socket, empty when it did not start, and a function that returns its last error.

    The process ends when its standard input closes, also when this kernel dies. It first cleans up what it created in AWS.
    """
    task = {"exercise": exercise.id, "graders": str(catalogue.root()), "folder": str(folder), "learner": seeds.learner()}
    environment = {name: value for name, value in os.environ.items() if name != "GRADING_SEED"}
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "course.grading.judging.process", json.dumps(task)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
            start_new_session=True,  # Ctrl-C and Jupyter's interrupt are for this kernel
        )

        def error() -> str:
            process.stdin.close()
            process.wait()
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
            return f" ({lines[-1][:ERROR_LIMIT]})" if lines else ""

        try:
            ready = process.stdout.readline() == READY
            yield (str(folder / "socket") if ready else "", error)
        except BaseException:
            process.terminate()  # it still cleans up
            raise
        finally:
            process.stdin.close()
            process.stdout.close()
            threading.Thread(target=process.wait, daemon=True).start()  # it cleans up now, which need not keep the learner waiting


def _evidence(exercise: Exercise) -> dict[str, Any]:
    """The evidence in the notebook's variables; what is missing is not answered yet."""
    from IPython import get_ipython

    shell = get_ipython()
    variables: Mapping[str, Any] = shell.user_ns if shell else vars(sys.modules["__main__"])
    return {name: variables.get(name, ...) for name in exercise.evidence}


def _show(text: str) -> None:
    progress_line.show({"text/plain": text})
