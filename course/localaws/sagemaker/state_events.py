"""EventBridge's events about SageMaker's jobs, sent to the rules of the account as a job's status changes.

Source: "Events that Amazon SageMaker AI sends to Amazon EventBridge" of the SageMaker developer guide, read 2026-11-25: the detail is what
Describe answers, with time stamps in milliseconds, and the tags as an object. Targets are moto's: SQS queues, log groups, other buses.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from course.localaws.sagemaker.context import Context

if TYPE_CHECKING:
    from course.localaws.platform import Platform
    from course.localaws.sagemaker.engine import Document, Engine, Kind

SOURCE = "aws.sagemaker"


class StateEvents:
    """Sends the events; to be called by `Engine` after each change of a resource."""

    def __init__(self, platform: Platform, engine: Engine) -> None:
        self._platform, self._engine = platform, engine

    def __call__(self, context: Context, kind: Kind, before: Document | None, after: Document) -> None:
        """Send an event when a status is another than before. Returns at once; events arrive in their order."""
        if not kind.event or (before and all(before.get(member) == after.get(member) for member in (kind.status, "SecondaryStatus"))):
            return
        arn = after[kind.arn_member]
        detail = {member: value for member, value in after.items() if not member.startswith("_")}
        detail |= {"Tags": {tag["Key"]: tag["Value"] for tag in self._engine.tags(arn)}}
        event = {
            "Source": SOURCE,
            "DetailType": kind.event,
            "Resources": [arn],
            "Time": self._engine.now(),
            "Detail": json.dumps(_in_milliseconds(detail)),
        }
        self._platform.identity.moto.send_event(context.region, event)


def _in_milliseconds(value: object, name: str = "") -> object:
    """A document with its time stamps, which are the numbers whose names end with ``Time``, as milliseconds."""
    if isinstance(value, dict):
        return {member: _in_milliseconds(inner, member) for member, inner in value.items()}
    if isinstance(value, list):
        return [_in_milliseconds(inner, name) for inner in value]
    return int(value * 1000) if name.endswith("Time") and isinstance(value, int | float) else value
