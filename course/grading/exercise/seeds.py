"""Random streams. The cases that an exercise draws depend only on a seed, the exercise, the learner and the stream.

========  =====================  ==============================================================================================
stream    seed                   draws
========  =====================  ==============================================================================================
variant   published              what the notebook shows: renamed columns, planted faults; the same in notebook and check
practice  published              the cases of the check in the notebook, which anyone may know
graded    ``GRADING_SEED``       the grader's cases; an instructor keeps the seed secret, self-study uses the published one
========  =====================  ==============================================================================================
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

VARIABLE = "GRADING_SEED"
PUBLISHED = "from-data-to-deployment"
SELF_STUDY = "self-study"


def grading_seed() -> str:
    """``GRADING_SEED``, or the published seed. Only the grader's process calls this; kernels do not have the variable."""
    return os.environ.get(VARIABLE) or PUBLISHED


def without_seed(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process that need not know the seed."""
    return {name: value for name, value in environment.items() if name != VARIABLE}


@contextlib.contextmanager
def withheld() -> Iterator[None]:
    """Processes that are started in this block do not get the seed."""
    seed = os.environ.pop(VARIABLE, None)
    try:
        yield
    finally:
        if seed is not None:
            os.environ[VARIABLE] = seed


def learner() -> str:
    """The learner whose variants this process works on: ``COURSE_LEARNER``, or the one that self-study shares."""
    return os.environ.get("COURSE_LEARNER") or SELF_STUDY


def variant(exercise_id: str) -> random.Random:
    """A generator for this learner's variant of an exercise, for notebooks; a check gets the same from ``answer.variant()``."""
    return stream("variant", exercise_id, learner(), PUBLISHED)


def shared_practice(exercise_id: str) -> random.Random:
    """The practice stream of self-study, for practice cases that are the same for all learners because their outcomes are stored."""
    return stream("practice", exercise_id, SELF_STUDY, PUBLISHED)


def stream(name: str, exercise_id: str, learner: str, seed: str) -> random.Random:
    """The generator of one stream."""
    parts = (seed, name, exercise_id, learner)
    material = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return random.Random(int.from_bytes(hashlib.sha256(material).digest(), "big"))


@dataclass(frozen=True)
class Draw:
    """The identity and seed from which a check draws its cases.

    ``learner`` owns the variant; ``student`` handed in the submission, which is graded with ``seed``.
    """

    learner: str = SELF_STUDY
    student: str = SELF_STUDY
    seed: str = PUBLISHED

    def rng(self, name: str, exercise_id: str) -> random.Random:
        """The generator of a check's cases: ``name`` is ``"practice"`` or ``"graded"``."""
        whose, seed = (self.student, self.seed) if name == "graded" else (self.learner, PUBLISHED)
        return stream(name, exercise_id, whose, seed)
