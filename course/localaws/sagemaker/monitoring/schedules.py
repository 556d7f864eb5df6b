"""Monitoring schedules: there are none, since CreateMonitoringSchedule is refused, and so lists of them are empty.

SDK v2 asks for those of an endpoint (``Predictor.list_monitors``) whether anybody monitors it or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.localaws.core.context import Context, Operation
from course.localaws.core.resources import ResourceEngine, ResourceKind

if TYPE_CHECKING:
    from course.localaws.platform import Platform


class MonitoringSchedules:
    """The family of what cannot be made here."""

    kinds: tuple[ResourceKind, ...] = ()

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self.operations: dict[str, Operation] = {"ListMonitoringSchedules": self.list}

    def list(self, context: Context, params: dict) -> dict:
        return {"MonitoringScheduleSummaries": []}

    def recover(self) -> None: ...

    def shutdown(self) -> None: ...
