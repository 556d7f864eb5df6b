# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Fleets that m09_2_ex2 is graded on, and what they cost at least."""

import random
from collections.abc import Collection

from .m09_2 import practice_fleets
from .m09_2_cases import MOST_SHARED, fleet, hour_usd


def fleets(rng: random.Random) -> list[dict]:
    """Eight fleets, so that no one plan, no one number of shared instances and no one rule about dear models suits them."""
    kinds = [(0, 0.0003), (0, 0.003), (2, 0.0003), (3, 0.0003), (1, 0.001), (2, 0.001), (3, 0.002), (4, 0.0004)]
    return [fleet(rng, *kind) for kind in rng.sample(kinds, 8)]


def least_usd(hours: list[dict]) -> float:
    """What the best plan found costs in these hours on average: for each number of shared instances, models get their own while it pays."""

    def mean(own: Collection[str], shared: int) -> float:
        return sum(hour_usd(hour, own, shared) for hour in hours) / len(hours)

    names = list(hours[0]["models"])
    best = mean(names, 0)
    for shared in range(1, MOST_SHARED + 1):
        own: set[str] = set()
        cost = mean(own, shared)
        while left := [name for name in names if name not in own]:
            costs = {name: mean(own | {name}, shared) for name in left}
            name = min(costs, key=costs.get)
            if costs[name] >= cost:
                break
            own, cost = own | {name}, costs[name]
        best = min(best, cost)
    return best


def stored() -> dict[str, list]:
    """What the fleets of practice cost with the best plans."""
    return {"graders/m09_deployment_options/m09_2_practice.json": [round(least_usd([fleet]), 6) for fleet in practice_fleets()]}
