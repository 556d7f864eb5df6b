"""Monitoring schedules: there are none, since CreateMonitoringSchedule is refused, and so lists of them are empty.

SDK v2 asks for those of an endpoint (``Predictor.list_monitors``) whether anybody monitors it or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.localaws.core.context import Context, Operation
from course.localaws.core.resources import Engine, Kind

if TYPE_CHECKING:
    from course.localaws.platform import Platform


class MonitoringSchedules:
    """The family of what cannot be made here."""

    kinds: tuple[Kind, ...] = ()

    def __init__(self, platform: Platform, engine: Engine) -> None:
        self.operations: dict[str, Operation] = {"ListMonitoringSchedules": self.list}

    def list(self, context: Context, params: dict) -> dict:
        return {"MonitoringScheduleSummaries": []}

    def recover(self) -> None: ...

    def shutdown(self) -> None: ...
