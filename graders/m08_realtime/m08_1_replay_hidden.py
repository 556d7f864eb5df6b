# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Replays briefs of m08_1_ex2: what ten minutes cost with each number of instances."""

import heapq
import random
from dataclasses import asdict

from .m08_1 import practice_briefs
from .m08_1_cases import MINUTES, MOST_INSTANCES, Replayed, brief, traffic


def briefs(rng: random.Random, count: int) -> list[dict]:
    """Briefs from little traffic to much, late answers cheap in every other one, in random order: no one number suits them."""
    return rng.sample([brief(rng, 1.2 + 7.5 * (number + rng.random()) / count, dear=bool(number % 2)) for number in range(count)], count)


def cost(brief: dict, instances: int) -> float:
    """US dollars of ten minutes: the instances, and the answers that came too late."""
    served = [(model + overhead) / 1e6 for model, overhead in zip(brief["model_latency"], brief["overhead_latency"], strict=True)]
    free, late = [0.0] * instances, 0
    for number, arrival in enumerate(brief["arrivals"]):
        done = max(arrival, heapq.heappop(free)) + served[number % len(served)]
        heapq.heappush(free, done)
        late += done - arrival > brief["late_after_ms"] / 1000
    return instances * brief["instance_usd"] * MINUTES / 60 + late * brief["late_usd"]


def cheapest(brief: dict) -> int:
    """The number of instances with which these ten minutes cost least."""
    return min(range(1, MOST_INSTANCES + 1), key=lambda count: cost(brief, count))


def next_minutes(rng: random.Random, brief: dict) -> dict:
    """The same endpoint ten minutes later: the same kind of traffic and the same spread of latencies, in another order."""
    return brief | {
        "arrivals": traffic(rng, len(brief["arrivals"]) / (60 * MINUTES)),
        "model_latency": rng.sample(brief["model_latency"], len(brief["model_latency"])),
        "overhead_latency": rng.sample(brief["overhead_latency"], len(brief["overhead_latency"])),
    }


def replayed(brief: dict) -> Replayed:
    dear = brief | {"instance_usd": brief["instance_usd"] * 60 / MINUTES}
    quick = brief | {"overhead_latency": [0] * len(brief["overhead_latency"])}
    return Replayed([cost(brief, count) for count in range(1, MOST_INSTANCES + 1)], cheapest(dear), cheapest(quick))


def stored() -> dict[str, list]:
    return {"graders/m08_realtime/m08_1_practice.json": [asdict(replayed(brief)) for brief in practice_briefs()]}
