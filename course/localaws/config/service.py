"""Config behind the gateway: rules and their compliance. moto serves the other operations; what it would only claim is refused."""

from __future__ import annotations

from course.localaws.config import migration
from course.localaws.config.operations.compliance import Compliance
from course.localaws.config.operations.rules import Rules, is_of_moto
from course.localaws.config.permissions import records
from course.localaws.config.store import RuleStore
from course.localaws.config.timers import RuleTimers
from course.localaws.iam.service_authorization.permissions import ServicePermissions
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages, in_thread


class Config:
    """The rules, and their evaluation on the clock."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.store = RuleStore(platform.state / "config.db")
        self.timers = RuleTimers(platform, self.store)

    def recover(self) -> None:
        """Evaluate the rules of an earlier process, and take over those of an earlier release."""
        self.timers.recover()
        migration.begin(self._platform, self.store, self.timers.recover)

    def reset(self) -> None:
        self.timers.clear()
        self.store.reset()

    def shutdown(self) -> None:
        self.store.shutdown()


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``config``."""
    backend = Config(platform)
    rules = Rules(backend.store, backend.timers)
    operations = {**rules.operations(), **Compliance(backend.store, rules).operations()}
    return Service(
        "config",
        platform,
        operations,
        run=in_thread,
        fallback=platform.moto,
        falls_back=is_of_moto,
        permissions=ServicePermissions("config", "config", records(backend.store)).required,
        stages=stages,
        backend=backend,
    )
