"""Finds learners who may need help: many tries without a pass, or untouched exercises."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from course.grading.insight.item_analysis import first_failure
from course.grading.insight.observations import Observation, thresholds


@dataclass(frozen=True)
class StrugglingLearner:
    """``exercises`` of a learner in one lesson, and the reason; ``tries`` is 0 for untouched exercises."""

    student: str
    assignment: str
    exercises: tuple[str, ...]
    tries: int
    hints: int
    why: str


def struggling_learners(seen: Sequence[Observation]) -> list[StrugglingLearner]:
    """Those with the most tries first, then those who left most untouched."""
    tired = [each for each in seen if not each.passed and not each.tries.passed and each.tries.checks >= thresholds()["stuck"]["tries"]]
    found = [
        StrugglingLearner(each.student, each.assignment, (each.exercise,), each.tries.checks, each.tries.hints, _last(each))
        for each in sorted(tired, key=lambda each: -each.tries.checks)
    ]
    untouched: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in seen:
        if each.untouched and not each.tries.checks:
            untouched[each.student, each.assignment].append(each.exercise)
    for (student, assignment), names in sorted(untouched.items(), key=lambda each: -len(each[1])):
        total = sum((each.student, each.assignment) == (student, assignment) for each in seen)
        found.append(StrugglingLearner(student, assignment, tuple(names), 0, 0, f"untouched: {len(names)} of {total} exercises"))
    return found


def _last(each: Observation) -> str:
    """The last message to the learner: the grader's if it judged the answer, else that of the check in the notebook."""
    if each.report is not None and not each.report["unanswered"]:
        return ": ".join(filter(None, first_failure(each.report)))
    return each.tries.last_message
