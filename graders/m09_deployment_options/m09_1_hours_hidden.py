# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Draws hours of traffic for m09_1_ex1, and says which endpoint suits each."""

from __future__ import annotations

import random

from course.facts import fact

from .m09_1_serve import Hour

MOST_GB = 6


def memory(hour: dict) -> int | None:
    """MB of the serverless endpoint that suits; None when an instance does."""
    gigabytes = -(-hour["model_mb"] // 1024)
    usd = hour["requests"] * hour["seconds"] * gigabytes * fact("serverless-gb-second-usd")
    in_time = hour["seconds"] + hour["cold_seconds"] <= hour["patience"]
    suits = gigabytes <= MOST_GB and in_time and usd < fact("price-ml-m5-large-hosting")
    return gigabytes * 1024 if suits else None


def hours(rng: random.Random) -> list[Hour]:
    """Six hours in random order: an instance suits half of them, each for another reason."""
    seldom = drawn(rng, rng.randint(2, 5), rng.uniform(0.02, 0.3))
    seldom |= {"model_mb": seldom["model_mb"] // 1024 * 1024 + 1024, "patience": seldom["seconds"] + seldom["cold_seconds"]}
    size = seldom["model_mb"] // 1024
    dear = seldom | {"model_mb": 1024 * (size - 1) + rng.randint(20, 120)}
    most = 0.96 * size * 1024 / dear["model_mb"]  # for the model's own megabytes, it would not be dear
    dear["requests"] = even(dear["seconds"], size) * rng.uniform(1.04, most)
    cold = drawn(rng, rng.randint(1, 4), rng.uniform(0.02, 0.3))
    cold["patience"] = cold["seconds"] + cold["cold_seconds"] - rng.choice([0.25, 0.5, 0.75])
    large = drawn(rng, MOST_GB + 1, rng.uniform(0.02, 0.3))
    found = [
        (seldom, "seldom"),
        (drawn(rng, 1, rng.uniform(0.5, 0.9)), "seldom"),
        (drawn(rng, MOST_GB, rng.uniform(0.85, 0.97)), "seldom"),
        (dear, "dear"),
        (cold, "cold"),
        (large, "large"),
    ]
    given = [(hour | {"requests": round(hour["requests"])}, why) for hour, why in found]
    return [Hour(hour, memory(hour), why) for hour, why in rng.sample(given, len(given))]


def drawn(rng: random.Random, gigabytes: int, load: float) -> dict:
    """An hour for which a serverless endpoint with so much memory costs ``load`` times as much as an instance."""
    seconds, cold = rng.randint(1, 6) / 4, rng.randint(8, 20) / 4  # quarters, whose sums are exact
    return {
        "requests": even(seconds, gigabytes) * load,
        "at_once": rng.randint(2, 4),
        "seconds": seconds,
        "cold_seconds": cold,
        "patience": seconds + cold + rng.randint(2, 12) / 4,
        "model_mb": 1024 * (gigabytes - 1) + rng.randint(40, 1000),
    }


def even(seconds: float, gigabytes: int) -> float:
    """How many requests an hour cost as much as an instance."""
    return fact("price-ml-m5-large-hosting") / (seconds * gigabytes * fact("serverless-gb-second-usd"))
