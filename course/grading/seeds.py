"""Random streams: every case an exercise draws follows from a seed, the exercise, the learner and the stream, and from nothing else.

The practice stream hangs on the published seed, since everyone may know it; the graded one on ``GRADING_SEED``, which an instructor
keeps secret. For self-study the graded stream falls back to the published seed.
"""

from __future__ import annotations

import hashlib
import os
import random

PUBLISHED = "from-data-to-deployment"
SELF_STUDY = "self-study"


def grading_seed() -> str:
    """``GRADING_SEED``, or the published seed. Asked for in the grader's process only; kernels do not have the variable."""
    return os.environ.get("GRADING_SEED") or PUBLISHED


def learner() -> str:
    """Whose variant of an exercise this process works on: ``COURSE_LEARNER``, or self-study."""
    return os.environ.get("COURSE_LEARNER") or SELF_STUDY


def stream(phase: str, exercise: str, learner: str, seed: str) -> random.Random:
    """The generator behind ``answer.rng``. ``phase`` is ``"practice"`` or ``"graded"``; practice ignores ``seed``."""
    parts = (PUBLISHED if phase == "practice" else seed, phase, exercise, learner)
    material = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return random.Random(int.from_bytes(hashlib.sha256(material).digest(), "big"))
