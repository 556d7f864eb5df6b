"""A learner's progress, derived from the attempts: by exercise, by notebook, by skill, and the next step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from course.grading import attempts, vocabulary
from course.grading.attempts import Attempt
from course.grading.exercise.exercise import Exercise

OPEN, HOLDS, RIGHT, REVEALED = "open", "holds", "right", "revealed"


@dataclass(frozen=True)
class ExerciseState:
    """The state of one exercise.

    Attributes
    ----------
    state : str
        ``"open"``, also when it was tried; ``"holds"``: its practice cases hold; ``"right"``: it was judged right; ``"revealed"``: the
        reference was shown before that.
    score : float
        The best judged score; 0 for a revealed exercise.
    tries, judged, hints : int
        Number of checks and of judged answers, both up to the first answer that was judged right; number of hints opened.
    last : datetime or None
        UTC, of the last attempt.
    right_at : datetime or None
    """

    exercise: Exercise
    state: str = OPEN
    score: float = 0.0
    tries: int = 0
    judged: int = 0
    hints: int = 0
    last: datetime | None = None
    right_at: datetime | None = None

    @property
    def done(self) -> bool:
        """Whether no more points can be earned."""
        return self.state in (RIGHT, REVEALED)


@dataclass(frozen=True)
class Skill:
    """A skill of an exam that exercises of the course train; ``shown`` are those that were judged right."""

    exam: str
    id: str
    text: str
    shown: tuple[str, ...]
    trained: tuple[str, ...]


@dataclass(frozen=True)
class LearnerProgress:
    """The states of a learner's exercises, in the order of the course."""

    states: tuple[ExerciseState, ...]

    @property
    def score(self) -> float:
        return sum(each.score for each in self.states)

    @property
    def points(self) -> float:
        return float(sum(each.exercise.points for each in self.states))

    @property
    def last(self) -> ExerciseState | None:
        """The exercise worked on most recently."""
        tried = [each for each in self.states if each.last]
        return max(tried, key=lambda each: each.last, default=None)

    @property
    def next(self) -> ExerciseState | None:
        """The next exercise: the last one if it waits to be judged, else the first open one of its notebook, else of the course."""
        if self.last and self.last.state == HOLDS:
            return self.last
        here = self.last.exercise.notebook if self.last else ""
        left = [each for each in self.states if not each.done]
        return next((each for each in left if each.exercise.notebook == here), left[0] if left else None)

    def notebooks(self) -> dict[str, tuple[ExerciseState, ...]]:
        """States by notebook, ``"m04_1"``."""
        return {name: tuple(each) for name, each in groupby(self.states, key=lambda state: state.exercise.notebook)}

    def skills(self, exam: str) -> list[Skill]:
        """The skills of an exam that the course's exercises train, in the exam's order."""
        known = vocabulary.skills(exam)
        trained: dict[str, list[ExerciseState]] = {}
        for state in self.states:
            for skill in state.exercise.skills.get(exam, ()):
                trained.setdefault(skill, []).append(state)
        return [
            Skill(
                exam,
                skill,
                known[skill]["text"],
                tuple(each.exercise.id for each in trained[skill] if each.state == RIGHT),
                tuple(each.exercise.id for each in trained[skill]),
            )
            for skill in known
            if skill in trained
        ]


def progress(exercises: Mapping[str, Exercise], noted: Sequence[Attempt]) -> LearnerProgress:
    """The progress from attempts, oldest first; attempts at exercises that are not in the course are ignored."""
    by_exercise: dict[str, list[Attempt]] = {}
    for attempt in noted:
        by_exercise.setdefault(attempt.exercise, []).append(attempt)
    return LearnerProgress(tuple(exercise_state(exercise, by_exercise.get(name, [])) for name, exercise in exercises.items()))


def exercise_state(exercise: Exercise, noted: Sequence[Attempt]) -> ExerciseState:
    """The state of an exercise from its attempts, oldest first."""
    if not noted:
        return ExerciseState(exercise)
    right_at = next((each.at for each in noted if each.right), None)
    revealed_at = next((each.at for each in noted if each.event == attempts.REVEAL), None)
    if revealed_at and (right_at is None or revealed_at < right_at):
        state, score, right_at = REVEALED, 0.0, None
    else:
        state = RIGHT if right_at else HOLDS if any(each.holds for each in noted) else OPEN
        # By the exercise as it is now: points in an old line may be those of an earlier version.
        judged = (exercise.points * each.score / each.points for each in noted if each.event == attempts.JUDGE and each.points)
        score = max(judged, default=0.0)
    until = [each.event for each in noted if right_at is None or each.at <= right_at]
    return ExerciseState(
        exercise,
        state,
        score=round(float(score), 4),
        tries=until.count(attempts.CHECK),
        judged=until.count(attempts.JUDGE),
        hints=max(each.hints for each in noted),
        last=noted[-1].at,
        right_at=right_at,
    )
