"""Combines, for each learner and exercise, the grader's finding with the learner's own log of attempts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from course.grading import attempts
from course.grading.attempts import Attempt
from course.grading.batches.folder import CourseFolder
from course.grading.batches.result import Result


@dataclass(frozen=True)
class AttemptSummary:
    """One learner's attempts at one exercise, from the learner's log: self-reported, never scored.

    Attributes
    ----------
    checks : int
        Tries until the first pass; all of them when there is none.
    seconds : float or None
        From the first try to the first pass; None without one.
    hints : int
        Number of hints opened.
    last_message : str
        The message of the last check.
    """

    checks: int = 0
    seconds: float | None = None
    hints: int = 0
    revealed: bool = False
    last_message: str = ""

    @property
    def passed(self) -> bool:
        return self.seconds is not None

    @classmethod
    def of(cls, events: Sequence[Attempt]) -> AttemptSummary:
        """The summary of the events of one exercise, in order."""
        checks = [each for each in events if each.event == attempts.CHECK]
        first = next((i for i, each in enumerate(checks) if each.holds), None)
        return cls(
            checks=len(checks) if first is None else first + 1,
            seconds=None if first is None else (checks[first].at - checks[0].at).total_seconds(),
            hints=max((each.hints for each in events), default=0),
            revealed=any(each.event == attempts.REVEAL for each in events),
            last_message=checks[-1].message if checks else "",
        )


@dataclass(frozen=True)
class Observation:
    """One exercise of one learner.

    Attributes
    ----------
    score : float or None
        In points; None when it is ungraded.
    report : mapping or None
        As `course.grading.render.as_json`; None when nothing was handed in.
    """

    student: str
    assignment: str
    exercise: str
    score: float | None
    points: float
    report: Mapping[str, Any] | None
    tries: AttemptSummary

    @property
    def share(self) -> float | None:
        """The share of the points, in 0..1; None when it is ungraded."""
        return None if self.score is None else self.score / self.points if self.points else 0.0

    @property
    def passed(self) -> bool:
        return self.score is not None and self.score >= self.points

    @property
    def untouched(self) -> bool:
        return self.score is not None and not self.passed and (self.report is None or self.report["unanswered"])

    @property
    def outcome(self) -> str:
        """One of `OUTCOMES`."""
        if self.score is None:
            return "ungraded"
        if self.passed:
            return "passed"
        return "untouched" if self.untouched else "partly" if self.score > 0 else "failed"


OUTCOMES = ("passed", "partly", "failed", "untouched", "ungraded")


def observe(folder: CourseFolder, results: Sequence[Result]) -> list[Observation]:
    """Every exercise of every result, with the attempts handed in with it."""
    logs: dict[tuple[str, str], dict[str, list[Attempt]]] = {}
    seen = []
    for result in results:
        place = (result.student, result.assignment)
        if place not in logs:
            logs[place] = _by_exercise(attempts.read(folder.submission(*place)))
        for name, each in result.exercises.items():
            tries = AttemptSummary.of(logs[place].get(name, ()))
            seen.append(Observation(result.student, result.assignment, name, each["score"], each["points"], each["report"], tries))
    return seen


def _by_exercise(log: Iterable[Attempt]) -> dict[str, list[Attempt]]:
    found = defaultdict(list)
    for each in log:
        found[each.exercise].append(each)
    return found


@cache
def thresholds() -> dict[str, dict[str, float]]:
    """``thresholds.yaml``, which says where its numbers come from."""
    return yaml.safe_load((Path(__file__).parent / "thresholds.yaml").read_text())
