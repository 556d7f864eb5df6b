"""Whether a learner can have an answer judged here: the hidden checks must be there, and the instructor may switch judging off."""

from __future__ import annotations

from collections.abc import Iterable

from course.grading import attempts, catalogue, render
from course.grading.attempts import Attempt
from course.grading.classroom import schedule
from course.grading.exercise.exercise import Exercise

OFF = 0


class JudgingUnavailable(Exception):
    """The answer cannot be judged here. The message says why and who judges it."""


def how_to_judge(exercise: Exercise) -> str:
    """Who runs the hidden checks, for the heading of a practice report: the end of "are judged by hidden checks: …"."""
    try:
        possible = bool(catalogue.hidden_checks(exercise)) and limit() != OFF
    except schedule.ClassScheduleError:
        possible = False
    return f'run `judge("{exercise.id}")`' if possible else render.AT_GRADING


def require(exercise: Exercise, noted: Iterable[Attempt]) -> int:
    """The number of this run: 1 for the first time that the exercise is judged.

    Parameters
    ----------
    noted : iterable of Attempt
        The learner's attempts so far.

    Raises
    ------
    JudgingUnavailable
    ClassScheduleError
        When `class.yaml` cannot be read.
    """
    if not catalogue.hidden_checks(exercise):
        raise JudgingUnavailable(
            f"{exercise.id} cannot be judged here: this package has no hidden checks. Your instructor's grading judges it."
        )
    number = 1 + sum(each.exercise == exercise.id and each.event == attempts.JUDGE for each in noted)
    most = limit()
    if most == OFF:
        raise JudgingUnavailable(f"your instructor has switched judging off; {exercise.id} is judged at grading.")
    if most is not None and number > most:
        times = "once" if most == 1 else f"{most} times"
        raise JudgingUnavailable(f"{exercise.id} was judged {times}, as often as your class allows. It is judged again at grading.")
    return number


def limit() -> int | None:
    """How often an exercise may be judged, by `class.yaml` beside the graders; None without a limit, `OFF` when judging is off."""
    root = catalogue.root().parent
    return schedule.read(root).judging if (root / schedule.NAME).is_file() else None
