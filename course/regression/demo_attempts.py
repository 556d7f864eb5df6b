"""Writes the attempts of the synthetic learners: an `attempts.jsonl` as `check` and `judge` would have written it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from course.grading import Exercise, attempts
from course.grading.attempts import CHECK, HINT, JUDGE, Attempt
from course.regression.demo_learners import FULL, AnswerPool, DemoAnswer, LearnerProfile

LAST_WORDS = "nothing was handed over yet: the answer cell raised NotImplementedError."


def write(kind: LearnerProfile, material: AnswerPool, handed_in_at: datetime, folder: Path) -> None:
    """Add a learner's attempts at one notebook. The last one is shortly before the learner handed in.

    Parameters
    ----------
    handed_in_at : datetime
        UTC.
    """
    chance = random.Random(f"{kind.name}, {'-'.join(material.exercises)}")
    events = [event for name, work in kind.answers(material).items() for event in _tries(kind, material.exercises[name], work, chance)]
    gaps = [timedelta(minutes=chance.uniform(0.5, 9), hours=chance.choice([0] * 12 + [14])) for _ in events]
    at = handed_in_at - sum(gaps, timedelta(minutes=chance.uniform(1, 30)))
    for event, gap in zip(events, gaps, strict=True):
        at += gap
        attempts.append_attempt(Attempt(at, **event), folder)


def _tries(kind: LearnerProfile, exercise: Exercise, work: DemoAnswer, chance: random.Random) -> Iterator[dict]:
    """The events of one exercise in order, without their times."""
    common = {"exercise": exercise.id, "points": float(exercise.points)}
    hints = 0
    for i in range(chance.randint(0, 2 * kind.tries)):
        if hints < len(exercise.hints) and i and chance.random() < 0.25:
            hints += 1
            yield common | {"event": HINT, "hints": hints}
        failing = next(iter(exercise.parts))
        parts = {name: 0.0 if name == failing else None for name in exercise.parts}
        message = work.last_message or f"{failing}: {LAST_WORDS}"
        yield common | {"event": CHECK, "parts": parts, "message": message, "hints": hints}
    if work.expected == FULL:
        parts = dict.fromkeys(exercise.parts, 1.0)
        for event in (CHECK, JUDGE):
            yield common | {"event": event, "score": float(exercise.points), "parts": parts, "hints": hints}
