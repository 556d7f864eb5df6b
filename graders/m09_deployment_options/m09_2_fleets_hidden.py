# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Fleets that m09_2_ex2 is graded on, and what they cost at least."""

import random
from collections.abc import Collection
from statistics import fmean
from typing import NamedTuple

from .m09_2 import Plan, practice_fleets
from .m09_2_cases import MOST_SHARED, fleet, hour_usd, next_hour

HOURS = 3
LUCK = 0.03  # the best plan for a fleet's own hour may cost this share more in its next hours than the best plan for these


class FleetCase(NamedTuple):
    """A fleet, its next hours, and what the best plan found for these hours costs in one of them on average."""

    fleet: dict
    hours: list[dict]
    least_usd: float


def fleets(rng: random.Random) -> list[FleetCase]:
    """Eight fleets. No one plan, number of shared instances or rule about dear models suits them all."""
    kinds = [(0, 0.0003), (0, 0.003), (2, 0.0003), (3, 0.0003), (1, 0.001), (2, 0.001), (3, 0.002), (4, 0.0004)]
    return [_fleet_case(rng, *kind) for kind in rng.sample(kinds, 8)]


def _fleet_case(rng: random.Random, dear: int, cheap: float) -> FleetCase:
    """Draws again while dear models are cold so often in the next hours, by luck, that no plan could have known."""
    while True:
        given = fleet(rng, dear, cheap)
        hours = [next_hour(rng, given) for _ in range(HOURS)]
        least = least_usd(hours)
        if mean_usd(hours, *best_plan([given])) <= (1 + LUCK) * least:
            return FleetCase(given, hours, least)


def mean_usd(hours: list[dict], own: Collection[str], shared: int) -> float:
    """What a plan costs in these hours on average."""
    return fmean(hour_usd(hour, own, shared) for hour in hours)


def least_usd(hours: list[dict]) -> float:
    """What the best plan found costs in these hours on average."""
    return mean_usd(hours, *best_plan(hours))


def best_plan(hours: list[dict]) -> Plan:
    """The best plan found: for each number of shared instances, models get their own while it pays."""
    names = list(hours[0]["models"])
    best, least = (names, 0), mean_usd(hours, names, 0)
    for shared in range(1, MOST_SHARED + 1):
        own: set[str] = set()
        cost = mean_usd(hours, own, shared)
        while left := [name for name in names if name not in own]:
            costs = {name: mean_usd(hours, own | {name}, shared) for name in left}
            name = min(costs, key=costs.get)
            if costs[name] >= cost:
                break
            own, cost = own | {name}, costs[name]
        if cost < least:
            best, least = (list(own), shared), cost
    return best


def stored() -> dict[str, list]:
    """What the fleets of practice cost with the best plans."""
    return {"graders/m09_deployment_options/m09_2_practice.json": [round(least_usd([fleet]), 6) for fleet in practice_fleets()]}
