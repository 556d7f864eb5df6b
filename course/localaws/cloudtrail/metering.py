"""Meters what trails deliver ("AWS CloudTrail pricing").

The first copy of the management events of a region is free, further copies cost, and so does each copy of a data event. The first copy is
that of the oldest trail that logs the event.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from course.localaws.billing.usage import Item, UsageStore
from course.localaws.cloudtrail import selectors
from course.localaws.cloudtrail.log_files import LogFile

SERVICE, OPERATION = "AWSCloudTrail", "None"  # the operation as in bills
PAID, DATA = "PaidEventsRecorded", "DataEventsRecorded"


def meter(usage: UsageStore, trail: dict, others: Iterable[dict], files: Iterable[LogFile], at: float) -> None:
    """Count the events in files that a trail has delivered; ``others`` are the other trails that log."""
    earlier = [other for other in others if _age(other) < _age(trail)]
    for file in files:
        covering = [other for other in earlier if other["IsMultiRegionTrail"] or other["HomeRegion"] == file.region]
        found: Counter[str] = Counter()
        for record in file.records:
            if not record["managementEvent"]:
                found[DATA] += 1
            elif any(selectors.selects(other, record) for other in covering):
                found[PAID] += 1
        for usage_type, number in found.items():
            usage.count(Item(SERVICE, usage_type, OPERATION, file.region, trail["TrailARN"]), number, at)


def _age(trail: dict) -> tuple[float, str]:
    return trail["_Made"], trail["TrailARN"]  # trails of an early release have no time
