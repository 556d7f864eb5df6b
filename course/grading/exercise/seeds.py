"""Random streams: every case an exercise draws follows from a seed, the exercise, the learner and the stream, and from nothing else.

========  =====================  ==============================================================================================
stream    seed                   draws
========  =====================  ==============================================================================================
variant   published              what the notebook shows: renamed columns, planted faults. Notebook and check draw the same
practice  published              cases of the check in the notebook; anyone may know them
graded    ``GRADING_SEED``       cases of the grader, which an instructor keeps secret; published as well for self-study
========  =====================  ==============================================================================================
"""

from __future__ import annotations

import hashlib
import os
import random
from dataclasses import dataclass

PUBLISHED = "from-data-to-deployment"
SELF_STUDY = "self-study"


def grading_seed() -> str:
    """``GRADING_SEED``, or the published seed. Asked for in the grader's process only; kernels do not have the variable."""
    return os.environ.get("GRADING_SEED") or PUBLISHED


def learner() -> str:
    """Whose variants this process works on: ``COURSE_LEARNER``, or those that all share in self-study."""
    return os.environ.get("COURSE_LEARNER") or SELF_STUDY


def variant(exercise_id: str) -> random.Random:
    """For notebooks: a generator for this learner's variant of an exercise; a check has the same one as ``answer.variant()``."""
    return stream("variant", exercise_id, learner(), PUBLISHED)


def stream(name: str, exercise_id: str, learner: str, seed: str) -> random.Random:
    """The generator of one stream."""
    parts = (seed, name, exercise_id, learner)
    material = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return random.Random(int.from_bytes(hashlib.sha256(material).digest(), "big"))


@dataclass(frozen=True)
class Draw:
    """Whose cases a check draws.

    ``learner``: whose variant is worked on; ``student``: whose submission is graded, with ``seed``.
    """

    learner: str = SELF_STUDY
    student: str = SELF_STUDY
    seed: str = PUBLISHED

    def rng(self, name: str, exercise_id: str) -> random.Random:
        """The generator of a check's cases: ``name`` is ``"practice"`` or ``"graded"``."""
        whose, seed = (self.student, self.seed) if name == "graded" else (self.learner, PUBLISHED)
        return stream(name, exercise_id, whose, seed)
