"""PutRecord and GetRecord, through boto3."""

from __future__ import annotations

import json

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.feature_store.offline_fixtures import Stores
from tests.localaws.sagemaker.feature_store.record_fixtures import FEATURES, OnlineGroups, at
from tests.localaws.sagemaker.feature_store.store_fixtures import record_of

FIRST = {"origin": "JFK", "at": at(), "wind": "4.5", "flights": "3"}


@pytest.fixture
def groups(local_aws, client) -> OnlineGroups:
    return OnlineGroups(local_aws, client)


def test_a_record_comes_back_in_the_order_of_the_definitions(groups: OnlineGroups):
    group = groups.create()
    groups.put(group, flights=3, wind="4.5", at=at(), origin="JFK")
    found = groups.get(group, "JFK")
    assert found == FIRST and list(found) == list(FEATURES)


def test_by_arn(groups: OnlineGroups):
    group = groups.create()
    arn = groups.describe(group)["FeatureGroupArn"]
    groups.put(arn, **FIRST)
    assert groups.get(arn, "JFK") == groups.get(group, "JFK") == FIRST


def test_absent_records_and_features(groups: OnlineGroups):
    group = groups.create()
    groups.put(group, origin="JFK", at=at())
    assert groups.get(group, "LGA") is None
    assert groups.get(group, "JFK") == {"origin": "JFK", "at": at()}
    assert groups.get(group, "JFK", FeatureNames=["wind"]) is None
    assert groups.get(group, "JFK", FeatureNames=["wind", "origin"]) == {"origin": "JFK"}


def test_the_latest_event_time_wins_in_any_order_of_arrival(groups: OnlineGroups):
    group = groups.create()
    groups.put(group, **FIRST)
    groups.put(group, origin="JFK", at=at(-1), wind=9)
    assert groups.get(group, "JFK") == FIRST
    groups.put(group, origin="JFK", at=at(1), flights=9)
    assert groups.get(group, "JFK") == {"origin": "JFK", "at": at(1), "flights": "9"}  # a full overwrite


def test_an_equal_event_time_is_historic(groups: OnlineGroups):
    group = groups.create()
    groups.put(group, **FIRST)
    groups.put(group, **FIRST | {"wind": 9})
    assert groups.get(group, "JFK") == FIRST


def test_event_times_have_nanoseconds(groups: OnlineGroups):
    group = groups.create()
    for digits, wind in (("000000001", 1), ("000000003", 3), ("000000002", 2)):
        groups.put(group, origin="JFK", at=f"2013-07-04T12:00:00.{digits}Z", wind=wind)
    assert groups.get(group, "JFK")["wind"] == "3"
    group = groups.create({"id": "Integral", "t": "Fractional", "x": "Integral"}, time="t")
    for time, x in (("1372939200.123456789", 1), ("1372939200.123456788", 2), ("1.3729392e9", 3)):
        groups.put(group, id=7, t=time, x=x)
    assert groups.get(group, "7")["x"] == "1"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"at": at()}, "required feature [origin]"),
        ({"origin": "JFK"}, "required feature [at]"),
        ({"origin": "", "at": at()}, "is empty"),
        ({"origin": "J" * 2049, "at": at()}, "2048 bytes"),
        ({"origin": "JFK", "at": at(), "gust": "1"}, "[gust] is not defined"),
        ({"origin": "JFK", "at": "2013-07-04 12:00:00"}, "event time feature [at]"),
        ({"origin": "JFK", "at": at(), "wind": "fast"}, "named [wind] into a FeatureValue of type Fractional"),
        ({"origin": "JFK", "at": at(), "wind": ""}, "decimal form or scientific notation"),
        ({"origin": "JFK", "at": at(), "wind": "nan"}, "IEEE 754"),
        ({"origin": "JFK", "at": at(), "wind": "1e999"}, "IEEE 754"),
        ({"origin": "JFK", "at": at(), "flights": "3.0"}, "named [flights] into a FeatureValue of type Integral"),
        ({"origin": "JFK", "at": at(), "flights": str(2**63)}, "64-bit"),
        ({"origin": "JFK", "at": at(), "wind": ["1", "2"]}, "must be a ValueAsString"),
        ({"origin": "J", "at": at(), "wind": "0." + "1" * 358_390}, "The maximum size of a record is 358400 bytes"),
    ],
)
def test_invalid_records(groups: OnlineGroups, values: dict, reason: str):
    group = groups.create()
    code, message = refused(groups.put, group, **values)
    assert code == "ValidationError" and reason in message
    assert groups.identifiers(group) == []


def test_values_of_each_type(groups: OnlineGroups):
    group = groups.create()
    for wind, flights in (("-1.5e-3", "-0"), (".5", str(-(2**63))), ("+2.", str(2**63 - 1))):
        groups.put(group, origin=wind, at=at(), wind=wind, flights=flights)
        assert groups.get(group, wind) == {"origin": wind, "at": at(), "wind": wind, "flights": flights}
    groups.put(group, origin="Zürich ✈", at=at())
    assert groups.get(group, "Zürich ✈")["origin"] == "Zürich ✈"


