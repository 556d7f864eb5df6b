"""UpdateRecord: new values for some features of a record that exists.

Source: botocore 1.44.8, documentation of UpdateRecord, read 2026-11-28. The event time and the record identifier are features like others:
the request may have them among ``Features``. The offline store gets the whole record, as after a PutRecord of it.
"""

from __future__ import annotations

import orjson

from course.localaws.context import Context
from course.localaws.core.errors import AwsError, validation_error
from course.localaws.sagemaker.feature_store import event_times
from course.localaws.sagemaker.feature_store.records import versions
from course.localaws.sagemaker.feature_store.records.expiry import Expiry
from course.localaws.sagemaker.feature_store.records.metrics import Usage
from course.localaws.sagemaker.feature_store.records.record_groups import OFFLINE, ONLINE, UPDATABLE, RecordGroup, RecordGroups, seconds
from course.localaws.sagemaker.feature_store.records.values import LIMITS, Value, check_record_size, record_of, size_of
from course.localaws.sagemaker.feature_store.store import RecordStore, RecordWriter, Version


class Updates:
    """The operation UpdateRecord."""

    def __init__(self, groups: RecordGroups, store: RecordStore, expiry: Expiry) -> None:
        self._groups, self._store, self._expiry = groups, store, expiry

    def update(self, context: Context, params: dict, usage: Usage) -> None:
        group = self._groups.find(context, params["FeatureGroupName"], "ResourceNotFound")
        identifier, targets = params["RecordIdentifierValueAsString"], group.targets(params.get("TargetStores"))
        changed = _changed(group, identifier, params)
        with self._store.write() as writer:
            before = _existing(writer, group, identifier, usage.now)
            after = _merged(group, before, changed, seconds(params.get("TtlDuration")))
            if ONLINE in targets:
                writer.put(group.key, identifier, after, before)
            if OFFLINE in targets:
                writer.append(group.key, after.event_time, usage.now, False, after.text)
        usage.write(group, size_of(changed))
        self._expiry.written(OFFLINE in group.stores, after.expires if ONLINE in targets else None)


def _changed(group: RecordGroup, identifier: str, params: dict) -> dict[str, Value]:
    """The features that the request changes. Raises AwsError when the group, or the request, does not allow it."""
    group.require_online()
    if group.storage_type not in UPDATABLE:
        raise validation_error(
            f"Validation Error: UpdateRecord needs an online store of type {' or '.join(UPDATABLE)}. "
            f"FeatureGroup {group.name} has {group.storage_type}."
        )
    if len(params["Features"]) > LIMITS["updated_features"]:
        raise validation_error(f"Validation Error: at most {LIMITS['updated_features']} features can be updated in one request.")
    changed = record_of(group, params["Features"])
    if changed.get(group.identifier, identifier) != identifier:
        raise validation_error(f"Validation Error: the record identifier feature [{group.identifier}] cannot be updated.")
    if params.get("TtlDuration") and group.event_time.name not in changed:
        raise validation_error(f"Validation Error: TtlDuration needs a value for the event time feature [{group.event_time.name}].")
    return changed


def _existing(writer: RecordWriter, group: RecordGroup, identifier: str, now: int) -> Version:
    found = writer.get(group.key, identifier)
    if found is None or found.text is None or found.is_gone(now):
        raise AwsError(
            "ResourceNotFound", f"Resource Not Found: FeatureGroup {group.name} has no record with identifier {identifier}.", 404
        )
    return found


def _merged(group: RecordGroup, before: Version, changed: dict[str, Value], ttl: int | None) -> Version:
    """The version after the update. Raises AwsError ``ConflictException`` for an older event time."""
    event_time, name = before.event_time, group.event_time.name
    if name in changed:
        event_time = event_times.nanoseconds(name, changed[name], group.event_time.type)
    if event_time < before.event_time:
        raise AwsError(
            "ConflictException",
            f"The EventTime {changed[name]} is older than the record's current EventTime, which is {before.record[name]}.",
            409,
        )
    record = before.record | changed
    check_record_size(record)
    expires = versions.expiry(event_time, ttl)
    if ttl is None and before.expires is not None:  # the record's time to live stays as it was, from the new event time
        expires = before.expires + versions.expiry(event_time, 0) - versions.expiry(before.event_time, 0)
    return Version(event_time, orjson.dumps(record).decode(), expires)
