"""m10_2: pipelines of which each has one fault, and settings of its own that do no harm."""

from __future__ import annotations

import random

from course.exercises import pools
from course.exercises.repairs import leaves, repaired

PIPELINES = ("pipeline-1", "pipeline-2", "pipeline-3")
POOL, TAKES = "broken_pipelines", (1, 1, 1)

__all__ = ["PIPELINES", "POOL", "TAKES", "definitions", "leaves", "repaired"]


def definitions(rng: random.Random, images: dict[str, str], role: str, folder: str) -> dict[str, dict]:
    """The definition of each pipeline.

    Parameters
    ----------
    rng : random.Random
        The learner's variant.
    images : dict
        URIs of the images ``"sklearn"`` and ``"xgboost"``.
    role : str
        ARN of the jobs' role.
    folder : str
        URI without a slash at its end. Below it are the table ``year/flights.csv``, and the scripts in ``code/``.
    """
    words = images | {"role": role, "folder": folder}
    return {name: pools.filled(definition, words) for name, definition in zip(PIPELINES, pools.drawn(rng, POOL, TAKES), strict=True)}
