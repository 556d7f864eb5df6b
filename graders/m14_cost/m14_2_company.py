"""A plan for a company's year: whether it is one, which limits it breaks, and what it costs (m14_2_ex4)."""

from __future__ import annotations

import math
from typing import Any

from course.grading import Answer, Report

from . import m14_2_replay as company

EXAMPLE = 11  # the seed of the practice company
EXAMPLE_BILL = 5_497.0  # dollars: what the best plan costs it in a year like the last one; a test computes it
GROWTHS = (1.0, 1.05, 1.1)  # how much the website's load may grow
ENOUGH = 1.05  # of the best plan's bill
UNITS = {"website": "slow hours", "scores": "hours", "training": "hours", "airports": "ms", "helpdesk": "ms"}


def judge_example(answer: Answer, report: Report) -> None:
    """Report the part practice: the plan for one company keeps all limits in three years, and costs little more than the best."""
    facts = company.company(EXAMPLE)
    plan = answer.call("plan", facts)
    if problem := refused(facts, plan):
        report.part("practice", False, f"`plan(facts)` returned a plan. {problem}")
        return
    for growth in GROWTHS:
        year = company.next_year(facts, growth, 0)
        if broken := problems(year, plan):
            report.part("practice", False, f"In a year in which the website has {growth:g} times the load: {broken[0]}")
            return
    costs = bill(facts, plan)
    said = f"All limits are kept, and the company pays {costs / bill(facts, company.today(facts)):.0%} of its bill."
    if costs > ENOUGH * EXAMPLE_BILL:
        report.part("practice", False, f"{said} Another plan costs {1 - EXAMPLE_BILL / costs:.0%} less. {_dear(facts, plan)}")
        return
    report.part("practice", True, said)


def refused(facts: dict, plan: dict) -> str:
    """Why this is no plan; ``""`` if it is one."""
    wanted = {*company.WORKLOADS, "commitment"}
    if missing := sorted(wanted - set(plan)):
        return f"It has no `{missing[0]}`."
    if more := sorted(map(str, set(plan) - wanted)):
        return f"It has `{more[0]}`, which is no workload."
    for workload, options in company.options(facts).items():
        if plan[workload] not in [*options, company.today(facts)[workload]]:
            return f"Its `{workload}` is {plan[workload]!r}, which is none of `company.options(facts)[{workload!r}]`."
    commitment = plan["commitment"]
    if isinstance(commitment, bool) or not isinstance(commitment, int | float) or not math.isfinite(commitment) or commitment < 0:
        return f"Its `commitment` is {commitment!r}. Expected dollars an hour, not below 0."
    return ""


def broken(facts: dict, plan: dict[str, Any], seed: int = 1) -> list[str]:
    """The workloads that break their limits."""
    year = company.replay(facts, plan, seed)
    return list(year.index[~year.kept.to_numpy(dtype=bool)])


def problems(facts: dict, plan: dict[str, Any]) -> list[str]:
    """What is said of each workload that breaks its limit."""
    year = company.replay(facts, plan)
    return [
        f"`{name}` breaks its limit: {year.measured[name]:,.1f} {UNITS[name]}, and the limit is {year.limit[name]:,.1f}."
        for name in broken(facts, plan)
    ]


def bill(facts: dict, plan: dict[str, Any], seed: int = 1) -> float:
    """Dollars of a year. A workload that breaks its limit costs what it costs today."""
    back = {name: company.today(facts)[name] for name in broken(facts, plan, seed)}
    return company.dollars(company.replay(facts, plan | back, seed), plan["commitment"])


def _dear(facts: dict, plan: dict) -> str:
    """Where a plan could save more, without the option."""
    year = company.replay(facts, plan)
    if company.dollars(year, plan["commitment"]) > company.dollars(year):
        return "With this commitment it costs more than without. What is the load of an hour that is left?"
    costs = {}
    for workload, options in company.options(facts).items():
        if workload != "website":
            rows = [company.replay(facts, {workload: option}).loc[workload] for option in options]
            costs[workload] = year.dollars[workload] - min(row.dollars for row in rows if row.kept)
    worst = max(costs, key=lambda name: costs[name])
    if costs[worst] > 100:
        return f"`{worst}` has an option that keeps its limit for {costs[worst]:,.0f} dollars less."
    return "What about the website at night, and a commitment for what is left?"
