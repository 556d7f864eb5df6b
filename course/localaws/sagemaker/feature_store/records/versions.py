"""The rules for which version of a record is online, and what the offline store gets.

Source: API reference of PutRecord and DeleteRecord, and "Delete records from your feature groups" of the developer guide, read 2026-11-28:
a record with a greater event time replaces the online one; any other is historic, and goes only to the offline store. A soft-deleted
record keeps the event time of its deletion. A hard-deleted or expired one leaves nothing, so that any event time can follow (as in
``test_hard_delete_record`` of the SageMaker SDK's integration tests).
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from course.localaws.core.errors import validation_error
from course.localaws.sagemaker.feature_store import event_times
from course.localaws.sagemaker.feature_store.records.record_groups import OFFLINE, ONLINE, RecordGroup
from course.localaws.sagemaker.feature_store.records.values import Value
from course.localaws.sagemaker.feature_store.store import RecordWriter, Version


@dataclass(frozen=True, slots=True)
class Put:
    """A record to write.

    Attributes
    ----------
    event_time : int
        Unix nanoseconds.
    targets : tuple of str
        Of ``OnlineStore`` and ``OfflineStore``.
    ttl : int or None
        Seconds from the event time.
    """

    group: RecordGroup
    record: dict[str, Value]
    event_time: int
    targets: tuple[str, ...]
    ttl: int | None

    @property
    def identifier(self) -> str:
        return self.record[self.group.identifier]


@dataclass(frozen=True, slots=True)
class Deletion:
    """A record to delete. ``event_time`` is the time of the deletion, and ``text`` is how the request wrote it."""

    group: RecordGroup
    identifier: str
    event_time: int
    text: str
    targets: tuple[str, ...]


def put(writer: RecordWriter, change: Put, now: int) -> None:
    """Write a record. ``now`` is in Unix milliseconds."""
    group, text = change.group, orjson.dumps(change.record).decode()
    if ONLINE in change.targets:
        before = current(writer, group, change.identifier, now)
        if before is None or before.event_time < change.event_time:
            version = Version(change.event_time, text, expiry(change.event_time, change.ttl))
            writer.put(group.key, change.identifier, version, before)
    if OFFLINE in change.targets:
        writer.append(group.key, change.event_time, now, False, text)


def soft_delete(writer: RecordWriter, change: Deletion, now: int) -> None:
    """Delete a record's features if the deletion is later than the record."""
    if ONLINE in change.targets:
        before = current(writer, change.group, change.identifier, now)
        if before is None or before.event_time < change.event_time:
            writer.put(change.group.key, change.identifier, Version(change.event_time, None), before)
    if OFFLINE in change.targets:
        mark_deleted(writer, change, now)


def hard_delete(writer: RecordWriter, change: Deletion, now: int) -> None:
    """Remove a record. Raises AwsError ``ValidationError`` unless the deletion is later than the record."""
    if ONLINE in change.targets:
        before = current(writer, change.group, change.identifier, now)
        if before is not None and before.event_time >= change.event_time:
            raise validation_error(
                f"Validation Error: EventTime {change.text} must be later than the EventTime of the record in the OnlineStore, which is "
                f"{event_times.written(before.event_time, change.group.event_time.type)}."
            )
        if before is not None:
            writer.remove(change.group.key, change.identifier, before)
    if OFFLINE in change.targets:
        mark_deleted(writer, change, now)


def mark_deleted(writer: RecordWriter, change: Deletion, now: int) -> None:
    """Give the offline store the marker of a deletion: identifier and event time, all other features null."""
    record = {change.group.identifier: change.identifier, change.group.event_time.name: change.text}
    writer.append(change.group.key, change.event_time, now, True, orjson.dumps(record).decode())


def current(writer: RecordWriter, group: RecordGroup, identifier: str, now: int) -> Version | None:
    """The online version. Removes one that has expired, as `expire` does."""
    found = writer.get(group.key, identifier)
    if found is not None and found.is_gone(now):
        expire(writer, group, identifier, found, now)
        return None
    return found


def expire(writer: RecordWriter, group: RecordGroup, identifier: str, version: Version, now: int) -> None:
    """Remove an expired version. The offline store gets the marker of a deletion at the time when it expired.

    "A record deleted using TtlDuration is hard deleted ... and the deleted record is added to the offline store" ("Time to live (TTL)
    duration for records"). The guide does not say which event time the marker has.
    """
    writer.remove(group.key, identifier, version)
    if OFFLINE in group.stores:
        at = min(version.expires * 10**6, event_times.LAST)
        text = event_times.written(at, group.event_time.type)
        mark_deleted(writer, Deletion(group, identifier, at, text, (OFFLINE,)), now)


def expiry(event_time: int, ttl: int | None) -> int | None:
    """``ExpiresAt`` in Unix milliseconds: event time plus time to live."""
    return None if ttl is None else -(-event_time // 10**6) + ttl * 1000
