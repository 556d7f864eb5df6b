"""GetRecord, BatchGetRecord and ListRecords.

Source: API reference, "Time to live (TTL) duration for records" and "Quotas, naming rules and data types" of the developer guide, and
botocore 1.44.8 for ListRecords, read 2026-11-28. A batch's errors have the codes of GetRecord.
"""

from __future__ import annotations

from course.localaws.context import Context
from course.localaws.core import paging
from course.localaws.core.errors import AwsError, validation_error
from course.localaws.sagemaker.feature_store import event_times
from course.localaws.sagemaker.feature_store.records.metrics import Usage
from course.localaws.sagemaker.feature_store.records.record_groups import RecordGroup, RecordGroups
from course.localaws.sagemaker.feature_store.records.values import LIMITS, Value
from course.localaws.sagemaker.feature_store.store import RecordStore, Version


class Reads:
    """The operations that read the online store."""

    def __init__(self, groups: RecordGroups, store: RecordStore) -> None:
        self._groups, self._store = groups, store

    def get(self, context: Context, params: dict, usage: Usage) -> dict:
        group = self._groups.find(context, params["FeatureGroupName"], "ResourceNotFound")
        group.require_online()
        found = self._find(context, group, params["RecordIdentifierValueAsString"], params, usage)
        return found or {}

    def batch_get(self, context: Context, params: dict, usage: Usage) -> dict:
        wanted = sum(len(each["RecordIdentifiersValueAsString"]) for each in params["Identifiers"])
        if wanted > LIMITS["batch_get_records"]:
            raise validation_error(f"Validation Error: {wanted} records were requested. The maximum is {LIMITS['batch_get_records']}.")
        records: list[dict] = []
        errors: list[dict] = []
        for each in params["Identifiers"]:
            shown = {"ExpirationTimeResponse": params.get("ExpirationTimeResponse"), **each}
            for identifier in each["RecordIdentifiersValueAsString"]:
                about = {"FeatureGroupName": each["FeatureGroupName"], "RecordIdentifierValueAsString": identifier}
                try:
                    found = self.get(context, {**shown, **about}, usage)
                except AwsError as error:
                    errors.append(about | {"ErrorCode": error.code, "ErrorMessage": error.message})
                else:
                    records += [about | found] if found else []
        return {"Records": records, "Errors": errors, "UnprocessedIdentifiers": []}

    def list_page(self, context: Context, params: dict, usage: Usage) -> dict:
        group = self._groups.find(context, params["FeatureGroupName"], "ResourceNotFound")
        group.require_online()
        deleted = params.get("IncludeSoftDeletedRecords", False)
        query = paging.checksum((group.key, deleted))
        limit = params.get("MaxResults", LIMITS["list_page"])
        after = _after(params["NextToken"], query) if "NextToken" in params else None
        found = self._store.identifiers(group.key, after, limit + 1, usage.now, deleted)
        usage.read(group, sum(map(len, found)))
        token = paging.token(query, [found[limit - 1]]) if len(found) > limit else None
        return {"RecordIdentifiers": found[:limit], "NextToken": token}

    def _find(self, context: Context, group: RecordGroup, identifier: str, params: dict, usage: Usage) -> dict | None:
        """The members ``Record`` and ``ExpiresAt`` of an answer; None when there is nothing to show."""
        wanted = params.get("FeatureNames")
        if unknown := [name for name in wanted or () if name not in group.features]:
            raise validation_error(f"Validation Error: feature [{unknown[0]}] is not defined in FeatureGroup {group.name}.")
        found = self._store.get(group.key, identifier)
        if found is None or found.text is None or found.is_gone(usage.now):
            usage.read(group, 0)
            return None
        usage.read(group, found.size(identifier))
        record = shown(group, found, wanted)
        if not record:
            return None
        if params.get("ExpirationTimeResponse") != "Enabled" or found.expires is None:
            return {"Record": record}
        return {"Record": record, "ExpiresAt": event_times.iso(found.expires * 10**6)}


def shown(group: RecordGroup, version: Version, wanted: list[str] | None) -> list[dict]:
    """A record's features as ``FeatureValue`` structures, in the order of the group's definitions."""
    record = version.record
    names = record.keys() if wanted is None else record.keys() & set(wanted)
    return [_feature_value(name, record[name]) for name in group.features if name in names]


def _feature_value(name: str, value: Value) -> dict:
    return {"FeatureName": name, "ValueAsStringList" if isinstance(value, list) else "ValueAsString": value}


def _after(token: str, query: int) -> str:
    try:
        return paging.read_token(token, query, lambda key: len(key) == 1 and isinstance(key[0], str))[0]
    except AwsError as error:
        raise validation_error(error.message) from None
