"""m12_1: monitors of which each has one fault, and settings of its own that do no harm."""

from __future__ import annotations

import random

from course.exercises import pools
from course.exercises.repairs import leaves, repaired

MONITORS = ("monitor-1", "monitor-2", "monitor-3")
POOL, TAKES = "broken_monitors", (1, 1, 1)

__all__ = ["MONITORS", "leaves", "repaired", "setups"]


def setups(rng: random.Random, endpoint: str, image: str, role: str, folder: str) -> dict[str, dict]:
    """The set-up of each monitor: its ``definition``, ready for CreateDataQualityJobDefinition but for the name, and its ``schedule``.

    Parameters
    ----------
    rng : random.Random
        The learner's variant.
    endpoint : str
        The name of the endpoint that captures its requests.
    image : str
        URI of the analyzer.
    role : str
        ARN of the jobs' role.
    folder : str
        URI without a slash at its end. Below it are ``baseline/statistics.json``, ``baseline/constraints.json``, ``baseline/draft.json``,
        ``baseline/flights.csv`` and ``labelled/constraints.json``. Reports go to ``reports``.
    """
    merger = image.replace("-analyzer", "-groundtruth-merger")
    words = {"endpoint": endpoint, "image": image, "merger": merger, "role": role, "folder": folder}
    return {name: pools.filled(setup, words) for name, setup in zip(MONITORS, pools.drawn(rng, POOL, TAKES), strict=True)}
