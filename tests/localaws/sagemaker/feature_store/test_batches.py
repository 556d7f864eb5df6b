"""BatchGetRecord, BatchWriteRecord and ListRecords, through boto3."""

from __future__ import annotations

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.feature_store.record_fixtures import OnlineGroups, at, values_of
from tests.localaws.sagemaker.feature_store.store_fixtures import record_of


@pytest.fixture
def groups(local_aws, client) -> OnlineGroups:
    return OnlineGroups(local_aws, client)


def entry(group: str, **values: object) -> dict:
    return {"FeatureGroupName": group, "Record": record_of(values)}


def wanted(group: str, *identifiers: str, **parameters: object) -> dict:
    return {"FeatureGroupName": group, "RecordIdentifiersValueAsString": list(identifiers), **parameters}


def test_several_groups_in_one_batch(groups: OnlineGroups):
    first, second = groups.create(), groups.create({"tail": "String", "at": "String", "seats": "Integral"})
    entries = [entry(first, origin="JFK", at=at(), wind=1), entry(second, tail="N1", at=at(), seats=100)]
    answer = groups.runtime.batch_write_record(Entries=[*entries, entry(first, origin="LGA", at=at())])
    assert answer["Errors"] == answer["UnprocessedEntries"] == []
    identifiers = [wanted(first, "JFK", "EWR", "LGA", FeatureNames=["origin", "wind"]), wanted(second, "N1")]
    found = groups.runtime.batch_get_record(Identifiers=identifiers)
    assert [(each["FeatureGroupName"], each["RecordIdentifierValueAsString"], values_of(each["Record"])) for each in found["Records"]] == [
        (first, "JFK", {"origin": "JFK", "wind": "1"}),
        (first, "LGA", {"origin": "LGA"}),
        (second, "N1", {"tail": "N1", "at": at(), "seats": "100"}),
    ]
    assert found["Errors"] == found["UnprocessedIdentifiers"] == []


def test_errors_of_single_records(groups: OnlineGroups):
    group = groups.create()
    groups.put(group, origin="JFK", at=at())
    identifiers = [wanted("nowhere", "a"), wanted(group, "JFK"), wanted(group, "JFK", FeatureNames=["gust"])]
    found = groups.runtime.batch_get_record(Identifiers=identifiers)
    assert [each["RecordIdentifierValueAsString"] for each in found["Records"]] == ["JFK"]
    assert [(each["FeatureGroupName"], each["RecordIdentifierValueAsString"], each["ErrorCode"]) for each in found["Errors"]] == [
        ("nowhere", "a", "ResourceNotFound"),
        (group, "JFK", "ValidationError"),
    ]


def test_at_most_a_hundred_records(groups: OnlineGroups):
    group = groups.create()
    many = [str(number) for number in range(60)]
    code, message = refused(groups.runtime.batch_get_record, Identifiers=[wanted(group, *many), wanted(group, *many)])
    assert code == "ValidationError" and "120" in message and "100" in message
    assert groups.runtime.batch_get_record(Identifiers=[wanted(group, *many)])["Records"] == []


def test_valid_entries_are_written_beside_wrong_ones(groups: OnlineGroups):
    group = groups.create()
    wrong = [entry(group, origin="b", at="yesterday"), entry(group, origin="c", at=at(), wind="x"), entry(group, at=at())]
    answer = groups.runtime.batch_write_record(Entries=[entry(group, origin="a", at=at()), *wrong, entry(group, origin="d", at=at())])
    assert [each["Entry"] for each in answer["Errors"]] == wrong and answer["UnprocessedEntries"] == []
    assert {each["ErrorCode"] for each in answer["Errors"]} == {"ValidationError"}
    assert "FeatureValue of type Fractional" in answer["Errors"][1]["ErrorMessage"]
    assert groups.identifiers(group) == ["a", "d"]


def test_a_missing_group_fails_the_whole_write(groups: OnlineGroups, refused):
    group = groups.create()
    with refused("ResourceNotFound", 404):
        groups.runtime.batch_write_record(Entries=[entry(group, origin="a", at=at()), entry("nowhere", origin="b", at=at())])
    assert groups.identifiers(group) == []


def test_at_most_25_entries(groups: OnlineGroups):
    group = groups.create()
    entries = [entry(group, origin=str(number), at=at()) for number in range(26)]
    code, message = refused(groups.runtime.batch_write_record, Entries=entries)
    assert code == "ValidationError" and "length less than or equal to 25" in message
    groups.runtime.batch_write_record(Entries=entries[:25])
    assert len(groups.identifiers(group)) == 25


def test_the_latest_event_time_wins_within_a_batch(groups: OnlineGroups):
    group = groups.create()
    groups.runtime.batch_write_record(Entries=[entry(group, origin="a", at=at(minute), wind=minute) for minute in (1, 3, 2)])
    assert groups.get(group, "a")["wind"] == "3"


def test_pages_of_identifiers(groups: OnlineGroups):
    group = groups.create()
    names = sorted(f"n{number}" for number in range(7))
    for name in reversed(names):
        groups.put(group, origin=name, at=at())
    groups.delete(group, "n3", at(1))
    left = [name for name in names if name != "n3"]
    for size in (1, 2, 3, 100):
        assert groups.identifiers(group, MaxResults=size) == left
        assert groups.identifiers(group, MaxResults=size, IncludeSoftDeletedRecords=True) == names
    page = groups.runtime.list_records(FeatureGroupName=group, MaxResults=2)
    code, message = refused(groups.runtime.list_records, FeatureGroupName=groups.create(), NextToken=page["NextToken"])
    assert code == "ValidationError" and "NextToken" in message
