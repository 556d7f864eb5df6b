"""m13_1: three nightly calls that are refused. Each has four policies, of which one has a fault."""

from __future__ import annotations

import random

from course.exercises import pools
from course.exercises.pools import filled
from course.exercises.repairs import leaves, repaired

CALLS = ("call-1", "call-2", "call-3")
POLICIES = ("identity", "boundary", "bucket", "key")
POOL, TAKES = "broken_access", (1, 1, 1)

__all__ = ["CALLS", "POLICIES", "filled", "leaves", "repaired", "setups"]


def setups(rng: random.Random) -> dict[str, dict]:
    """The set-up of each call: its ``object``, the key of what it writes and reads, and its `POLICIES`.

    Texts have the words ``account``, ``region``, ``role``, ``colleague``, ``bucket`` and ``key`` in braces, for what the set-up gets when
    it is built; `filled` replaces them.

    Parameters
    ----------
    rng : random.Random
        The learner's variant.
    """
    return dict(zip(CALLS, pools.drawn(rng, POOL, TAKES), strict=True))
