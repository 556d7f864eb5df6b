"""Operations on the notifications of budgets, and on their subscribers. A notification has no name: its members identify it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from course.localaws.budgets.checks import MOST_NOTIFICATIONS, check_subscribers
from course.localaws.budgets.operations.lookup import check_account, find_budget, find_notification, identity
from course.localaws.budgets.store import Budget, BudgetStore, Notification
from course.localaws.context import Context, Operation
from course.localaws.core import paging
from course.localaws.core.errors import AwsError

PAGE, BUDGETS_A_PAGE = 100, 50


class Notifications:
    """The operations."""

    def __init__(self, store: BudgetStore) -> None:
        self._store = store

    def operations(self) -> dict[str, Operation]:
        return {
            "CreateNotification": self.create,
            "CreateSubscriber": self.subscribe,
            "DeleteNotification": self.delete,
            "DeleteSubscriber": self.unsubscribe,
            "DescribeBudgetNotificationsForAccount": self.describe_all,
            "DescribeNotificationsForBudget": self.describe,
            "DescribeSubscribersForNotification": self.describe_subscribers,
            "UpdateNotification": self.update,
            "UpdateSubscriber": self.resubscribe,
        }

    def create(self, context: Context, params: dict) -> None:
        with self._changed(context, params, "create notification") as budget:
            add_notification(budget, params["Notification"], params["Subscribers"])

    def update(self, context: Context, params: dict) -> None:
        with self._changed(context, params, "update notification") as budget:
            old = find_notification(budget, params["OldNotification"])
            budget.notifications.remove(old)
            add_notification(budget, params["NewNotification"], old.subscribers)

    def delete(self, context: Context, params: dict) -> None:
        with self._changed(context, params, "delete notification") as budget:
            budget.notifications.remove(find_notification(budget, params["Notification"]))

    def describe(self, context: Context, params: dict) -> dict:
        check_account(context, params)
        budget = find_budget(self._store, params["BudgetName"])
        shown, following = paging.ordered_page([(str(each["given"]), each["shown"]) for each in _shown(budget)], params, PAGE)
        return {"Notifications": shown, "NextToken": following}

    def describe_all(self, context: Context, params: dict) -> dict:
        check_account(context, params)
        budgets = [
            (each.name, {"BudgetName": each.name, "Notifications": [found["shown"] for found in _shown(each)]})
            for each in self._store.all()
            if each.notifications
        ]
        shown, following = paging.ordered_page(budgets, params, BUDGETS_A_PAGE)
        return {"BudgetNotificationsForAccount": shown, "NextToken": following}

    def subscribe(self, context: Context, params: dict) -> None:
        with self._changed(context, params, "create subscriber") as budget:
            notification = find_notification(budget, params["Notification"])
            notification.subscribers.append(params["Subscriber"])
            check_subscribers(notification.subscribers)

    def resubscribe(self, context: Context, params: dict) -> None:
        with self._changed(context, params, "update subscriber") as budget:
            notification = find_notification(budget, params["Notification"])
            place = _place(notification, params["OldSubscriber"])
            notification.subscribers[place] = params["NewSubscriber"]
            check_subscribers(notification.subscribers)

    def unsubscribe(self, context: Context, params: dict) -> None:
        """DeleteSubscriber. A notification ends with its last subscriber."""
        with self._changed(context, params, "delete subscriber") as budget:
            notification = find_notification(budget, params["Notification"])
            del notification.subscribers[_place(notification, params["Subscriber"])]
            if not notification.subscribers:
                budget.notifications.remove(notification)

    def describe_subscribers(self, context: Context, params: dict) -> dict:
        check_account(context, params)
        notification = find_notification(find_budget(self._store, params["BudgetName"]), params["Notification"])
        shown, following = paging.ordered_page([(each["Address"], each) for each in notification.subscribers], params, PAGE)
        return {"Subscribers": shown, "NextToken": following}

    @contextmanager
    def _changed(self, context: Context, params: dict, doing: str) -> Iterator[Budget]:
        """The budget of a request; stored again at the end of the block, unless it raises."""
        check_account(context, params)
        with self._store.changing():
            budget = find_budget(self._store, params["BudgetName"], doing)
            yield budget
            self._store.put(budget)


def add_notification(budget: Budget, given: dict, subscribers: list[dict]) -> None:
    """Add a notification to a budget.

    Raises AwsError ``InvalidParameterException``, ``DuplicateRecordException``, ``CreationLimitExceededException``.
    """
    check_subscribers(subscribers)
    wanted = identity(given)
    if any(each.given == wanted for each in budget.notifications):
        raise AwsError("DuplicateRecordException", f"The budget {budget.name} has this notification already: {wanted}.")
    if len(budget.notifications) >= MOST_NOTIFICATIONS:
        raise AwsError("CreationLimitExceededException", f"A budget has at most {MOST_NOTIFICATIONS} notifications.")
    budget.notifications.append(Notification(wanted, subscribers))


def _shown(budget: Budget) -> list[dict]:
    return [{"given": each.given, "shown": each.given | {"NotificationState": each.state}} for each in budget.notifications]


def _place(notification: Notification, subscriber: dict) -> int:
    if subscriber not in notification.subscribers:
        raise AwsError("NotFoundException", f"The notification has no {subscriber['SubscriptionType']} subscriber {subscriber['Address']}.")
    return notification.subscribers.index(subscriber)
