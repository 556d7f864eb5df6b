"""UpdateRecord, through boto3."""

from __future__ import annotations

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.feature_store.record_fixtures import OnlineGroups, at
from tests.localaws.sagemaker.feature_store.store_fixtures import record_of

FIRST = {"origin": "JFK", "at": at(), "wind": "4.5", "flights": "3"}


@pytest.fixture
def groups(local_aws, client) -> OnlineGroups:
    return OnlineGroups(local_aws, client)


@pytest.fixture(params=["Standard_V2", "InMemory"])
def group(groups: OnlineGroups, request: pytest.FixtureRequest) -> str:
    """A group with the record `FIRST`."""
    name = groups.create(StorageType=request.param)
    groups.put(name, **FIRST)
    return name


def update(groups: OnlineGroups, group: str, identifier: str = "JFK", ttl: dict | None = None, **values: object) -> None:
    more = {"TtlDuration": ttl} if ttl else {}
    groups.runtime.update_record(FeatureGroupName=group, RecordIdentifierValueAsString=identifier, Features=record_of(values), **more)


def test_other_features_stay(groups: OnlineGroups, group: str):
    update(groups, group, wind=7)
    assert groups.get(group, "JFK") == FIRST | {"wind": "7"}


@pytest.mark.parametrize("minute", [0, 5])
def test_an_equal_or_later_event_time_is_applied(groups: OnlineGroups, group: str, minute: int):
    update(groups, group, wind=7, at=at(minute), origin="JFK")
    assert groups.get(group, "JFK") == FIRST | {"wind": "7", "at": at(minute)}


def test_an_older_event_time_is_a_conflict(groups: OnlineGroups, group: str, refused):
    with refused("ConflictException", 409):
        update(groups, group, wind=7, at=at(-1))
    assert groups.get(group, "JFK") == FIRST


def test_the_record_must_exist(groups: OnlineGroups, group: str, refused):
    with refused("ResourceNotFound", 404):
        update(groups, group, "LGA", wind=7)
    groups.delete(group, "JFK", at(1))
    with refused("ResourceNotFound", 404):
        update(groups, group, wind=7)


def test_what_cannot_be_updated(groups: OnlineGroups, group: str):
    many = {"FeatureName": "wind", "ValueAsString": "1"}
    for values, reason in (({"origin": "LGA"}, "cannot be updated"), ({"wind": "x"}, "Fractional"), ({"gust": 1}, "not defined")):
        code, message = refused(update, groups, group, **values)
        assert code == "ValidationError" and reason in message
    code, message = refused(
        groups.runtime.update_record, FeatureGroupName=group, RecordIdentifierValueAsString="JFK", Features=[many] * 101
    )
    assert code == "ValidationError" and "at most 100" in message
    code, message = refused(update, groups, group, ttl={"Unit": "Days", "Value": 1}, wind=1)
    assert code == "ValidationError" and "TtlDuration needs a value for the event time" in message
    assert groups.get(group, "JFK") == FIRST


def test_not_in_the_standard_tier(groups: OnlineGroups):
    group = groups.create()
    groups.put(group, **FIRST)
    code, message = refused(update, groups, group, wind=7)
    assert code == "ValidationError" and "Standard_V2 or InMemory" in message


def test_time_to_live_goes_on_from_the_new_event_time(groups: OnlineGroups):
    group = groups.create({"id": "String", "at": "String", "x": "Integral"}, StorageType="Standard_V2")
    record = record_of({"id": "a", "at": "2100-01-01T00:00:00Z", "x": 1})
    groups.runtime.put_record(FeatureGroupName=group, Record=record, TtlDuration={"Unit": "Days", "Value": 1})

    def expires() -> str:
        asked = {"FeatureGroupName": group, "RecordIdentifierValueAsString": "a", "ExpirationTimeResponse": "Enabled"}
        return groups.runtime.get_record(**asked)["ExpiresAt"]

    update(groups, group, "a", x=2)
    assert expires() == "2100-01-02T00:00:00Z"
    update(groups, group, "a", at="2100-01-01T12:00:00Z")
    assert expires() == "2100-01-02T12:00:00Z"
    update(groups, group, "a", ttl={"Unit": "Hours", "Value": 2}, at="2100-01-01T12:00:00Z")
    assert expires() == "2100-01-01T14:00:00Z"
