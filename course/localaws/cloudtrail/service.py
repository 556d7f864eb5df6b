"""CloudTrail behind the gateway: the event history. Trails and event data stores are moto's records."""

from __future__ import annotations

from course.localaws.cloudtrail import history
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages, in_thread


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``cloudtrail``."""
    operations = {"LookupEvents": history.lookup_events}
    return Service("cloudtrail", platform, operations, fallback=platform.moto, parse_all=True, run=in_thread, stages=stages)
