"""Monitoring schedules: CreateMonitoringSchedule is refused, so there are none and lists are empty.

SDK v2 always lists the schedules of an endpoint (``Predictor.list_monitors``).
"""

from __future__ import annotations

from course.localaws.context import Context, Operation
from course.localaws.core.resources import ResourceEngine
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family


class MonitoringSchedules(Family):
    """The family of monitoring schedules, which cannot be created here."""

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self.operations: dict[str, Operation] = {"ListMonitoringSchedules": self.list}

    def list(self, context: Context, params: dict) -> dict:
        return {"MonitoringScheduleSummaries": []}
