"""Exam domains: the share of the points earned in the exercises of each domain, by class and by learner."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course.grading import vocabulary
from course.grading.exercise.exercise import Exercise
from course.grading.insight.item_analysis import summary
from course.grading.insight.observations import Observation


@dataclass(frozen=True)
class Domain:
    """One domain of one exam.

    Attributes
    ----------
    weight : int
        Percent of the exam.
    exercises : tuple of str
        Graded exercises that name one of its skills; an exercise with skills of two domains counts in both.
    learners : dict
        Student -> share of these exercises' points, 0..1.
    """

    exam: str
    number: int
    title: str
    weight: int
    exercises: tuple[str, ...]
    learners: Mapping[str, float]

    @property
    def mean(self) -> float | str:
        """The mean over learners, or a text that says why there is none."""
        return summary(statistics.fmean, list(self.learners.values())) if self.exercises else "no exercise"


def domains(seen: Sequence[Observation], exercises: Mapping[str, Exercise]) -> list[Domain]:
    """Every domain of every exam, including those without an exercise."""
    found = []
    for exam in vocabulary.EXAMS:
        for number, each in vocabulary.domains(exam).items():
            names = {name for name, exercise in exercises.items() if _is_of(exercise, exam, number)}
            here = [each for each in seen if each.exercise in names and each.score is not None]
            earned, possible = defaultdict(float), defaultdict(float)
            for one in here:
                earned[one.student] += one.score
                possible[one.student] += one.points
            learners = {student: earned[student] / total for student, total in sorted(possible.items()) if total}
            there = tuple(sorted({one.exercise for one in here}))
            found.append(Domain(exam, number, each["title"], each["weight"], there, learners))
    return found


def _is_of(exercise: Exercise, exam: str, number: int) -> bool:
    return any(vocabulary.domain(skill) == number for skill in exercise.skills.get(exam, ()))
