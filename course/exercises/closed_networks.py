"""m13_2: three nightly jobs in closed networks. Each set-up has one fault."""

from __future__ import annotations

import random

from course.exercises import pools
from course.exercises.pools import filled
from course.exercises.repairs import leaves, repaired

JOBS = ("job-1", "job-2", "job-3")
POOL, TAKES = "closed_networks", (1, 1, 1)

__all__ = ["JOBS", "filled", "leaves", "repaired", "setups"]


def setups(rng: random.Random) -> dict[str, dict]:
    """The set-up of each job: rules of security groups, two VPC endpoints, a bucket policy, and the job's ``NetworkConfig``.

    Texts have words in braces, such as ``{private_subnet}``, for what the set-up gets when it is built; `filled` replaces
    those that have a value.

    Parameters
    ----------
    rng : random.Random
        The learner's variant.
    """
    return dict(zip(JOBS, pools.drawn(rng, POOL, TAKES), strict=True))
