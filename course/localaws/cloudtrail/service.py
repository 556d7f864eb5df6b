"""CloudTrail behind the gateway: the event history and trails. CloudTrail Lake, Insights, channels and dashboards are refused by name."""

from __future__ import annotations

from course.localaws.cloudtrail import history
from course.localaws.cloudtrail.trails import Trails
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages, in_thread


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``cloudtrail``."""
    trails = Trails(platform)
    operations = {"LookupEvents": history.lookup_events, **trails.operations}
    return Service("cloudtrail", platform, operations, parse_all=True, run=in_thread, stages=stages, backend=trails)
