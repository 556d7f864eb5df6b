"""Takes over the budgets of a state folder of an earlier release, in which moto kept them and nothing evaluated them.

A budget that is not evaluated here is left out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from course.localaws.budgets import checks
from course.localaws.budgets.operations.notifications import add_notification
from course.localaws.budgets.store import Budget, BudgetStore
from course.localaws.core.errors import AwsError
from course.localaws.platform import Platform

logger = logging.getLogger(__name__)


def begin(platform: Platform, store: BudgetStore, done: Callable[[], None]) -> None:
    """Start, unless there is nothing to take over. Returns at once; ``done`` is called at the end."""
    store.migration.begin("budgets", lambda: _take_over(platform, store, done))


def _take_over(platform: Platform, store: BudgetStore, done: Callable[[], None]) -> None:
    store.take_over(platform.moto.run(lambda: list(_found(platform))))
    done()


def _found(platform: Platform) -> Iterator[Budget]:
    """moto's budgets. Called in moto's thread."""
    from moto.budgets.models import budgets_backends

    now = platform.clock.now()
    for each in budgets_backends[platform.account]["aws"].budgets[platform.account].values():
        try:
            budget = Budget(checks.completed(each.budget, platform.account, now), now)
            for notification in each.notifications:
                add_notification(budget, notification.details, notification.subscribers)
        except AwsError as error:
            logger.warning("the budget %s was not taken over: %s", each.budget["BudgetName"], error.message)
        else:
            yield budget
