# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Plans for unseen companies, judged in their next years and compared with the best ones (m14_2_ex4)."""

from __future__ import annotations

import random

import numpy as np

from course.grading import Answer, Report

from . import m14_2_replay as company
from .m14_2_company import bill, broken, judge_example, refused

TIMES = 3  # as much load has the website of one of the two companies: no one plan suits both
YEARS = ((1.0, 1.03), (1.07, 1.1))  # growth of the website's load, drawn between these
HALVED = ((0.5, 1.0), (0.55, 0.5))  # (share of today's bill up to, share of the points)
BEST = ((1.05, 1.0), (1.12, 0.5))  # (multiple of the best plan's bill up to, share of the points)
UNLUCKY = 20  # years that are drawn at most
PLANNED_FOR = (1.0, 1.05, 1.1)  # the years for which the best plan is made


def judge_companies(answer: Answer, report: Report) -> None:
    """Report all parts of m14_2_ex4."""
    judge_example(answer, report)
    report.finished("practice")
    for facts in _two(answer.rng):
        _judge(answer, report, facts)
    report.finished("half", "best")


def _two(rng: random.Random) -> tuple[dict, dict]:
    """Two companies, one of them much busier."""
    while True:
        pair = company.company(rng.getrandbits(32)), company.company(rng.getrandbits(32))
        one, other = (facts["website"]["load"].mean() / facts["website"]["capacity"]["ml.m5.large"] for facts in pair)
        if max(one, other) >= TIMES * min(one, other):
            return pair


def _judge(answer: Answer, report: Report, facts: dict) -> None:
    rng = answer.rng
    plan = answer.call("plan", facts)
    if problem := refused(facts, plan):
        for part in ("half", "best"):
            report.part(part, False, f"`plan(facts)` returned a plan for an unseen company. {problem}")
        return
    best_one = best_plan(facts)
    costs, best, today, gone = 0.0, 0.0, 0.0, []
    for growth in YEARS:
        year, seed = _year(facts, best_one, growth, rng)
        costs, today = costs + bill(year, plan, seed), today + bill(year, company.today(facts), seed)
        best += bill(year, best_one, seed)
        gone += broken(year, plan, seed)
    said = f"An unseen company pays {costs / today:.0%} of its bill in the next years."
    if gone:
        said += f" Its limits break in {', '.join(f'`{name}`' for name in dict.fromkeys(gone))}, which costs what it costs today."
    nearly = _share(BEST, costs / best)
    report.part("half", 1.0 if nearly == 1 else _share(HALVED, costs / today), said)  # a few companies have no half
    report.part("best", nearly, f"{said} The best plan pays {best / today:.0%}.")


def _share(steps: tuple[tuple[float, float], ...], multiple: float) -> float:
    return next((share for limit, share in steps if multiple <= limit), 0.0)


def _year(facts: dict, best: dict, growth: tuple[float, float], rng: random.Random) -> tuple[dict, int]:
    """A next year and the seed of its Spot instances. Not one that is so unlucky that even the best plan breaks a limit."""
    for _ in range(UNLUCKY):
        year, seed = company.next_year(facts, rng.uniform(*growth), rng.getrandbits(31) + 1), rng.getrandbits(31) + 1
        if not broken(year, best, seed):
            break
    return year, seed


def best_plan(facts: dict) -> dict:
    """The cheapest option of each workload that keeps its limit however busy the next year is, and the best commitment for them."""
    years = [company.next_year(facts, growth, 0) for growth in PLANNED_FOR]
    plan = {}
    for workload, options in company.options(facts).items():
        least = float("inf")
        for option in options:
            first = company.replay(years[0], {workload: option}).loc[workload]
            if first.kept and first.dollars < least and not any(broken(year, {workload: option}) for year in years[1:]):
                plan[workload], least = option, first.dollars
    planned = company.replay(years[0], plan).attrs["planned"]
    return plan | {"commitment": float(np.quantile(planned, company.DISCOUNT)) * (1 - company.DISCOUNT)}
