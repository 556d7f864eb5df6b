# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Which fault each container of m08_2_ex4 has, and the pool of which they are made."""

from __future__ import annotations

import random
from typing import Any

from course.exercises import broken_endpoints, pools

GROUPS = ("setting", "archive", "image", "corrupt", "program", "columns")  # in the order of the pool
SOUND = {"name": "xgboost-model", "file": "model", "image": ["xgboost", "3.0-5"], "environment": {"SAGEMAKER_MODEL_SERVER_WORKERS": "1"}}


def planted(rng: random.Random) -> dict[str, str]:
    """The fault of each case."""
    picked = pools.picked(rng, broken_endpoints.POOL, broken_endpoints.TAKES)
    return {case: GROUPS[group] for case, (_, group) in zip(broken_endpoints.CASES, picked, strict=True)}


def made(fault: str) -> dict[str, Any]:
    """What `broken_endpoints.containers` makes a container with this fault of; ``""`` for one without."""
    return (
        SOUND
        | {
            "": {},
            "archive": {"name": "model/xgboost-model"},
            "columns": {"file": "wide"},
            "corrupt": {"file": '{"classes": ["late", "on time"], "weights": [0.2, 0.8]}'},
            "image": {"image": ["sklearn", "1.2-1"]},
            "program": {"environment": SOUND["environment"] | {"SAGEMAKER_PROGRAM": "inference.py"}},
            "setting": {"environment": {"SAGEMAKER_MODEL_SERVER_WORKERS": "auto"}},
        }[fault]
    )


def stored() -> dict[str, list]:
    return {"course/exercises/broken_endpoints.json": [[[made(fault)] for fault in GROUPS]]}
