"""Finds budgets, notifications and actions for the operations."""

from __future__ import annotations

from course.localaws.budgets.store import Action, Budget, BudgetStore, Notification
from course.localaws.context import Context
from course.localaws.core.errors import AwsError

_IDENTITY = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")


def check_account(context: Context, params: dict) -> None:
    """Raises AwsError ``AccessDeniedException`` unless ``AccountId`` is the caller's."""
    if params["AccountId"] != context.account:
        raise AwsError("AccessDeniedException", f"Account {context.account} may not access the budgets of {params['AccountId']}.")


def find_budget(store: BudgetStore, name: str, doing: str = "get budget") -> Budget:
    """The budget of a name. Raises AwsError ``NotFoundException``."""
    found = store.get(name)
    if found is None:
        raise AwsError("NotFoundException", f"Unable to {doing}: {name} - the budget doesn't exist.")
    return found


def identity(given: dict) -> dict:
    """The members that identify a notification, with the default of ``ThresholdType``."""
    return {"ThresholdType": "PERCENTAGE"} | {member: given[member] for member in _IDENTITY if member in given}


def find_notification(budget: Budget, given: dict) -> Notification:
    """The notification of a request. Raises AwsError ``NotFoundException``."""
    wanted = identity(given)
    for each in budget.notifications:
        if each.given == wanted:
            return each
    raise AwsError("NotFoundException", f"The budget {budget.name} has no such notification: {wanted}.")


def find_action(budget: Budget, action_id: str) -> Action:
    """The action of an id. Raises AwsError ``NotFoundException``."""
    for each in budget.actions:
        if each.id == action_id:
            return each
    raise AwsError("NotFoundException", f"The budget {budget.name} has no action {action_id}.")
