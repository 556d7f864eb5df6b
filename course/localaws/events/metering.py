"""Meters custom events ("Amazon EventBridge pricing"): each 64 KB of an event that PutEvents accepts.

Events of AWS's services cost nothing.
"""

from __future__ import annotations

import math

from course.localaws.billing.usage import Item, UsageStore

SERVICE, CHUNKS, OPERATION = "AWSEvents", "Event-64K-Chunks", "PutEvents"
CHUNK = 64 * 1024  # bytes


def meter(usage: UsageStore, region: str, bus: str, size: int) -> None:
    """Count an event that a bus accepts, by the bus's ARN and the event's bytes."""
    usage.count(Item(SERVICE, CHUNKS, OPERATION, region, bus), math.ceil(size / CHUNK))
