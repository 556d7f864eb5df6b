"""The EventBridge Scheduler service."""

from __future__ import annotations

from course.localaws.context import by_region
from course.localaws.events.permissions import schedule_records
from course.localaws.iam.service_authorization.permissions import of_model
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages, in_thread
from course.localaws.scheduler.operations import SchedulerOperations
from course.localaws.scheduler.schedules import Schedules


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``scheduler``."""
    schedules = Schedules(platform.events, platform.account, platform.scheduler)
    operations = SchedulerOperations(platform.events, platform.identity, schedules)
    return Service(
        "scheduler",
        platform,
        {name: by_region(operation) for name, operation in operations.every().items()},
        run=in_thread,
        resource=lambda operation, params: params.get("Name", ""),
        permissions=of_model("scheduler", schedule_records(platform.events.store)).required,
        stages=stages,
        backend=schedules,
    )
