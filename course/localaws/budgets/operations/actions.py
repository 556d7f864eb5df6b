"""Operations on the actions of budgets."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from course.localaws.budgets import checks
from course.localaws.budgets.actions import STANDBY, Actions, shown
from course.localaws.budgets.operations.lookup import check_account, find_action, find_budget
from course.localaws.budgets.store import Action, Budget, BudgetStore
from course.localaws.context import Context, Operation
from course.localaws.core import paging, tag_rules

PAGE = 100
_MEMBERS = ("NotificationType", "ActionType", "ActionThreshold", "Definition", "ExecutionRoleArn", "ApprovalModel", "Subscribers")


class ActionOperations:
    """The operations."""

    def __init__(self, store: BudgetStore, actions: Actions) -> None:
        self._store, self._actions = store, actions

    def operations(self) -> dict[str, Operation]:
        return {
            "CreateBudgetAction": self.create,
            "DeleteBudgetAction": self.delete,
            "DescribeBudgetAction": self.describe,
            "DescribeBudgetActionHistories": self.histories,
            "DescribeBudgetActionsForAccount": self.of_account,
            "DescribeBudgetActionsForBudget": self.of_budget,
            "ExecuteBudgetAction": self.execute,
            "UpdateBudgetAction": self.update,
        }

    def create(self, context: Context, params: dict) -> dict:
        with self._changed(context, params) as budget:
            given = {member: params[member] for member in ("BudgetName", *_MEMBERS)}
            checks.check_action(given, context.platform, budget.arn(context.account))
            action = Action(str(uuid.uuid4()), given, tags=tag_rules.merged((), params.get("ResourceTags", ())))
            self._actions.note(action, STANDBY, "CREATE_ACTION", "The action was created.", context.platform.clock.now())
            budget.actions.append(action)
        return _answer(params, ActionId=action.id)

    def update(self, context: Context, params: dict) -> dict:
        with self._changed(context, params) as budget:
            action = find_action(budget, params["ActionId"])
            before = shown(action)
            given = action.given | {member: params[member] for member in _MEMBERS if member in params}
            checks.check_action(given, context.platform, budget.arn(context.account))
            action.given = given
            self._actions.note(action, action.status, "UPDATE_ACTION", "The action was updated.", context.platform.clock.now())
        return _answer(params, OldAction=before, NewAction=shown(action))

    def delete(self, context: Context, params: dict) -> dict:
        with self._changed(context, params) as budget:
            action = find_action(budget, params["ActionId"])
            budget.actions.remove(action)
        return _answer(params, Action=shown(action))

    def execute(self, context: Context, params: dict) -> dict:
        with self._changed(context, params) as budget:
            self._actions.execute(find_action(budget, params["ActionId"]), params["ExecutionType"])
        return _answer(params, ActionId=params["ActionId"], ExecutionType=params["ExecutionType"])

    def describe(self, context: Context, params: dict) -> dict:
        check_account(context, params)
        return _answer(params, Action=shown(find_action(find_budget(self._store, params["BudgetName"]), params["ActionId"])))

    def histories(self, context: Context, params: dict) -> dict:
        check_account(context, params)
        action = find_action(find_budget(self._store, params["BudgetName"]), params["ActionId"])
        span = params.get("TimePeriod", {})
        rows = [
            (f"{number}", each)
            for number, each in enumerate(action.history)
            if span.get("Start", 0.0) <= each["Timestamp"] <= span.get("End", float("inf"))
        ]
        found, following = paging.ordered_page(rows, params, PAGE)
        return {"ActionHistories": found, "NextToken": following}

    def of_account(self, context: Context, params: dict) -> dict:
        check_account(context, params)
        return self._listed(self._store.all(), params)

    def of_budget(self, context: Context, params: dict) -> dict:
        check_account(context, params)
        return self._listed([find_budget(self._store, params["BudgetName"])], params)

    def _listed(self, budgets: list[Budget], params: dict) -> dict:
        found, following = paging.ordered_page([(each.id, shown(each)) for budget in budgets for each in budget.actions], params, PAGE)
        return {"Actions": found, "NextToken": following}

    @contextmanager
    def _changed(self, context: Context, params: dict) -> Iterator[Budget]:
        """The budget of a request; stored again at the end of the block, unless it raises."""
        check_account(context, params)
        with self._store.changing():
            budget = find_budget(self._store, params["BudgetName"])
            yield budget
            self._store.put(budget)


def _answer(params: dict, **more: object) -> dict:
    return {"AccountId": params["AccountId"], "BudgetName": params["BudgetName"]} | more
