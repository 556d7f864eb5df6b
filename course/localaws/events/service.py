"""The EventBridge service. Operations without a handler (archives, connections, API destinations, partners, ...) are refused by name."""

from __future__ import annotations

from functools import partial

from course.localaws.context import by_region
from course.localaws.events import permissions
from course.localaws.events.metering import meter
from course.localaws.events.operations import EventOperations
from course.localaws.iam.service_authorization.permissions import of_model
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages, in_thread


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``events``, which uses the platform's `EventBridge`."""
    operations = EventOperations(platform.events, platform.identity, partial(meter, platform.usage))
    return Service(
        "events",
        platform,
        {name: by_region(operation) for name, operation in operations.every().items()},
        parse_all=True,
        run=in_thread,
        resource=lambda operation, params: params.get("Rule", params.get("Name", "")),
        permissions=of_model("events", permissions.records(platform.events.store)).required,
        stages=stages,
    )
