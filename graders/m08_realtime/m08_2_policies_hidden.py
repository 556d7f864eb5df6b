# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Briefs that m08_2_ex3 is graded on, and what their days cost under the best policy."""

import json
import random
from functools import lru_cache
from statistics import fmean

from .m08_2 import practice_briefs
from .m08_2_cases import MOST, STYLES, brief, replay


def briefs(rng: random.Random, count: int) -> list[dict]:
    return rng.sample([brief(rng, STYLES[number % 3], dear=bool(number % 2)) for number in range(count)], count)


def policies(brief: dict) -> list[dict]:
    """Sensible policies, among which the best one is sought: targets by how busy an instance would be."""
    usual = brief["_usual"]
    seconds = (brief["request_ms"] + brief["flight_ms"] * usual) / 1000
    targets = [("InvocationsPerInstance", busy * 60 / seconds) for busy in (0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85)]
    targets += [("CPUUtilization", 7 + 100 * busy * brief["cpu_share"]) for busy in (0.25, 0.35, 0.45, 0.55, 0.65, 0.75)]
    return [
        {"metric": metric, "target": target, "out_cooldown": 60 * brief["start_minutes"], "in_cooldown": 300, "min": least, "max": MOST}
        for metric, target in targets
        for least in (1, 2, 4, 6, 8)
    ]


def best(days: list[dict]) -> float:
    """What these days cost under the policy that suits them best."""
    return _best(json.dumps(days))


@lru_cache(64)
def _best(days: str) -> float:
    replayed = json.loads(days)
    return min(fmean(replay(one, policy) for one in replayed) for policy in policies(replayed[0]))


def stored() -> dict[str, list]:
    """What the days of practice cost under the best policy."""
    return {"graders/m08_realtime/m08_2_practice.json": [round(best([one]), 6) for one in practice_briefs()]}
