# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Commitments for unseen years, compared with the best ones (m14_1_ex4)."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd

from course.grading import Answer, Report

from .m14_1_commitment import WITHIN, cost, judge_practice, mistake, refused

HOURS = 8_760
STEPS = ((WITHIN, 1.0), (0.01, 0.4), (0.03, 0.2))  # (more than the least cost up to, share)
YEARS = 4


def judge_years(answer: Answer, report: Report) -> None:
    """Report all parts of m14_1_ex4."""
    judge_practice(answer, report)
    report.finished("practice")
    rng = answer.rng
    years = [_year(rng, number % 2 == 0) for number in range(YEARS)]
    _judge(answer, report, "years", [(load, discount) for load, discount in zip(years, _discounts(rng, YEARS), strict=True)])
    report.finished("years")
    edges = [_constant(rng), _short(rng), _often_nothing(rng)]
    _judge(answer, report, "edges", [(load, discount) for load, discount in zip(edges, _discounts(rng, len(edges)), strict=True)])


def _judge(answer: Answer, report: Report, part: str, cases: list[tuple[pd.DataFrame, float]]) -> None:
    for load, discount in cases:
        given = answer.call("commitment", load, discount)
        said = f"`commitment(...)` was called with {len(load):,} hours and a discount of {discount}."
        if problem := refused(given):
            report.part(part, False, f"{said} {problem}")
            continue
        least = min_cost(load, discount)
        more = cost(load, given, discount) / least - 1
        share = next((share for limit, share in STEPS if more <= limit), 0.0)
        report.part(part, share, f"{said} The commitment costs {more:.1%} more than the best one. {_mistake(load, given, discount)}")


def min_cost(load: pd.DataFrame, discount: float) -> float:
    """The least that hosting and training can cost. The cost bends at the loads of hours only, so one of these is covered at best."""
    used = np.sort((load["hosting"] + load["training"]).to_numpy())
    above = used[::-1].cumsum()[::-1] - used * np.arange(len(used), 0, -1)  # what is on demand if the plan covers the load of an hour
    return float(min((len(used) * (1 - discount) * used + above).min(), used.sum()))


def _mistake(load: pd.DataFrame, given: float, discount: float) -> str:
    used = (load["hosting"] + load["training"]).quantile([1 - discount])
    if abs(given - used.iloc[0] * (1 - discount)) <= 0.01 * given:
        return "A higher discount makes your number smaller. What does a higher discount do to the loss in an hour without load?"
    return mistake(load, given, discount)


def _discounts(rng: random.Random, count: int) -> list[float]:
    """Small and large ones in turn, none of them near a half, where a mistake and the right answer meet."""
    return [round(rng.uniform(0.2, 0.35) if number % 2 else rng.uniform(0.58, 0.68), 2) for number in range(count)]


def _year(rng: random.Random, busy_by_day: bool) -> pd.DataFrame:
    """The load of a year: hosting by day and training by night, or little hosting and much training."""
    draw, hour = np.random.default_rng(rng.getrandbits(32)), np.arange(HOURS)
    day = np.clip(np.sin((hour % 24 - 6) / 24 * 2 * np.pi), 0, None)
    hosting = draw.uniform(1, 3) + day * draw.uniform(3, 8) * (1 if busy_by_day else 0.2)
    training = (draw.random(HOURS) < draw.uniform(0.75, 0.95)) * draw.gamma(2.0, 1.5 if busy_by_day else 4.0, HOURS)
    spot = (draw.random(HOURS) < 0.5) * draw.gamma(2.0, 4.0, HOURS)
    storage = draw.uniform(0.5, 2.0) + hour / HOURS
    return _table(hosting, training, spot, storage)


def _constant(rng: random.Random) -> pd.DataFrame:
    hours, load = rng.randint(20, 60), rng.uniform(3, 9)
    return _table(np.full(hours, load), np.zeros(hours), np.full(hours, 5.0), np.ones(hours))


def _short(rng: random.Random) -> pd.DataFrame:
    """A single hour, or ten of which one or nine have little load: the best commitment does not hang on how many there are exactly."""
    hours, few = rng.choice((1, 10)), rng.choice((1, 9))
    hosting = np.array([1.0] * few + [rng.uniform(5, 9)] * hours)[:hours]
    training = np.full(hours, rng.uniform(1, 3))
    return _table(hosting, training, np.full(hours, rng.uniform(1, 4)), np.ones(hours))


def _often_nothing(rng: random.Random) -> pd.DataFrame:
    """Many hours have no load at all."""
    hours, share = rng.randint(500, 900), rng.choice((0.1, 0.9))
    there = np.array([rng.random() < share for _ in range(hours)])
    hosting, training = (there * np.array([rng.uniform(1, 8) for _ in range(hours)]) for _ in range(2))
    return _table(hosting, training, np.full(hours, 3.0), np.ones(hours))


def _table(hosting: np.ndarray, training: np.ndarray, spot: np.ndarray, storage: np.ndarray) -> pd.DataFrame:
    columns = {"hosting": hosting, "training": training, "spot": spot, "storage": storage}
    return pd.DataFrame({name: np.round(values, 4) for name, values in columns.items()})
