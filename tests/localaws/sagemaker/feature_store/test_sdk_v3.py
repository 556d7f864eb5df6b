"""Feature Store through the SageMaker Python SDK v3 of the course: `sagemaker.mlops.feature_store` 1.27.

What the SDK asks for was read in its source on 2026-11-28, and what it expects in its integration tests
(``sagemaker-mlops/tests/integ/test_feature_store*.py`` of aws/sagemaker-python-sdk).
"""

from __future__ import annotations

import itertools
from typing import Any

import pandas as pd
import pytest
from botocore.exceptions import ClientError

from tests.localaws.sagemaker.feature_store.sdk_store import SdkStore, until

NUMBERS = itertools.count()


def name(stem: str) -> str:
    return f"{stem}-{next(NUMBERS)}"


def table(size: int = 10) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": [f"id-{number}" for number in range(size)],
            "feature_1": [number * 1.5 for number in range(size)],
            "feature_2": range(size),
            "event_time": [1.7e9 + number for number in range(size)],
        }
    )


def values(answer: Any) -> dict[str, str]:
    """The features of a record by name."""
    return {feature.feature_name: feature.value_as_string for feature in answer.record}


@pytest.mark.nightly  # the same operations by day in test_groups.py
def test_a_group_from_its_creation_to_its_end(store: SdkStore) -> None:
    from sagemaker.mlops.feature_store import FeatureGroup, ingest_dataframe

    made, frame = name("life"), table()
    group = store.create(made, frame, "record_id", "event_time")
    assert group.offline_store_config.s3_storage_config.resolved_output_s3_uri.startswith(f"s3://{store.bucket}/fs/")
    assert ingest_dataframe(feature_group_name=made, data_frame=frame).failed_rows == []
    found = group.get_record(record_identifier_value_as_string="id-3")
    assert list(values(found).items()) == [
        ("record_id", "id-3"), ("feature_1", "4.5"), ("feature_2", "3"), ("event_time", "1700000003.0"),
    ]  # fmt: skip
    group.delete_record(record_identifier_value_as_string="id-3", event_time="1700000099.0")
    assert not group.get_record(record_identifier_value_as_string="id-3").record
    listed = [each.feature_group_name for each in FeatureGroup.get_all(name_contains=made)]
    assert listed == [made]
    group.delete()
    with pytest.raises(ClientError, match="ResourceNotFound"):
        until(lambda: FeatureGroup.get(feature_group_name=made) is None)


@pytest.mark.parametrize(
    ("workers", "processes", "batches"),
    [
        (1, 1, True),
        pytest.param(2, 2, False, marks=pytest.mark.nightly),  # processes that import the SDK
        pytest.param(3, 1, False, marks=pytest.mark.nightly),  # the other two cover it
        pytest.param(2, 2, True, marks=pytest.mark.nightly),
    ],
)
def test_a_table_is_ingested_whole(store: SdkStore, workers: int, processes: int, batches: bool) -> None:
    from sagemaker.mlops.feature_store import ingest_dataframe

    made, frame = name("ingest"), table(60)
    store.create(made, frame, "record_id", "event_time")
    how = {"max_workers": workers, "max_processes": processes, "use_batch_write_record": batches}
    assert ingest_dataframe(feature_group_name=made, data_frame=frame, **how).failed_rows == []
    store.until_offline(made, 60)
    found = store.query(made, "SELECT record_id, feature_1, feature_2, event_time FROM {table} ORDER BY event_time")
    pd.testing.assert_frame_equal(found, frame)


@pytest.mark.parametrize("batches", [True, pytest.param(False, marks=pytest.mark.nightly)])  # five seconds each
def test_only_bad_rows_fail(store: SdkStore, batches: bool) -> None:
    from sagemaker.mlops.feature_store import ingest_dataframe
    from sagemaker.mlops.feature_store.ingestion_manager_pandas import IngestionError

    made, frame = name("bad"), table()
    group = store.create(made, frame, "record_id", "event_time")
    frame.loc[5, "record_id"] = None
    with pytest.raises(IngestionError) as caught:
        ingest_dataframe(feature_group_name=made, data_frame=frame, use_batch_write_record=batches)
    assert caught.value.failed_rows == [5]
    assert values(group.get_record(record_identifier_value_as_string="id-9"))["feature_2"] == "9"


