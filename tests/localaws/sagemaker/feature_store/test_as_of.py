"""Values as of a time: queries over the offline store in Athena's SQL, beside the same in Python."""

from __future__ import annotations

import random

import pytest

from tests.localaws.sagemaker.feature_store.offline_fixtures import Stores, values

START = 1_372_932_000  # 2013-07-04T10:00:00Z


def newest(records: list[dict], key: str, time: float) -> int | None:
    """What a query as of a time must give: the value of the newest record that is not newer than the time, if that is no deletion."""
    known = [each for each in records if each["id"] == key and each["t"] <= time]
    found = max(known, key=lambda each: each["t"], default=None)
    return None if found is None else found["value"]


@pytest.mark.parametrize("table_format", ["Glue", pytest.param("Iceberg", marks=pytest.mark.nightly)])  # test_iceberg.py queries by day
def test_row_number_over_event_times(stores: Stores, table_format: str):
    dice = random.Random(11)
    group = stores.create({"id": "String", "t": "Fractional", "value": "Integral"}, time="t", TableFormat=table_format)
    times = dice.sample(range(START, START + 7200), 60)  # in no order: most arrive late
    records = [{"id": dice.choice("abc"), "t": time, "value": number} for number, time in enumerate(times)]
    for record in records:
        if dice.random() < 0.1:
            record["value"] = None
            stores.runtime.delete_record(FeatureGroupName=group, RecordIdentifierValueAsString=record["id"], EventTime=str(record["t"]))
        else:
            stores.put(group, **record)
    stores.flush()
    asked = [(number, dice.choice("abcd"), START + dice.randint(-100, 7300)) for number in range(40)]
    rows = ", ".join(f"({number}, '{key}', {time})" for number, key, time in asked)
    found = stores.query(
        f"WITH asked (n, id, at_time) AS (VALUES {rows}), ranked AS ("
        "SELECT asked.n, r.value, row_number() OVER ("
        "PARTITION BY asked.n ORDER BY r.t DESC, r.api_invocation_time DESC, r.write_time DESC) AS place "
        "FROM asked JOIN "
        f"{stores.table(group)} r ON r.id = asked.id AND from_unixtime(r.t) <= from_unixtime(asked.at_time)) "
        "SELECT asked.n, ranked.value FROM asked LEFT JOIN ranked ON ranked.n = asked.n AND ranked.place = 1"
    )
    expected = [(str(number), None if (value := newest(records, key, time)) is None else str(value)) for number, key, time in asked]
    assert values(found, "n", "value") == sorted(expected, key=repr)


@pytest.mark.nightly  # waits for files of the offline store
def test_event_times_as_text(stores: Stores):
    group = stores.create()
    for day in (1, 2, 3):
        stores.put(group, origin="JFK", at=f"2013-07-0{day}T12:00:00Z", wind=day)
    stores.flush()
    table = stores.table(group)
    as_of = "from_iso8601_timestamp('2013-07-02T18:00:00Z')"
    ranked = f"SELECT *, row_number() OVER (PARTITION BY origin ORDER BY from_iso8601_timestamp(at) DESC) AS n FROM {table}"
    assert values(stores.query(f"SELECT at FROM ({ranked} WHERE from_iso8601_timestamp(at) <= {as_of}) WHERE n = 1"), "at") == [
        ("2013-07-02T12:00:00Z",)
    ]
    assert stores.query(f"SELECT count(*) AS n FROM {table} WHERE at BETWEEN '2013-07-02' AND '2013-07-03'") == [{"n": "1"}]


@pytest.mark.nightly  # queries of both table formats
@pytest.mark.parametrize("table_format", ["Glue", "Iceberg"])
def test_features_that_were_added_later(stores: Stores, table_format: str):
    group = stores.create(TableFormat=table_format)
    stores.put(group, origin="JFK", at="2013-07-04T12:00:00Z", wind=1)
    stores.flush()
    stores.sagemaker.update_feature_group(FeatureGroupName=group, FeatureAdditions=[{"FeatureName": "Gust", "FeatureType": "Fractional"}])
    stores.until(lambda: stores.describe(group)["LastUpdateStatus"]["Status"] == "Successful")
    stores.put(group, origin="JFK", at="2013-07-05T12:00:00Z", wind=2, Gust=9.5)
    stores.flush()
    table = stores.table(group)
    assert stores.query(f"SELECT wind, gust FROM {table} ORDER BY at") == [{"wind": "1.0", "gust": None}, {"wind": "2.0", "gust": "9.5"}]
    assert set(stores.query(f"SELECT * FROM {table} WHERE gust > 9")[0]) == {
        *("origin", "at", "wind", "flights", "gust", "write_time", "api_invocation_time", "is_deleted")
    }


def test_a_deletion_is_a_row_without_features(stores: Stores):
    group = stores.create()
    stores.put(group, origin="JFK", at="2013-07-04T12:00:00Z", wind=1)
    stores.runtime.delete_record(FeatureGroupName=group, RecordIdentifierValueAsString="JFK", EventTime="2013-07-04T13:00:00Z")
    stores.flush()
    found = stores.query(f"SELECT * FROM {stores.table(group)} ORDER BY at")
    assert values(found, "origin", "at", "wind", "is_deleted") == [
        ("JFK", "2013-07-04T12:00:00Z", "1.0", "false"),
        ("JFK", "2013-07-04T13:00:00Z", None, "true"),
    ]
