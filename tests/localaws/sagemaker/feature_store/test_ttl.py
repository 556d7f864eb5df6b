"""Time to live of records, through boto3 and the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from course.localaws.server import launch
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.feature_store.offline_fixtures import Stores, values
from tests.localaws.sagemaker.feature_store.record_fixtures import OnlineGroups, iso
from tests.localaws.sagemaker.feature_store.store_fixtures import record_of

HOUR = {"Unit": "Hours", "Value": 1}


@pytest.fixture
def groups(local_aws, client) -> OnlineGroups:
    return OnlineGroups(local_aws, client)


@pytest.fixture
def now(local_aws: launch.Handle) -> datetime:
    return datetime.fromtimestamp(local_aws.advance(0), UTC).replace(microsecond=0)


def put(groups: OnlineGroups, group: str, moment: datetime, origin: str = "JFK", **parameters: object) -> None:
    record = record_of({"origin": origin, "at": iso(moment), "wind": 1})
    groups.runtime.put_record(FeatureGroupName=group, Record=record, **parameters)


def expires(groups: OnlineGroups, group: str, origin: str = "JFK") -> str | None:
    found = groups.runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString=origin, ExpirationTimeResponse="Enabled")
    return found.get("ExpiresAt")


def test_the_groups_default_and_the_records_own(groups: OnlineGroups, now: datetime):
    group = groups.create(TtlDuration=HOUR)
    put(groups, group, now)
    put(groups, group, now, "LGA", TtlDuration={"Unit": "Weeks", "Value": 2})
    assert expires(groups, group) == iso(now + timedelta(hours=1))
    assert expires(groups, group, "LGA") == iso(now + timedelta(weeks=2))
    assert expires(groups, groups.create()) is None


def test_a_new_default_holds_for_later_records(groups: OnlineGroups, now: datetime):
    group = groups.create(TtlDuration=HOUR)
    put(groups, group, now)
    groups.sagemaker.update_feature_group(FeatureGroupName=group, OnlineStoreConfig={"TtlDuration": {"Unit": "Days", "Value": 1}})
    groups.handle.advance(10)
    put(groups, group, now, "LGA")
    assert expires(groups, group) == iso(now + timedelta(hours=1))
    assert expires(groups, group, "LGA") == iso(now + timedelta(days=1))


def test_shown_only_when_asked_for(groups: OnlineGroups, now: datetime):
    group = groups.create(TtlDuration=HOUR)
    put(groups, group, now)
    for asked in ({}, {"ExpirationTimeResponse": "Disabled"}):
        assert "ExpiresAt" not in groups.runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString="JFK", **asked)
    asked = [{"FeatureGroupName": group, "RecordIdentifiersValueAsString": ["JFK"]}]
    (plain,) = groups.runtime.batch_get_record(Identifiers=asked)["Records"]
    (found,) = groups.runtime.batch_get_record(Identifiers=asked, ExpirationTimeResponse="Enabled")["Records"]
    assert "ExpiresAt" not in plain and found["ExpiresAt"] == iso(now + timedelta(hours=1))


def test_in_a_batch_the_entry_supersedes_the_request(groups: OnlineGroups, now: datetime):
    group = groups.create(TtlDuration={"Unit": "Days", "Value": 1})
    entries = [
        {"FeatureGroupName": group, "Record": record_of({"origin": origin, "at": iso(now)}), **own}
        for origin, own in (("JFK", {}), ("LGA", {"TtlDuration": {"Unit": "Minutes", "Value": 5}}))
    ]
    groups.runtime.batch_write_record(Entries=entries, TtlDuration=HOUR)
    assert expires(groups, group) == iso(now + timedelta(hours=1))
    assert expires(groups, group, "LGA") == iso(now + timedelta(minutes=5))


def test_an_expired_record_is_gone(groups: OnlineGroups, now: datetime):
    group = groups.create(TtlDuration=HOUR)
    put(groups, group, now)
    put(groups, group, now, "LGA", TtlDuration={"Unit": "Days", "Value": 1})
    groups.handle.advance(3540)
    assert groups.get(group, "JFK")
    groups.handle.advance(60)
    assert groups.get(group, "JFK") is None
    assert groups.identifiers(group, IncludeSoftDeletedRecords=True) == ["LGA"]
    put(groups, group, now - timedelta(hours=-1, minutes=1))  # earlier than its expiry
    assert groups.get(group, "JFK")


def test_a_record_that_has_already_expired(groups: OnlineGroups, now: datetime):
    group = groups.create(TtlDuration=HOUR)
    put(groups, group, now - timedelta(days=1))
    assert groups.get(group, "JFK") is None


def test_the_offline_store_gets_a_marker_at_the_expiry(groups: OnlineGroups, stores: Stores, now: datetime):
    group = stores.create()
    put(groups, group, now, TtlDuration=HOUR)
    groups.handle.advance(3700)
    stores.flush()
    stores.until_rows(group, 2)
    later = iso(now + timedelta(hours=1))
    assert values(stores.rows(group), "origin", "at", "wind", "is_deleted") == [
        ("JFK", iso(now), 1.0, False),
        ("JFK", later, None, True),
    ]


def test_time_to_live_needs_an_online_store(groups: OnlineGroups, stores: Stores, now: datetime):
    name = f"offline-only-{now:%H%M%S}"
    groups.sagemaker.create_feature_group(
        FeatureGroupName=name,
        RecordIdentifierFeatureName="origin",
        EventTimeFeatureName="at",
        FeatureDefinitions=[{"FeatureName": each, "FeatureType": "String"} for each in ("origin", "at", "wind")],
        OfflineStoreConfig={"S3StorageConfig": {"S3Uri": f"s3://{stores.bucket}"}},
        RoleArn=stores.role,
    )
    groups.wait(name)
    code, message = refused(put, groups, name, now, TtlDuration=HOUR)
    assert code == "ValidationError" and "TtlDuration needs an OnlineStore" in message
    put(groups, name, now)
    for call in (groups.runtime.get_record, groups.runtime.list_records):
        parameters = {"RecordIdentifierValueAsString": "JFK"} if call == groups.runtime.get_record else {}
        code, message = refused(call, FeatureGroupName=name, **parameters)
        assert code == "ValidationError" and "OnlineStore is not enabled" in message
    stores.flush()
    stores.until_rows(name, 1)
