"""PutRecord, BatchWriteRecord and DeleteRecord.

Source: API reference of PutRecord and DeleteRecord, and "Time to live (TTL) duration for records" of the developer guide; botocore 1.44.8
for BatchWriteRecord; read 2026-11-28. Only BatchWriteRecord among these models ``ResourceNotFound``; so a missing group fails its whole
request, while an entry that is not valid is answered in ``Errors`` and the others are written.
"""

from __future__ import annotations

from course.localaws.context import Context
from course.localaws.core.errors import AwsError, validation_error
from course.localaws.sagemaker.feature_store import event_times
from course.localaws.sagemaker.feature_store.records import versions
from course.localaws.sagemaker.feature_store.records.expiry import Expiry
from course.localaws.sagemaker.feature_store.records.metrics import Usage
from course.localaws.sagemaker.feature_store.records.record_groups import OFFLINE, ONLINE, RecordGroup, RecordGroups, seconds
from course.localaws.sagemaker.feature_store.records.values import check_identifier, size_of, whole_record_of
from course.localaws.sagemaker.feature_store.records.versions import Deletion, Put
from course.localaws.sagemaker.feature_store.store import RecordStore


class Writes:
    """The operations that write or delete whole records."""

    def __init__(self, groups: RecordGroups, store: RecordStore, expiry: Expiry) -> None:
        self._groups, self._store, self._expiry = groups, store, expiry

    def put(self, context: Context, params: dict, usage: Usage) -> None:
        group = self._groups.find(context, params["FeatureGroupName"])
        self._write([checked(group, params, params.get("TtlDuration"))], usage)

    def batch_write(self, context: Context, params: dict, usage: Usage) -> dict:
        puts: list[Put] = []
        errors: list[dict] = []
        for entry in params["Entries"]:
            try:
                group = self._groups.find(context, entry["FeatureGroupName"], "ResourceNotFound")
                puts.append(checked(group, entry, entry.get("TtlDuration", params.get("TtlDuration"))))
            except AwsError as error:
                if error.code == "ResourceNotFound":
                    raise
                errors.append({"Entry": entry, "ErrorCode": error.code, "ErrorMessage": error.message})
        if puts:
            self._write(puts, usage)
        return {"Errors": errors, "UnprocessedEntries": []}

    def delete(self, context: Context, params: dict, usage: Usage) -> None:
        group = self._groups.find(context, params["FeatureGroupName"])
        identifier, text = params["RecordIdentifierValueAsString"], params["EventTime"]
        check_identifier(group, identifier)
        event_time = event_times.nanoseconds(group.event_time.name, text, group.event_time.type)
        change = Deletion(group, identifier, event_time, text, group.targets(params.get("TargetStores")))
        delete = versions.hard_delete if params.get("DeletionMode") == "HardDelete" else versions.soft_delete
        with self._store.write() as writer:
            delete(writer, change, usage.now)
        usage.write(group, 0)
        self._expiry.written(OFFLINE in group.stores, None)

    def _write(self, puts: list[Put], usage: Usage) -> None:
        with self._store.write() as writer:
            for change in puts:
                versions.put(writer, change, usage.now)
        expiries = []
        for change in puts:
            usage.write(change.group, size_of(change.record))
            if ONLINE in change.targets and change.ttl is not None:
                expiries.append(versions.expiry(change.event_time, change.ttl))
        self._expiry.written(any(OFFLINE in change.group.stores for change in puts), min(expiries, default=None))


def checked(group: RecordGroup, params: dict, ttl: dict | None) -> Put:
    """The record of a request or of an entry. Raises AwsError ``ValidationError``.

    Parameters
    ----------
    ttl : dict or None
        Its ``TtlDuration``, which supersedes the group's.
    """
    targets = group.targets(params.get("TargetStores"))
    if ttl and ONLINE not in group.stores:
        raise validation_error(f"Validation Error: TtlDuration needs an OnlineStore, which FeatureGroup {group.name} does not have.")
    record = whole_record_of(group, params["Record"])
    event_time = event_times.nanoseconds(group.event_time.name, record[group.event_time.name], group.event_time.type)
    return Put(group, record, event_time, targets, seconds(ttl) if ttl else group.ttl)
