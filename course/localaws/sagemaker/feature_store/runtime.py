"""The operations on records: the service ``sagemaker-featurestore-runtime``.

Source: API reference of PutRecord, GetRecord and DeleteRecord, read 2026-11-28.
"""

from __future__ import annotations

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, validation_error
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.platform import Platform
from course.localaws.sagemaker.feature_store import event_times, layout
from course.localaws.sagemaker.feature_store.group import FEATURE_GROUP, feature_types, has_offline_store, has_online_store
from course.localaws.sagemaker.feature_store.offline import OfflineWriter
from course.localaws.sagemaker.feature_store.store import RecordStore, Version, WaitingRow


class Records:
    """The operations on records."""

    def __init__(self, platform: Platform, engine: ResourceEngine, store: RecordStore, offline: OfflineWriter) -> None:
        self._platform, self._engine, self._store, self._offline = platform, engine, store, offline
        self.operations: dict[str, Operation] = {"PutRecord": self.put, "GetRecord": self.get}

    def put(self, context: Context, params: dict) -> None:
        group = self._group(context, params["FeatureGroupName"])
        record = {value["FeatureName"]: value.get("ValueAsStringList", value.get("ValueAsString")) for value in params["Record"]}
        event_time = self._event_time(group, record)
        key, identifier = layout.key(group), record[group["RecordIdentifierFeatureName"]]
        with self._store.write() as writer:
            found = writer.get(key, identifier)
            if has_online_store(group) and (found is None or found.event_time < event_time):
                writer.put(key, identifier, Version(event_time, record, None))
            if has_offline_store(group):
                writer.append(key, WaitingRow(event_time, round(self._platform.clock.now() * 1000), False, record))
        if has_offline_store(group):
            self._offline.expect()

    def get(self, context: Context, params: dict) -> dict:
        group = self._group(context, params["FeatureGroupName"])
        found = self._store.get(layout.key(group), params["RecordIdentifierValueAsString"])
        if found is None or found.record is None:
            return {}
        return {"Record": [_feature_value(name, value) for name, value in found.record.items()]}

    def _group(self, context: Context, name: str) -> Document:
        group = self._engine.find(context, FEATURE_GROUP, name.rpartition("/")[2])
        if group is None:
            raise AwsError("ResourceNotFound", f"FeatureGroup {name} does not exist.", 404)
        return group

    @staticmethod
    def _event_time(group: Document, record: dict) -> int:
        name = group["EventTimeFeatureName"]
        if name not in record or group["RecordIdentifierFeatureName"] not in record:
            raise validation_error(f"The record needs {name} and {group['RecordIdentifierFeatureName']}.")
        return event_times.milliseconds(record[name], feature_types(group)[name])


def _feature_value(name: str, value: str | list[str]) -> dict:
    return {"FeatureName": name, "ValueAsStringList" if isinstance(value, list) else "ValueAsString": value}
