"""What Budgets knows of its resources when a caller's policies are checked: their tags."""

from __future__ import annotations

from course.localaws.budgets.store import BudgetStore
from course.localaws.iam.service_authorization.permissions import ServiceRecords


def records(store: BudgetStore) -> ServiceRecords:
    """The records for `ServicePermissions`."""

    def tags(arn: str) -> dict[str, str]:
        name, _, action_id = arn.partition(":budget/")[2].partition("/action/")
        budget = store.get(name)
        owners = [] if budget is None else [each for each in budget.actions if each.id == action_id] if action_id else [budget]
        return {tag["Key"]: tag["Value"] for owner in owners for tag in owner.tags}

    return ServiceRecords(tags=tags)