def test_repeated_features_and_features_without_a_value(groups: OnlineGroups):
    group = groups.create()
    twice = record_of(FIRST) + record_of({"wind": 1})
    code, message = refused(groups.runtime.put_record, FeatureGroupName=group, Record=twice)
    assert code == "ValidationError" and "[wind] occurs more than once" in message
    code, message = refused(groups.runtime.put_record, FeatureGroupName=group, Record=[*record_of({"origin": "J"}), {"FeatureName": "at"}])
    assert code == "ValidationError" and "[at] must have either" in message


def test_collections_of_an_in_memory_store(groups: OnlineGroups):
    definitions = [
        {"FeatureName": "id", "FeatureType": "String"},
        {"FeatureName": "at", "FeatureType": "String"},
        {"FeatureName": "names", "FeatureType": "String", "CollectionType": "List"},
        {"FeatureName": "codes", "FeatureType": "Integral", "CollectionType": "Set"},
        {
            "FeatureName": "place",
            "FeatureType": "Fractional",
            "CollectionType": "Vector",
            "CollectionConfig": {"VectorConfig": {"Dimension": 3}},
        },
    ]
    group = groups.create(definitions, StorageType="InMemory")
    groups.put(group, id="a", at=at(), names=["x", "", "x"], codes=["1", "2", "1"], place=["1", "2.5", "-3e1"])
    assert groups.get(group, "a") == {"id": "a", "at": at(), "names": ["x", "", "x"], "codes": ["1", "2"], "place": ["1", "2.5", "-3e1"]}
    for wrong, reason in (
        ({"names": "x"}, "must be a ValueAsStringList"),
        ({"codes": ["1", "x"]}, "into a FeatureValue of type Integral"),
        ({"place": ["1", "2"]}, "Its dimension is 3"),
    ):
        code, message = refused(groups.put, group, id="b", at=at(), **wrong)
        assert code == "ValidationError" and reason in message


def test_errors_of_a_missing_group(groups: OnlineGroups):
    missing = "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name nowhere"
    assert refused(groups.put, "nowhere", **FIRST) == ("ValidationError", missing)  # PutRecord has no ResourceNotFound
    assert refused(groups.delete, "nowhere", "JFK", at()) == ("ValidationError", missing)
    assert refused(groups.get, "nowhere", "JFK") == ("ResourceNotFound", missing)
    code, message = refused(groups.get, "arn:aws:sagemaker:us-east-1:999999999999:feature-group/other", "JFK")
    assert code == "ValidationError" and "does not support feature groups shared across accounts" in message
    assert refused(groups.get, "arn:aws:sagemaker:eu-west-1:123456789012:feature-group/other", "JFK")[0] == "ResourceNotFound"


def test_status_codes(groups: OnlineGroups, refused):
    with refused("ResourceNotFound", 404):
        groups.get("nowhere", "JFK")
    with refused("ValidationError", 400):
        groups.get(groups.create(), "JFK", FeatureNames=["gust"])


def test_a_group_is_read_again_after_a_change(groups: OnlineGroups):
    group = groups.create()
    groups.put(group, **FIRST)
    groups.drop(group)
    assert refused(groups.get, group, "JFK")[0] == "ResourceNotFound"


def test_a_group_that_could_not_be_created(groups: OnlineGroups, stores: Stores):
    name = "may-not-write"
    reads = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetBucketAcl", "Resource": "*"}]}
    stores.iam.put_role_policy(RoleName=stores.role_name, PolicyName="write", PolicyDocument=json.dumps(reads))
    groups.sagemaker.create_feature_group(
        FeatureGroupName=name,
        RecordIdentifierFeatureName="origin",
        EventTimeFeatureName="at",
        FeatureDefinitions=[{"FeatureName": each, "FeatureType": kind} for each, kind in FEATURES.items()],
        OnlineStoreConfig={"EnableOnlineStore": True},
        OfflineStoreConfig={"S3StorageConfig": {"S3Uri": f"s3://{stores.bucket}"}},
        RoleArn=stores.role,
    )
    groups.wait(name)
    code, message = refused(groups.put, name, **FIRST)
    assert code == "ValidationError" and "in status CreateFailed" in message


def test_a_new_group_of_the_same_name_is_empty(groups: OnlineGroups):
    group = groups.create()
    groups.put(group, **FIRST)
    groups.drop(group)
    groups.sagemaker.create_feature_group(
        FeatureGroupName=group,
        RecordIdentifierFeatureName="origin",
        EventTimeFeatureName="at",
        FeatureDefinitions=[{"FeatureName": name, "FeatureType": kind} for name, kind in FEATURES.items()],
        OnlineStoreConfig={"EnableOnlineStore": True},
    )
    groups.wait(group)
    assert groups.get(group, "JFK") is None
