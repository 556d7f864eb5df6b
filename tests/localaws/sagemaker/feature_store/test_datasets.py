"""`DatasetBuilder` of SDK v3 on a table with corrected, late and deleted records: the rows that its SQL asks for, which Athena must give.

They are not a point-in-time join where a record came late or was deleted. The expected rows follow from the SDK's SQL (1.27, read
2026-11-28), run on bare DuckDB.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pandas as pd
import pytest
from botocore.exceptions import ClientError

from tests.localaws.sagemaker.feature_store.sdk_store import SdkStore

HOUR, START = 3600.0, 1_700_000_000.0
# (carrier, hour of the event, delay): the calls of one second, then those of the next. No delay is a deletion.
EARLIER = [
    *(("UA", 10, 1.0), ("UA", 12, 2.0), ("UA", 14, None), ("UA", 15, 5.0)),
    *(("WN", 10, 1.0), ("WN", 12, 2.0), ("WN", 15, 4.0)),
    *(("AA", 10, 7.0), ("B6", 10, 8.0), ("B6", 13, None)),
]
LATER = [(carrier, hour, delay) for carrier in ("UA", "WN") for hour, delay in ((12, 3.0), (11, 9.0))]  # a correction, and a late record
FLIGHTS = [
    ("f1", "UA", 11.5),
    ("f2", "UA", 14.5),
    ("f3", "UA", 16),
    ("f4", "B6", 12),
    ("f5", "DL", 12),
    ("w1", "WN", 11.5),
    ("w2", "WN", 16),
]


def seconds(hour: float) -> float:
    return START + HOUR * hour


def call(store: SdkStore, calls: list[tuple[str, float, float | None]]) -> None:
    runtime = store.session.sagemaker_featurestore_runtime_client
    for carrier, hour, delay in calls:
        at = str(seconds(hour))
        if delay is None:
            runtime.delete_record(FeatureGroupName="dataset-carriers", RecordIdentifierValueAsString=carrier, EventTime=at)
            continue
        record = {"carrier": carrier, "t": at, "delay": str(delay)}
        values = [{"FeatureName": name, "ValueAsString": value} for name, value in record.items()]
        runtime.put_record(FeatureGroupName="dataset-carriers", Record=values)


@pytest.fixture(scope="module")
def carriers(store: SdkStore):
    """The group of the calls, once they are all in the offline store."""
    frame = pd.DataFrame({"carrier": ["x"], "t": [1.0], "delay": [1.0]})
    group = store.create("dataset-carriers", frame, "carrier", "t")
    call(store, EARLIER)
    time.sleep(1.1)  # the time of a call has whole seconds in the offline store
    call(store, LATER)
    store.until_offline("dataset-carriers", len(EARLIER + LATER))
    return group


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    return pd.DataFrame([(flight, carrier, seconds(hour)) for flight, carrier, hour in FLIGHTS], columns=["flight", "carrier", "asked"])


def rows(frame: pd.DataFrame) -> list[tuple]:
    """(flight, delay) of each row, in order; None for no delay."""
    found = [(flight, None if pd.isna(delay) else delay) for flight, delay in zip(frame["flight"], frame["delay.1"], strict=True)]
    return sorted(found, key=str)


def builder(store: SdkStore, carriers: object, flights: pd.DataFrame, identifier: str = "flight", **join: object):
    made = store.dataset(flights, record_identifier_feature_name=identifier, event_time_identifier_feature_name="asked")
    return made.with_feature_group(carriers, "carrier", **join).point_in_time_accurate_join()


@pytest.mark.nightly  # the next test joins versions by day
def test_every_version_before_the_base_row(store: SdkStore, carriers: object, flights: pd.DataFrame) -> None:
    """Without a number of recent records. A deletion hides all earlier versions of its identifier, whenever the base row asks."""
    found, query = builder(store, carriers, flights).to_dataframe()
    assert rows(found) == [("f3", 5.0), ("w1", 1.0), ("w1", 9.0), ("w2", 1.0), ("w2", 3.0), ("w2", 4.0), ("w2", 9.0)]
    assert 'from_unixtime(fg_base."asked") >= from_unixtime(fg_0."t")' in query


def test_the_most_recent_version_before_the_base_row(store: SdkStore, carriers: object, flights: pd.DataFrame) -> None:
    """``w1`` gets the record that came late. ``f3`` is after the deletion."""
    found, _ = builder(store, carriers, flights).with_number_of_recent_records_by_record_identifier(1).to_dataframe()
    assert rows(found) == [("f3", 5.0), ("w1", 9.0), ("w2", 4.0)]


def test_recent_records_are_counted_by_identifier_of_the_base(store: SdkStore, carriers: object, flights: pd.DataFrame) -> None:
    found, _ = builder(store, carriers, flights, "carrier").with_number_of_recent_records_by_record_identifier(1).to_dataframe()
    assert rows(found) == [("f3", 5.0), ("w2", 4.0)]


def test_deleted_records_are_included(store: SdkStore, carriers: object, flights: pd.DataFrame) -> None:
    """Then the values before a deletion stay valid after it."""
    made = builder(store, carriers, flights).with_number_of_recent_records_by_record_identifier(1).include_deleted_records()
    assert rows(made.to_dataframe()[0]) == [("f1", 9.0), ("f2", 3.0), ("f3", 5.0), ("f4", 8.0), ("w1", 9.0), ("w2", 4.0)]


@pytest.mark.nightly  # the others cover it
def test_duplicated_records_are_included(store: SdkStore, carriers: object, flights: pd.DataFrame) -> None:
    found, _ = builder(store, carriers, flights).include_duplicated_records().to_dataframe()
    assert [delay for flight, delay in rows(found) if flight == "w2"] == [1.0, 2.0, 3.0, 4.0, 9.0]


def test_a_left_join_keeps_rows_without_a_version(store: SdkStore, carriers: object, flights: pd.DataFrame) -> None:
    from sagemaker.mlops.feature_store.dataset_builder import JoinTypeEnum

    made = builder(store, carriers, flights, join_type=JoinTypeEnum.LEFT_JOIN).with_number_of_recent_records_by_record_identifier(1)
    expected = [("f1", None), ("f2", None), ("f3", 5.0), ("f4", None), ("f5", None), ("w1", 9.0), ("w2", 4.0)]
    assert rows(made.to_dataframe()[0]) == expected


def test_a_range_of_event_times(store: SdkStore, carriers: object) -> None:
    """With its end alone. With both, SDK v3 writes ``is_deletedAND`` in its query."""
    first, last = (datetime.fromtimestamp(seconds(hour), UTC) for hour in (11, 12))
    found, _ = store.dataset(carriers).with_event_time_range(ending_timestamp=last).to_dataframe()
    assert sorted(zip(found.carrier, found.delay, strict=True))[:2] == [("AA", 7.0), ("WN", 1.0)]
    assert found.t.max() == seconds(12)
    with pytest.raises(ClientError, match="mismatched input"):
        store.dataset(carriers).with_event_time_range(first, last).to_dataframe()


@pytest.mark.nightly  # a join by identifier runs by day
def test_groups_are_joined_to_a_group(store: SdkStore, carriers: object, flights: pd.DataFrame) -> None:
    """A join multiplies the versions of the joined groups."""
    from sagemaker.mlops.feature_store import ingest_dataframe

    base = store.create("dataset-flights", flights, "flight", "asked")
    ingest_dataframe(feature_group_name="dataset-flights", data_frame=flights, use_batch_write_record=True)
    store.until_offline("dataset-flights", len(flights))
    made = store.dataset(base, included_feature_names=["flight", "carrier"])
    made.with_feature_group(carriers, "carrier", ["delay"]).with_feature_group(carriers, "carrier", ["delay"])
    path, _ = made.to_csv_file()
    found = pd.read_csv(store.session.boto_session.client("s3").get_object(Bucket=store.bucket, Key=path.split("/", 3)[3])["Body"])
    assert found.columns.tolist() == ["flight", "carrier", "delay.1", "delay.2"]
    assert found.groupby("flight").size().to_dict() == {"f1": 1, "f2": 1, "f3": 1, "w1": 16, "w2": 16}
    made.with_number_of_records_from_query_results(2)
    assert len(made.to_dataframe()[0]) == 2


@pytest.mark.nightly  # waits for several files
def test_only_what_was_written_by_a_moment(store: SdkStore, carriers: object) -> None:
    moment = datetime.now(UTC).replace(tzinfo=None)
    while len(store.dataset(carriers).as_of(moment).to_dataframe()[0]) < 6:  # the SDK cuts the moment to a whole second
        moment = datetime.now(UTC).replace(tzinfo=None)
    assert store.dataset(carriers).as_of(datetime(2020, 1, 1)).to_dataframe()[0].empty


@pytest.mark.nightly  # a property of the SDK
def test_a_text_as_event_time_fails_as_on_aws(store: SdkStore, carriers: object) -> None:
    """SDK v3 writes ``from_unixtime`` of the text."""
    from sagemaker.mlops.feature_store import ingest_dataframe

    frame = pd.DataFrame({"carrier": ["UA"], "at": ["2023-11-14T22:13:20Z"]})
    base = store.create("dataset-texts", frame, "carrier", "at")
    ingest_dataframe(feature_group_name="dataset-texts", data_frame=frame)
    with pytest.raises(RuntimeError, match=r"Athena query \S+ failed"):
        store.dataset(base).with_feature_group(carriers).point_in_time_accurate_join().to_dataframe()
