"""Sends events to EventBridge when SageMaker's jobs, model packages and feature groups change.

Source: "Events that Amazon SageMaker AI sends to Amazon EventBridge" of the SageMaker developer guide, read 2026-11-25. The detail is the
answer of Describe, with the tags as an object and time stamps in milliseconds (as text for a model package).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from course.localaws.context import Context

if TYPE_CHECKING:
    from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
    from course.localaws.platform import Platform

SOURCE = "aws.sagemaker"
MORE_STATUSES = ("SecondaryStatus", "OfflineStoreStatus")  # besides the kind's own
TIMES_AS_TEXT = ("ModelPackage",)


class StateEvents:
    """Sends the events. A listener of `ResourceEngine`, called after each change of a resource."""

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._platform, self._engine = platform, engine

    def follows(self, kind: ResourceKind) -> bool:
        return bool(kind.event)

    def __call__(self, context: Context, kind: ResourceKind, before: Document | None, after: Document) -> None:
        """Send an event when the status has changed. Returns at once; events arrive in order."""
        updated = [member for member in kind.event_members if before and before.get(member) != after.get(member)]
        if before and not updated and all(before.get(member) == after.get(member) for member in (kind.status, *MORE_STATUSES)):
            return
        more = {f"Updated{kind.name}Fields": updated} if updated else {}
        send(self._platform, self._engine, context, kind.event, kind, after, more)


def send(
    platform: Platform,
    engine: ResourceEngine,
    context: Context,
    detail_type: str,
    kind: ResourceKind,
    document: Document,
    more: Document | None = None,
) -> None:
    """Send an event about a resource, with ``more`` in its detail. Returns at once."""
    arn = document[kind.arn_member]
    detail = {member: value for member, value in document.items() if not member.startswith("_")}
    detail |= {"Tags": {tag["Key"]: tag["Value"] for tag in engine.tags(arn)}} | (more or {})
    event = {
        "Source": SOURCE,
        "DetailType": detail_type,
        "Resources": [arn],
        "Time": engine.now(),
        "Detail": json.dumps(_with_times(detail, _text if kind.name in TIMES_AS_TEXT else _milliseconds)),
    }
    platform.events.publish(context.region, event)


def _with_times(value: object, written: Callable[[float], object], name: str = "") -> object:
    """A document with its time stamps in the format of events. Time stamps are the numbers whose names end with ``Time``."""
    if isinstance(value, dict):
        return {member: _with_times(inner, written, member) for member, inner in value.items()}
    if isinstance(value, list):
        return [_with_times(inner, written, name) for inner in value]
    return written(value) if name.endswith("Time") and isinstance(value, int | float) else value


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
