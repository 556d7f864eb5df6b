"""What a budget tracks: the costs or the usage of its period so far, and those to expect until its end.

Differs from AWS: its forecast is a closed model. Here each coming day costs what the last 30 days did on average. As on AWS, a forecast
needs about five weeks of usage ("Best practices for AWS Budgets", AWS Cost Management User Guide).
"""

from __future__ import annotations

from course.localaws.billing.charges import Charge, Step, charges, daily, monthly
from course.localaws.budgets import filters, periods
from course.localaws.platform import Platform

DAY = 86_400.0
LEARNED_DAYS, FEWEST_DAYS = 30, 35


class Spending:
    """Computes costs and usage of budgets."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def actual(self, budget: dict, begin: float, end: float) -> float:
        """Costs in US dollars, or usage in the unit of the budget's limit, between two times in Unix seconds."""
        return sum(_amount(budget, line) for line in self._lines(budget, begin, end, monthly))

    def forecast(self, budget: dict, actual: float, moment: float) -> float | None:
        """What the whole period will cost; None without enough history."""
        since = self._platform.usage.first()
        if since is None or moment - since < FEWEST_DAYS * DAY:
            return None
        today = periods.start_of("DAILY", moment)
        learned = self._lines(budget, today - LEARNED_DAYS * DAY, today, daily)
        a_day = sum(_amount(budget, line) for line in learned) / LEARNED_DAYS
        _, end = periods.period(budget, moment)
        return actual + a_day * (end - moment) / DAY

    def _lines(self, budget: dict, begin: float, end: float, step: Step) -> list[Charge]:
        selected = filters.test(self._platform.account, budget)
        self._platform.requests.flush()
        active = self._platform.allocation_tags.active()
        found = charges(self._platform.usage, begin, end, step, end, active, by_resource=False)
        return [line for line in found if selected(line)]


def limit(budget: dict, moment: float) -> float:
    """The amount of a budget at a time: its limit, or the planned one of the period."""
    planned = budget.get("PlannedBudgetLimits")
    if not planned:
        return float(budget["BudgetLimit"]["Amount"])
    begun = [at for at in planned if float(at) <= moment] or [min(planned, key=float)]
    return float(planned[max(begun, key=float)]["Amount"])


def unit(budget: dict) -> str:
    """The unit of a budget's amounts: ``"USD"``, or that of its usage."""
    amounts = [budget["BudgetLimit"]] if "BudgetLimit" in budget else list(budget["PlannedBudgetLimits"].values())
    return amounts[0]["Unit"]


def _amount(budget: dict, line: Charge) -> float:
    if budget["BudgetType"] == "COST":
        return line.cost or 0.0
    return line.amount if line.unit == unit(budget) else 0.0
