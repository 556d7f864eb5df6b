"""DeleteRecord, and what later changes do; through boto3."""

from __future__ import annotations

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.feature_store.offline_fixtures import Stores, values
from tests.localaws.sagemaker.feature_store.record_fixtures import OnlineGroups, at


@pytest.fixture
def groups(local_aws, client) -> OnlineGroups:
    return OnlineGroups(local_aws, client)


@pytest.mark.parametrize("mode", [{}, {"DeletionMode": "SoftDelete"}, {"DeletionMode": "HardDelete"}])
def test_a_deleted_record_is_not_shown(groups: OnlineGroups, mode: dict):
    group = groups.create()
    groups.put(group, origin="JFK", at=at(), wind=1)
    groups.delete(group, "JFK", at(1), **mode)
    assert groups.get(group, "JFK") is None
    asked = [{"FeatureGroupName": group, "RecordIdentifiersValueAsString": ["JFK"]}]
    assert groups.runtime.batch_get_record(Identifiers=asked)["Records"] == []
    assert groups.identifiers(group) == []
    soft = "HardDelete" not in mode.values()
    assert groups.identifiers(group, IncludeSoftDeletedRecords=True) == (["JFK"] if soft else [])


def test_a_soft_deletion_keeps_its_event_time(groups: OnlineGroups):
    group = groups.create()
    groups.put(group, origin="JFK", at=at(), wind=1)
    groups.delete(group, "JFK", at(5))
    for minute in (3, 5):
        groups.put(group, origin="JFK", at=at(minute), wind=2)
        assert groups.get(group, "JFK") is None  # not later than the deletion
    groups.put(group, origin="JFK", at=at(6), wind=3)
    assert groups.get(group, "JFK")["wind"] == "3"


def test_after_a_hard_deletion_any_event_time_is_new(groups: OnlineGroups):
    group = groups.create()
    groups.put(group, origin="JFK", at=at(), wind=1)
    groups.delete(group, "JFK", at(5), DeletionMode="HardDelete")
    groups.put(group, origin="JFK", at=at(-5), wind=2)
    assert groups.get(group, "JFK")["wind"] == "2"


@pytest.mark.parametrize("minute", [-1, 0])
def test_a_deletion_that_is_not_later_does_nothing(groups: OnlineGroups, minute: int):
    group = groups.create()
    groups.put(group, origin="JFK", at=at(), wind=1)
    groups.delete(group, "JFK", at(minute))
    code, message = refused(groups.delete, group, "JFK", at(minute), DeletionMode="HardDelete")
    assert code == "ValidationError" and "EventTime" in message
    assert groups.get(group, "JFK")["wind"] == "1"


def test_deleting_what_is_not_there(groups: OnlineGroups):
    group = groups.create()
    groups.delete(group, "JFK", at())
    groups.delete(group, "LGA", at(), DeletionMode="HardDelete")
    groups.put(group, origin="JFK", at=at(-1))
    groups.put(group, origin="LGA", at=at(-1))
    assert groups.identifiers(group) == ["LGA"]  # a soft deletion is remembered
    groups.delete(group, "JFK", at(1), DeletionMode="HardDelete")  # of a soft-deleted record
    assert groups.identifiers(group, IncludeSoftDeletedRecords=True) == ["LGA"]


def test_wrong_event_times_and_identifiers(groups: OnlineGroups):
    group = groups.create({"id": "Integral", "t": "Fractional"}, time="t")
    assert refused(groups.delete, group, "1", at())[0] == "ValidationError"
    assert refused(groups.delete, group, "x", "1372939200")[0] == "ValidationError"
    groups.delete(group, "1", "1372939200")


def test_the_offline_store_gets_markers(stores: Stores):
    group = stores.create()
    for origin in ("EWR", "JFK", "LGA"):
        stores.put(group, origin=origin, at=at(), wind=1, Flights=2)
    delete = {"FeatureGroupName": group}
    stores.runtime.delete_record(**delete, RecordIdentifierValueAsString="JFK", EventTime=at(1))
    stores.runtime.delete_record(**delete, RecordIdentifierValueAsString="LGA", EventTime=at(2), DeletionMode="HardDelete")
    stores.runtime.delete_record(**delete, RecordIdentifierValueAsString="EWR", EventTime=at(-3))  # the record stays, the marker is written
    refused(stores.runtime.delete_record, **delete, RecordIdentifierValueAsString="EWR", EventTime=at(-4), DeletionMode="HardDelete")
    stores.until_rows(group, 6)
    expected = [("EWR", at(-3), None, None, True), ("JFK", at(1), None, None, True), ("LGA", at(2), None, None, True)]
    expected += [(origin, at(), 1.0, 2, False) for origin in ("EWR", "JFK", "LGA")]
    assert values(stores.rows(group), "origin", "at", "wind", "Flights", "is_deleted") == sorted(expected, key=repr)


def test_one_store_only(stores: Stores):
    group = stores.create()
    record = [{"FeatureName": "origin", "ValueAsString": "JFK"}, {"FeatureName": "at", "ValueAsString": at()}]
    stores.runtime.put_record(FeatureGroupName=group, Record=record, TargetStores=["OnlineStore"])
    stores.runtime.delete_record(
        FeatureGroupName=group, RecordIdentifierValueAsString="JFK", EventTime=at(1), TargetStores=["OfflineStore"]
    )
    assert "Record" in stores.runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString="JFK")
    stores.runtime.delete_record(FeatureGroupName=group, RecordIdentifierValueAsString="JFK", EventTime=at(2), TargetStores=["OnlineStore"])
    assert "Record" not in stores.runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString="JFK")
    stores.until_rows(group, 1)
    assert values(stores.rows(group), "origin", "at", "is_deleted") == [("JFK", at(1), True)]


def test_a_store_that_the_group_does_not_have(groups: OnlineGroups):
    group = groups.create()
    code, message = refused(groups.delete, group, "JFK", at(), TargetStores=["OfflineStore"])
    assert code == "ValidationError" and "OfflineStore is not enabled" in message