@pytest.mark.nightly  # waits for files of the offline store, as test_offline.py does by day
def test_a_query_on_the_offline_store(store: SdkStore) -> None:
    from sagemaker.mlops.feature_store import as_hive_ddl, ingest_dataframe

    made, frame = name("query"), table()
    store.create(made, frame, "record_id", "event_time")
    assert store.query(made, "SELECT * FROM {table} LIMIT 10").empty
    ingest_dataframe(feature_group_name=made, data_frame=frame)
    store.until_offline(made, 10)
    found = store.query(made, "SELECT COUNT(*) AS count, AVG(feature_1) AS mean FROM {table} WHERE feature_2 > 5")
    assert found.loc[0].tolist() == [4, 11.25]
    found = store.query(made, "SELECT * FROM {table} LIMIT 1").columns.tolist()
    assert found[4:7] == ["write_time", "api_invocation_time", "is_deleted"]
    assert as_hive_ddl(made).startswith(f"CREATE EXTERNAL TABLE IF NOT EXISTS sagemaker_featurestore.{made} (\n  record_id STRING\n")


@pytest.mark.nightly  # the same operations by day in test_groups.py
def test_the_wait_of_aws_notebooks_ends(store: SdkStore) -> None:
    """They ask until there is more than one object, though all rows have the same event time."""
    from sagemaker.mlops.feature_store import ingest_dataframe

    made, frame = name("waited"), table(2).assign(event_time=1.7e9)
    group = store.create(made, frame, "record_id", "event_time")
    ingest_dataframe(feature_group_name=made, data_frame=frame)
    uri = group.offline_store_config.s3_storage_config.resolved_output_s3_uri
    asked = {"Bucket": store.bucket, "Prefix": uri.replace(f"s3://{store.bucket}/", "")}
    s3 = store.session.boto_session.client("s3")
    until(lambda: len(s3.list_objects(**asked).get("Contents", [])) > 1)


def test_a_group_is_extended_and_found(store: SdkStore) -> None:
    from sagemaker.core.resources import FeatureMetadata
    from sagemaker.core.shapes import FeatureParameter
    from sagemaker.mlops.feature_store import FeatureGroup, FractionalFeatureDefinition

    made, frame = name("extended"), table()
    group = store.create(made, frame, "record_id", "event_time")
    group.update(feature_additions=[FractionalFeatureDefinition(feature_name="wind")])
    until(lambda: FeatureGroup.get(feature_group_name=made).last_update_status.status == "Successful")
    assert FeatureGroup.get(feature_group_name=made).feature_definitions[-1].feature_name == "wind"
    feature = FeatureMetadata.get(feature_group_name=made, feature_name="wind")
    feature.update(description="speed in mph", parameter_additions=[FeatureParameter(key="unit", value="mph")])
    feature = FeatureMetadata.get(feature_group_name=made, feature_name="wind")
    assert (feature.description, feature.parameters[0].value) == ("speed in mph", "mph")
    client = store.session.sagemaker_client
    asked = {"Filters": [{"Name": "FeatureGroupName", "Operator": "Equals", "Value": made}]}
    [found] = client.search(Resource="FeatureGroup", SearchExpression=asked)["Results"]
    assert found["FeatureGroup"]["FeatureGroupName"] == made


@pytest.mark.nightly  # without the SDK by day in test_records.py
def test_records_are_listed_and_updated_in_part(store: SdkStore) -> None:
    from sagemaker.mlops.feature_store import OnlineStoreConfig, ingest_dataframe
    from sagemaker.mlops.feature_store.feature_utils import list_records, update_record

    made, frame = name("partial"), table(3)
    online = OnlineStoreConfig(enable_online_store=True, storage_type="Standard_V2")
    group = store.create(made, frame, "record_id", "event_time", online_store_config=online)
    ingest_dataframe(feature_group_name=made, data_frame=frame)
    changes = [{"feature_name": "feature_2", "value_as_string": "7"}, {"feature_name": "event_time", "value_as_string": "1800000000.0"}]
    update_record(feature_group_name=made, record_identifier_value_as_string="id-0", features=changes)
    found = values(group.get_record(record_identifier_value_as_string="id-0"))
    assert (found["feature_1"], found["feature_2"]) == ("0.0", "7")
    changes[1]["value_as_string"] = "1.0"
    with pytest.raises(ClientError, match="ConflictException|ValidationError"):
        update_record(feature_group_name=made, record_identifier_value_as_string="id-0", features=changes)
    page, rest = list_records(made, max_results=2), []
    if page.next_token:
        rest = list_records(made, next_token=page.next_token).record_identifiers
    assert sorted([*page.record_identifiers, *rest]) == ["id-0", "id-1", "id-2"]
