"""What it costs to be called by a monitor of one feature, or not to be called (m12_1_ex4)."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import pandas as pd

from course.grading import Answer, Report
from course.grading.scoring import regret_share

from .m12_1_incoming import sensor_stuck
from .m12_1_past import year
from .m12_1_windows import BASELINES, DAYS, windows

UNTIL, MONTH = "2013-03-31", 28  # the last day of the training data; days
SAMPLE = 0.1  # of the flights is captured
CHOICE = {"baseline", "days", "limit"}

Broken = Callable[[pd.DataFrame], pd.DataFrame]


def _unit(feature: str, convert: Callable[[pd.Series], pd.Series]) -> Broken:
    return lambda flights: flights.assign(**{feature: convert(flights[feature])})


def _stuck(feature: str) -> Broken:
    return lambda flights: sensor_stuck(flights, feature)


FAULTS: dict[str, tuple[str, Broken]] = {  # words -> the feature, and how it breaks
    "temperatures in Celsius": ("temp", _unit("temp", lambda degrees: (degrees - 32) / 1.8)),
    "a temperature that is stuck": ("temp", _stuck("temp")),
    "wind in metres a second": ("wind_speed", _unit("wind_speed", lambda miles: miles * 0.447)),
    "wind in knots": ("wind_speed", _unit("wind_speed", lambda miles: miles * 0.869)),
    "a humidity that is stuck": ("humid", _stuck("humid")),
    "a pressure that is stuck": ("pressure", _stuck("pressure")),
    "visibility in kilometres": ("visib", _unit("visib", lambda miles: miles * 1.609)),
    "distances in kilometres": ("distance", _unit("distance", lambda miles: miles * 1.609)),
    "hours in UTC": ("hour", _unit("hour", lambda hour: (hour + 5) % 24)),
}
PRACTICE = ("temperatures in Celsius", "wind in knots", "distances in kilometres")
GRADED = 3  # faults that are drawn
COSTS = (  # the ranges from which a team draws page, day and breakages
    ((400, 900), (100, 300), (0.02, 0.08)),  # calls are dear, a breakage is not
    ((50, 150), (1_500, 4_000), (0.2, 0.6)),
)


@dataclass(frozen=True)
class Case:
    """A feature that breaks in one way, in words; its windows, and what a team pays."""

    words: str
    history: pd.DataFrame
    costs: dict[str, float]


def drawn_costs(rng: random.Random, number: int) -> dict[str, float]:
    """What a team of one of the kinds of `COSTS` pays."""
    (page, day, breakages) = COSTS[number % len(COSTS)]
    return {"page": rng.randint(*page), "day": rng.randint(*day), "breakages": round(rng.uniform(*breakages), 3)}


def cases(rng: random.Random, faults: Sequence[str]) -> list[Case]:
    """For each fault a case of each kind of team, on captured flights that are drawn."""
    seed = rng.getrandbits(32)
    return [Case(words, history(words, seed), drawn_costs(rng, number)) for words in faults for number in range(len(COSTS))]


@cache
def history(words: str, seed: int) -> pd.DataFrame:
    """The windows of a fault, for a sample of the year's flights."""
    feature, broken = FAULTS[words]
    flights = year().sample(frac=SAMPLE, random_state=seed).sort_values("date", kind="stable", ignore_index=True)
    return windows(flights, broken(flights), feature, UNTIL)


def cost(history: pd.DataFrame, costs: dict[str, float], baseline: str, days: int, limit: float) -> float:
    """Dollars in 28 days."""
    some = history[(history.baseline == baseline) & (history.days == days)]
    false, caught = float((some.sound > limit).mean()), float((some.broken > limit).mean())
    unnoticed = min(MONTH, days / 2 + days * (1 / caught - 1)) if caught else MONTH
    return MONTH / days * false * costs["page"] + costs["breakages"] * costs["day"] * unnoticed


def judge_choices(answer: Answer, report: Report, part: str, given: Sequence[Case], least: Sequence[float]) -> None:
    """Ask the learner's function for each case, and compare what its choices cost with the least that is possible."""
    choices = [answer.call("choose", case.history, dict(case.costs)) for case in given]
    for case, choice in zip(given, choices, strict=True):
        if said := _malformed(choice):
            report.part(part, False, f"For {case.words}, `choose(...)` returns {choice!r}; {said}.")
            return
    prices = [cost(case.history, case.costs, **choice) for case, choice in zip(given, choices, strict=True)]
    shares = [regret_share(price, best) for price, best in zip(prices, least, strict=True)]
    poor = [number for number, share in enumerate(shares) if share < 1]
    said = f"{len(shares) - len(poor)} of {len(shares)} choices cost as little as possible, or nearly so. "
    if poor:
        said += _why(given[poor[0]], choices[poor[0]], prices[poor[0]]) + _habit(choices)
    report.part(part, sum(shares) / len(shares), said)


def _malformed(choice: dict) -> str:
    if set(choice) != CHOICE:
        return "expected a dict with 'baseline', 'days' and 'limit'"
    if choice["baseline"] not in BASELINES or choice["days"] not in DAYS:
        return f"expected a baseline of {BASELINES} and days of {DAYS}"
    limit = choice["limit"]
    if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not 0 <= limit <= 1:
        return "expected a limit from 0 to 1"
    return ""


def _why(case: Case, choice: dict, price: float) -> str:
    some = case.history[(case.history.baseline == choice["baseline"]) & (case.history.days == choice["days"])]
    false, caught = (float((some[name] > choice["limit"]).mean()) for name in ("sound", "broken"))
    costs = case.costs
    calls = MONTH / choice["days"] * false * costs["page"]
    return (
        f"For {case.words}, with {costs['page']} dollars a call and {costs['breakages']} breakages of {costs['day']} dollars a day, yours "
        f"costs {price:,.0f} dollars in 28 days: {calls:,.0f} for false calls (of {false:.0%} of the sound windows), and "
        f"{price - calls:,.0f} for breakages ({caught:.0%} of the broken windows are caught). Another choice costs less."
    )


def _habit(choices: Sequence[dict]) -> str:
    """A question about what is the same in all choices."""
    questions = {
        "limit": "Your limit is always the same: does it fit each feature and each team?",
        "days": "Your windows always have the same length: what does a longer one cost, and what does it save?",
        "baseline": "Your baseline is always the same: from which one is this feature told better?",
    }
    same = [name for name in questions if len({str(choice[name]) for choice in choices}) == 1]
    return f" {questions[same[0]]}" if same and len(choices) > 1 else ""
