"""Operations on budgets and their tags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from course.localaws.budgets import checks, periods
from course.localaws.budgets.filters import invalid
from course.localaws.budgets.operations.lookup import check_account, find_action, find_budget
from course.localaws.budgets.operations.notifications import add_notification
from course.localaws.budgets.spending import Spending, limit, unit
from course.localaws.budgets.store import Action, Budget, BudgetStore
from course.localaws.budgets.timers import BudgetTimers
from course.localaws.ce.costs import amount
from course.localaws.context import Context, Operation
from course.localaws.core import paging, tag_rules
from course.localaws.core.errors import AwsError

PAGE = 100
_EXPRESSION = ("FilterExpression", "Metrics")


class Budgets:
    """The operations."""

    def __init__(self, store: BudgetStore, timers: BudgetTimers, spending: Spending) -> None:
        self._store, self._timers, self._spending = store, timers, spending

    def operations(self) -> dict[str, Operation]:
        return {
            "CreateBudget": self.create,
            "DeleteBudget": self.delete,
            "DescribeBudget": self.describe,
            "DescribeBudgetPerformanceHistory": self.history,
            "DescribeBudgets": self.describe_all,
            "ListTagsForResource": self.list_tags,
            "TagResource": self.tag,
            "UntagResource": self.untag,
            "UpdateBudget": self.update,
        }

    def create(self, context: Context, params: dict) -> None:
        check_account(context, params)
        now = context.platform.clock.now()
        given = checks.completed(params["Budget"], context.account, now)
        budget = Budget(given, now, tags=tag_rules.merged((), params.get("ResourceTags", ())))
        for each in params.get("NotificationsWithSubscribers", ()):
            add_notification(budget, each["Notification"], each["Subscribers"])
        with self._store.changing():
            if self._store.get(budget.name) is not None:
                raise AwsError("DuplicateRecordException", f"Error creating budget: {budget.name} - the budget already exists.")
            self._store.put(budget)
        self._timers.start()

    def update(self, context: Context, params: dict) -> None:
        """UpdateBudget. What was computed before is forgotten, as on AWS."""
        check_account(context, params)
        now = context.platform.clock.now()
        given = checks.completed(params["NewBudget"], context.account, now)
        with self._store.changing():
            budget = find_budget(self._store, given["BudgetName"], "update budget")
            budget.given, budget.updated, budget.actual, budget.forecast = given, now, None, None
            self._store.put(budget)

    def delete(self, context: Context, params: dict) -> None:
        check_account(context, params)
        with self._store.changing():
            self._store.delete(find_budget(self._store, params["BudgetName"], "delete budget").name)
            if not self._store.any():
                self._timers.stop()

    def describe(self, context: Context, params: dict) -> dict:
        check_account(context, params)
        return {"Budget": _shown(find_budget(self._store, params["BudgetName"]), params)}

    def describe_all(self, context: Context, params: dict) -> dict:
        check_account(context, params)
        budgets = [(each.name, _shown(each, params)) for each in self._store.all()]
        shown, following = paging.ordered_page(budgets, params, PAGE)
        return {"Budgets": shown, "NextToken": following}

    def history(self, context: Context, params: dict) -> dict:
        """DescribeBudgetPerformanceHistory. Costs are those of the bill as it is now; a budget tells them for the time before it, too."""
        check_account(context, params)
        budget = find_budget(self._store, params["BudgetName"])
        given, now = budget.given, context.platform.clock.now()
        if given["TimeUnit"] in ("ANNUALLY", "CUSTOM"):
            raise invalid(f"A budget with the time unit {given['TimeUnit']} has no history.")
        asked = params.get("TimePeriod", {})
        since = max(asked.get("Start", 0.0), periods.oldest(given["TimeUnit"], now), given["TimePeriod"]["Start"])
        rows = []
        for begin, end in periods.past(given, since, min(asked.get("End", now), now)):
            spent = self._spending.actual(given, begin, min(end, now))
            budgeted, actual = ({"Amount": amount(value), "Unit": unit(given)} for value in (limit(given, begin), spent))
            span = {"Start": begin, "End": end}
            rows.append((str(begin), {"BudgetedAmount": budgeted, "ActualAmount": actual, "TimePeriod": span}))
        shown, following = paging.ordered_page(rows, params, PAGE)
        members = ("BudgetName", "BudgetType", "CostFilters", "CostTypes", "TimeUnit", *_EXPRESSION)
        history = {member: given[member] for member in members if member in given}
        return {"BudgetPerformanceHistory": history | {"BudgetedAndActualAmountsList": shown}, "NextToken": following}

    # Tags

    def list_tags(self, context: Context, params: dict) -> dict:
        with self._tagged(context, params) as owner:
            return {"ResourceTags": owner.tags}

    def tag(self, context: Context, params: dict) -> None:
        self._retag(context, params, lambda tags: tag_rules.merged(tags, params["ResourceTags"]))

    def untag(self, context: Context, params: dict) -> None:
        self._retag(context, params, lambda tags: [tag for tag in tags if tag["Key"] not in params["ResourceTagKeys"]])

    def _retag(self, context: Context, params: dict, change: Callable[[list[dict]], list[dict]]) -> None:
        with self._tagged(context, params) as owner:
            owner.tags = change(owner.tags)

    @contextmanager
    def _tagged(self, context: Context, params: dict) -> Iterator[Budget | Action]:
        """The budget or action of a ``ResourceARN``; stored again at the end of the block. Raises AwsError ``NotFoundException``."""
        name, _, action_id = params["ResourceARN"].partition(":budget/")[2].partition("/action/")
        with self._store.changing():
            budget = find_budget(self._store, name)
            yield find_action(budget, action_id) if action_id else budget
            self._store.put(budget)


def _shown(budget: Budget, params: dict) -> dict:
    """The ``Budget`` of an answer."""
    hidden = () if params.get("ShowFilterExpression") else _EXPRESSION
    given = {key: value for key, value in budget.given.items() if key not in hidden}
    spent = {"ActualSpend": {"Amount": amount(budget.actual or 0.0), "Unit": unit(given)}}
    if budget.forecast is not None:
        spent["ForecastedSpend"] = {"Amount": amount(budget.forecast), "Unit": unit(given)}
    health = {"Status": "HEALTHY", "LastUpdatedTime": budget.updated}
    return given | {"CalculatedSpend": spent, "LastUpdatedTime": budget.updated, "HealthStatus": health}
