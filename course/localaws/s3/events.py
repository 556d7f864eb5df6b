"""Events of buckets that send them to EventBridge: objects created and deleted, tags added and deleted.

Source: "EventBridge event message structure" of the S3 User Guide, read 2026-11-28. As there, an event comes for every change, whatever
made it: a request, a job's output, the result of a query.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course.localaws.s3.objects import UNVERSIONED, Change, StoredObject

if TYPE_CHECKING:
    from course.localaws.events.bus import EventBridge
    from course.localaws.s3.store import ObjectStore

KIND = "notification"  # of a bucket's configuration
EVENT_BRIDGE = "EventBridgeConfiguration"


@dataclass(frozen=True, slots=True)
class BucketEvents:
    """Sends the events. A listener of `Objects`."""

    store: ObjectStore
    events: EventBridge
    account: str

    def __call__(self, change: Change, changed: StoredObject) -> None:
        bucket = self.store.buckets.find(changed.bucket)
        if bucket is None or EVENT_BRIDGE not in (self.store.buckets.configuration(bucket.name, KIND) or {}):
            return
        detail = {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": _described(change, changed),
            "request-id": change.request or uuid.uuid4().hex[:16].upper(),
            "requester": self.account,
            "source-ip-address": "127.0.0.1",
        }
        if change.reason:
            detail["reason"] = change.reason
        if change.kind == "Object Deleted":
            marked = changed.is_delete_marker and not change.by_version
            detail["deletion-type"] = "Delete Marker Created" if marked else "Permanently Deleted"
        entry = {"Source": "aws.s3", "DetailType": change.kind, "Resources": [f"arn:aws:s3:::{bucket.name}"], "Detail": json.dumps(detail)}
        self.events.publish(bucket.region, entry)


def _described(change: Change, changed: StoredObject) -> dict:
    shown: dict = {"key": changed.key}
    if change.kind == "Object Created":
        shown["size"] = changed.size
    if changed.etag:
        shown["etag"] = changed.etag
    if changed.version != UNVERSIONED:
        shown["version-id"] = changed.version
    if not change.kind.startswith("Object Tags"):
        shown["sequencer"] = f"{time.time_ns():018X}"
    return shown
