"""Evaluates budgets three times a day on the clock, as AWS does ("Managing your costs with AWS Budgets"): at 0, 8 and 16 o'clock (UTC)."""

from __future__ import annotations

from course.localaws.budgets import periods
from course.localaws.budgets.actions import Actions
from course.localaws.budgets.notifications import Notifier
from course.localaws.budgets.spending import Spending
from course.localaws.budgets.store import Budget, BudgetStore
from course.localaws.platform import Platform

EVERY = 8 * 3600.0


class BudgetTimers:
    """The evaluation of all budgets, as one task of the scheduler."""

    def __init__(self, platform: Platform, store: BudgetStore, notifier: Notifier, actions: Actions) -> None:
        self._platform, self._store, self._notifier, self._actions = platform, store, notifier, actions
        self._spending = Spending(platform)
        self._due: float | None = None
        platform.scheduler.add(lambda: self._due, self._run)

    def start(self) -> None:
        """Plan the next evaluation if there is a budget. Called after a start, and when a budget is made."""
        if self._due is None and self._store.any():
            self._due = _next(self._platform.clock.now())
            self._platform.scheduler.wake()

    def stop(self) -> None:
        """All budgets are deleted."""
        self._due = None

    def _run(self, moment: float) -> None:
        for budget in self._store.all():
            with self._store.changing():
                present = self._store.get(budget.name)
                if present is not None:
                    self._evaluate(present, moment)
        self._due = _next(moment) if self._store.any() else None

    def _evaluate(self, budget: Budget, moment: float) -> None:
        if moment >= budget.given["TimePeriod"]["End"]:  # then AWS deletes the budget (API reference, TimePeriod)
            self._store.delete(budget.name)
            return
        # At midnight this is the day that has just ended, whose last hours no other evaluation sees.
        begin, _ = periods.period(budget.given, moment - 1)
        if begin > moment:
            return
        budget.actual = self._spending.actual(budget.given, begin, moment)
        budget.forecast = self._spending.forecast(budget.given, budget.actual, moment - 1)
        for notification in budget.notifications:
            self._notifier.evaluate(budget, notification, begin, moment)
        for action in budget.actions:
            self._actions.evaluate(budget, action, begin, moment)
        self._store.put(budget)


def _next(moment: float) -> float:
    return (moment // EVERY + 1) * EVERY
