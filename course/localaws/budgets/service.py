"""Budgets behind the gateway. moto's budgets, which nothing evaluates, are never used."""

from __future__ import annotations

from course.localaws.budgets import migration
from course.localaws.budgets.actions import Actions
from course.localaws.budgets.notifications import Notifier
from course.localaws.budgets.operations.actions import ActionOperations
from course.localaws.budgets.operations.budgets import Budgets
from course.localaws.budgets.operations.notifications import Notifications
from course.localaws.budgets.permissions import records
from course.localaws.budgets.spending import Spending
from course.localaws.budgets.store import BudgetStore
from course.localaws.budgets.timers import BudgetTimers
from course.localaws.iam.service_authorization.permissions import ServicePermissions
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages, in_thread


class BudgetBackend:
    """The budgets, and their evaluation on the clock."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.store = BudgetStore(platform.state / "budgets.db")
        notifier = Notifier(platform)
        self.actions = Actions(platform, notifier)
        self.timers = BudgetTimers(platform, self.store, notifier, self.actions)

    def recover(self) -> None:
        """Go on evaluating the budgets of an earlier process, and take over those of an earlier release."""
        self.timers.start()
        migration.begin(self._platform, self.store, self.timers.start)

    def reset(self) -> None:
        self.timers.stop()
        self.store.reset()

    def shutdown(self) -> None:
        self.store.shutdown()


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``budgets``."""
    backend = BudgetBackend(platform)
    operations = {
        **Budgets(backend.store, backend.timers, Spending(platform)).operations(),
        **Notifications(backend.store).operations(),
        **ActionOperations(backend.store, backend.actions).operations(),
    }
    permissions = ServicePermissions("budgets", "budgets", records(backend.store)).required
    return Service("budgets", platform, operations, run=in_thread, permissions=permissions, stages=stages, backend=backend)
