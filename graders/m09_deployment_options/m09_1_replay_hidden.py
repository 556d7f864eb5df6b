# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Replays briefs of m09_1_ex1: what their hours cost with each plan."""

from __future__ import annotations

import heapq
from bisect import bisect_right, insort
from dataclasses import asdict

from .m09_1 import practice_briefs
from .m09_1_cases import GB_SECOND_USD, KNOWN, OPTIONS, Replayed

IDLE = 300  # seconds after which a container goes, as in the lesson's given/replay.py
# Load as a share of the break-even, and whether late answers are dear: half of the briefs suit serverless, half real time.
LOADS = ((0.04, False), (0.08, True), (0.25, False), (0.3, True), (0.7, False), (0.7, True), (1.4, False), (1.4, True))


def cost(brief: dict, plan: dict, hours: int = KNOWN) -> float:
    """US dollars of the brief's hours with a plan: what is paid, and what late, refused and lost answers cost."""
    return outcome(brief, plan, hours)[0]


def outcome(brief: dict, plan: dict, hours: int = KNOWN) -> tuple[float, int]:
    """US dollars of the brief's hours with a plan, and how many answers were late, refused or lost."""
    if plan["kind"] == "real-time":
        answers = on_instances(brief["arrivals"], brief["instance_seconds"], plan["instances"])
        usd = plan["instances"] * brief["instance_usd"] * hours
    else:
        size, most = plan["memory_mb"] // 1024, plan["max_concurrency"]
        seconds = brief["seconds"][size - 1]
        answers = in_containers(brief["arrivals"], seconds, brief["cold_seconds"], most)
        if plan["memory_mb"] <= brief["model_mb"]:
            answers = [None] * len(answers)
        answered = len(answers) - answers.count(None)
        usd = most * brief["unit_usd"] * hours + answered * seconds * size * GB_SECOND_USD
    late = sum(taken is None or taken > brief["late_after"] for taken in answers)
    return usd + brief["late_usd"] * late, late


def cheapest(brief: dict) -> dict:
    return min(OPTIONS, key=lambda plan: cost(brief, plan))


def in_containers(arrivals: list[float], seconds: float, cold: float, most: int) -> list[float | None]:
    idle_from: list[float] = []
    answers: list[float | None] = []
    for arrival in arrivals:
        while idle_from and idle_from[0] + IDLE <= arrival:
            idle_from.pop(0)
        idle = bisect_right(idle_from, arrival)
        if not idle and len(idle_from) >= most:
            answers.append(None)
            continue
        taken = seconds if idle else seconds + cold
        if idle:
            idle_from.pop(idle - 1)
        answers.append(taken)
        insort(idle_from, arrival + taken)
    return answers


def on_instances(arrivals: list[float], seconds: float, count: int) -> list[float | None]:
    free, answers = [0.0] * count, []
    for arrival in arrivals:
        done = max(arrival, heapq.heappop(free)) + seconds
        heapq.heappush(free, done)
        answers.append(done - arrival)
    return answers


def replayed(brief: dict) -> Replayed:
    usd, late = zip(*(outcome(brief, plan) for plan in OPTIONS), strict=True)
    mixed = [
        brief | {name: brief[name] / KNOWN for name in members}
        for members in (("instance_usd", "unit_usd"), ("instance_usd",), ("unit_usd",))
    ]
    hours_mixed = [OPTIONS.index(cheapest(each)) for each in mixed]
    return Replayed(list(usd), list(late), hours_mixed, OPTIONS.index(cheapest(brief | {"cold_seconds": 0.0})))


def stored() -> dict[str, list]:
    return {"graders/m09_deployment_options/m09_1_practice.json": [asdict(replayed(brief)) for brief in practice_briefs()]}
