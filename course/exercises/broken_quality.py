"""m12_2: definitions of model quality jobs of which each has one fault, and settings of its own that do no harm."""

from __future__ import annotations

import random
from typing import Any

from course.exercises import pools
from course.exercises.repairs import leaves, repaired

MONITORS = ("monitor-1", "monitor-2", "monitor-3")
POOL, TAKES = "broken_quality", (1, 1, 1)

__all__ = ["MONITORS", "POOL", "TAKES", "definitions", "leaves", "repaired"]


def definitions(rng: random.Random, image: str, role: str, endpoint: str, folder: str) -> dict[str, dict[str, Any]]:
    """The request of CreateModelQualityJobDefinition of each monitor, without its name.

    Parameters
    ----------
    rng : random.Random
        The learner's variant.
    image : str
        URI of Model Monitor's analyzer.
    role : str
        ARN of the jobs' role.
    endpoint : str
        The name of the endpoint.
    folder : str
        URI without a slash at its end. Below it are ``baseline/constraints.json``, and the labels in ``labels/`` and ``labels-by-flight/``.
    """
    words = {"image": image, "role": role, "endpoint": endpoint, "folder": folder}
    return {name: pools.filled(request, words) for name, request in zip(MONITORS, pools.drawn(rng, POOL, TAKES), strict=True)}
