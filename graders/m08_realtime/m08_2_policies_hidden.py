# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Briefs that m08_2_ex3 is graded on, and what their days cost under the best policy."""

import random
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from .m08_2 import practice_briefs
from .m08_2_cases import MOST, STYLES, brief, day, replay

# A policy may be cheap on a brief's own day by luck, and dear on the unseen days. Such a brief is drawn again: one on which a policy costs
# at most AMONG_BEST times the least of its grid, and more than HARDLY_MORE times the least on the unseen days.
# Batches are also drawn again when the best policy on requests costs less than CLEARLY_MORE times the least: the metric would not matter.
AMONG_BEST, HARDLY_MORE, CLEARLY_MORE = 1.01, 1.03, 1.08
BUSY, BETWEEN = (0.25, 0.35, 0.45, 0.55, 0.65, 0.75), (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)  # targets, by how busy an instance would be


class Case(NamedTuple):
    """A brief, unseen days of the same endpoint, and what these cost on average under the best policy."""

    brief: dict
    days: list[dict]
    least: float


def cases(rng: random.Random, count: int, days: int) -> list[Case]:
    return rng.sample([_case(rng, STYLES[number % 3], bool(number % 2), days) for number in range(count)], count)


def _case(rng: random.Random, style: str, dear: bool, count: int) -> Case:
    while True:
        one = brief(rng, style, dear)
        days = [day(rng, one) for _ in range(count)]
        by_metric = {metric: min(costs(days, some)) for metric, some in _by_metric(policies(one)).items()}
        least = min(by_metric.values())
        metric_matters = style != "batches" or by_metric["InvocationsPerInstance"] >= CLEARLY_MORE * least
        if metric_matters and not _has_luck(one, days, least):
            return Case(one, days, least)


def _by_metric(given: list[dict]) -> dict[str, list[dict]]:
    return {metric: [policy for policy in given if policy["metric"] == metric] for metric in ("InvocationsPerInstance", "CPUUtilization")}


def _has_luck(one: dict, days: list[dict], least: float) -> bool:
    """Whether a policy that is among the best on the brief's own day is none of them on the unseen days."""
    grids = (policies(one), _grid(one, BUSY, BUSY, 6, (1, 2, 4, 6)), _grid(one, BETWEEN, BETWEEN, 6, (1, 2, 3, 5)))
    return any(max(costs(days, _among_best(one, grid))) > HARDLY_MORE * least for grid in grids)


def _among_best(one: dict, grid: list[dict]) -> list[dict]:
    """The policies of a grid that cost hardly more than its best one on this day."""
    found = costs([one], grid)
    return [policy for policy, cost in zip(grid, found, strict=True) if cost <= AMONG_BEST * min(found)]


def policies(brief: dict) -> list[dict]:
    """Sensible policies, among which the best one is sought."""
    return _grid(brief, (*BUSY, 0.85), BUSY, 7, (1, 2, 4, 6, 8))


def _grid(brief: dict, requests: Sequence[float], processors: Sequence[float], besides: float, least: Sequence[int]) -> list[dict]:
    """Policies on two metrics, each with every minimum of ``least``.

    ``requests`` and ``processors`` say how busy an instance is at the targets of either metric. ``besides`` is the percentage of a
    processor's time that other work takes.
    """
    seconds = (brief["request_ms"] + brief["flight_ms"] * brief["_usual"]) / 1000
    targets = [("InvocationsPerInstance", busy * 60 / seconds) for busy in requests]
    targets += [("CPUUtilization", besides + 100 * busy * brief["cpu_share"]) for busy in processors]
    cooldowns = {"out_cooldown": 60 * brief["start_minutes"], "in_cooldown": 300}
    return [{"metric": metric, "target": target, **cooldowns, "min": low, "max": MOST} for metric, target in targets for low in least]


def costs(days: list[dict], tried: list[dict]) -> list[float]:
    """What these days cost on average under each policy."""
    return [fmean(replay(one, policy) for one in days) for policy in tried]


def stored() -> dict[str, list]:
    """What the days of practice cost under the best policy."""
    return {"graders/m08_realtime/m08_2_practice.json": [round(min(costs([one], policies(one))), 6) for one in practice_briefs()]}
