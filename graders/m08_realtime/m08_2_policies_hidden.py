# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Briefs that m08_2_ex3 is graded on, and what their days cost under the best policy."""

import json
import random
from collections.abc import Sequence
from functools import lru_cache
from statistics import fmean

from .m08_2 import practice_briefs
from .m08_2_cases import MOST, STYLES, brief, day, replay

# Some policies suit a day by luck. Where one that is among the best of a grid on a brief's own day costs more on the unseen days, another
# brief is drawn; also where batches cost hardly more under the best policy of requests, so that the metric would not count.
AMONG_BEST, HARDLY_MORE, CLEARLY_MORE = 1.01, 1.03, 1.08  # times the least
BUSY, BETWEEN = (0.25, 0.35, 0.45, 0.55, 0.65, 0.75), (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)  # targets, by how busy an instance would be


def cases(rng: random.Random, count: int, days: int) -> list[tuple[dict, list[dict]]]:
    """Briefs, each with other days of its endpoint."""
    return rng.sample([_case(rng, STYLES[number % 3], bool(number % 2), days) for number in range(count)], count)


def _case(rng: random.Random, style: str, dear: bool, count: int) -> tuple[dict, list[dict]]:
    while True:
        one = brief(rng, style, dear)
        days = [day(rng, one) for _ in range(count)]
        if (style != "batches" or _needs_processors(days)) and not _by_luck(one, days):
            return one, days


def _needs_processors(days: list[dict]) -> bool:
    requests = [cost for cost, policy in zip(costs(days), policies(days[0]), strict=True) if policy["metric"] == "InvocationsPerInstance"]
    return min(requests) >= CLEARLY_MORE * best(days)


def _by_luck(one: dict, days: list[dict]) -> bool:
    grids = (policies(one), _grid(one, BUSY, BUSY, 6, (1, 2, 4, 6)), _grid(one, BETWEEN, BETWEEN, 6, (1, 2, 3, 5)))
    suit = (policy for grid in grids for policy in _among_best(one, grid))
    return any(fmean(replay(unseen, policy) for unseen in days) > HARDLY_MORE * best(days) for policy in suit)


def _among_best(one: dict, grid: list[dict]) -> list[dict]:
    """The policies of a grid that hardly differ from its best one on this day."""
    found = [replay(one, policy) for policy in grid]
    return [policy for policy, cost in zip(grid, found, strict=True) if cost <= AMONG_BEST * min(found)]


def policies(brief: dict) -> list[dict]:
    """Sensible policies, among which the best one is sought."""
    return _grid(brief, (*BUSY, 0.85), BUSY, 7, (1, 2, 4, 6, 8))


def _grid(brief: dict, requests: Sequence[float], processors: Sequence[float], besides: float, least: Sequence[int]) -> list[dict]:
    """Policies of two metrics, by how busy an instance would be; ``besides`` is the percentage that a processor does besides."""
    seconds = (brief["request_ms"] + brief["flight_ms"] * brief["_usual"]) / 1000
    targets = [("InvocationsPerInstance", busy * 60 / seconds) for busy in requests]
    targets += [("CPUUtilization", besides + 100 * busy * brief["cpu_share"]) for busy in processors]
    cooldowns = {"out_cooldown": 60 * brief["start_minutes"], "in_cooldown": 300}
    return [{"metric": metric, "target": target, **cooldowns, "min": low, "max": MOST} for metric, target in targets for low in least]


def best(days: list[dict]) -> float:
    """What these days cost under the policy that suits them best."""
    return min(costs(days))


def costs(days: list[dict]) -> tuple[float, ...]:
    """What these days cost on average under each of the `policies`."""
    return _costs(json.dumps(days))


@lru_cache(64)
def _costs(days: str) -> tuple[float, ...]:
    replayed = json.loads(days)
    return tuple(fmean(replay(one, policy) for one in replayed) for policy in policies(replayed[0]))


def stored() -> dict[str, list]:
    """What the days of practice cost under the best policy."""
    return {"graders/m08_realtime/m08_2_practice.json": [round(best([one]), 6) for one in practice_briefs()]}
