"""What a team's program does with Feature Store in the SageMaker Python SDK v3: what works with Studio's parts and the newest."""

import json
import os
import tempfile
import time

import pandas as pd
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.resources import FeatureMetadata
from sagemaker.core.shapes import FeatureParameter, FeatureValue
from sagemaker.mlops.feature_store import (
    DatasetBuilder,
    FeatureGroup,
    FractionalFeatureDefinition,
    IngestionError,
    OfflineStoreConfig,
    OnlineStoreConfig,
    S3StorageConfig,
    as_hive_ddl,
    create_athena_query,
    ingest_dataframe,
    load_feature_definitions_from_dataframe,
)
from sagemaker.mlops.feature_store.dataset_builder import JoinTypeEnum

sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.3))  # the SDK looks every 5 s
os.chdir(tempfile.mkdtemp())  # the SDK writes files here

session, role = Session(), get_execution_role()
bucket = session.default_bucket()
output, suffix, found = f"s3://{bucket}/results", str(time.time_ns()), {}
HOUR, START = 3600.0, 1_700_000_000.0

base = pd.DataFrame(
    [["f1", "UA", START + 11.5 * HOUR], ["f2", "UA", START + 13 * HOUR], ["f3", "DL", START + 12 * HOUR]],
    columns=["flight", "carrier", "asked"],
)
delays = pd.DataFrame(
    [["UA", START + 10 * HOUR, 1.0, 10], ["UA", START + 12 * HOUR, 3.0, 12], ["AA", START + 10 * HOUR, 7.0, 5]],
    columns=["carrier", "t", "delay", "n"],
)


def until(ask):
    limit = time.monotonic() + 90
    while not ask():
        assert time.monotonic() < limit
        sleep(0.2)


def create(stem, frame, identifier, event_time):
    group = FeatureGroup.create(
        feature_group_name=f"{stem}-{suffix}",
        record_identifier_feature_name=identifier,
        event_time_feature_name=event_time,
        feature_definitions=load_feature_definitions_from_dataframe(frame),
        online_store_config=OnlineStoreConfig(enable_online_store=True),
        offline_store_config=OfflineStoreConfig(s3_storage_config=S3StorageConfig(s3_uri=f"s3://{bucket}/fs")),
        role_arn=role,
    )
    group.wait_for_status("Created")
    return group


def query(group, text):
    asked = create_athena_query(group.feature_group_name, session)
    asked.run(text.format(table=f'"{asked.database}"."{asked.table_name}"'), output)
    asked.wait()
    return asked.as_dataframe()


def values(answer):
    return {each.feature_name: each.value_as_string for each in answer.record or []}


carriers, flights = create("carriers", delays, "carrier", "t"), create("flights", base, "flight", "asked")
ingest_dataframe(carriers.feature_group_name, delays)
ingest_dataframe(flights.feature_group_name, base, max_workers=2, max_processes=2)
found["ddl"] = as_hive_ddl(carriers.feature_group_name).splitlines()[1:5]

found["record"] = values(carriers.get_record(record_identifier_value_as_string="UA"))
found["absent"] = values(carriers.get_record(record_identifier_value_as_string="XX"))
record = {"carrier": "B6", "t": str(START), "delay": "2.5"}
carriers.put_record(record=[FeatureValue(feature_name=name, value_as_string=value) for name, value in record.items()])
carriers.delete_record(record_identifier_value_as_string="B6", event_time=str(START + HOUR))
found["deleted"] = values(carriers.get_record(record_identifier_value_as_string="B6"))

bad = base.copy()
bad.loc[1, "flight"] = None
bad["asked"] += HOUR
try:
    ingest_dataframe(flights.feature_group_name, bad)
except IngestionError as error:
    found["failed"] = error.failed_rows

found["listed"] = len(list(FeatureGroup.get_all(name_contains=suffix)))
carriers.update(feature_additions=[FractionalFeatureDefinition(feature_name="wind")])
until(lambda: FeatureGroup.get(carriers.feature_group_name).last_update_status.status == "Successful")
wind = FeatureMetadata.get(feature_group_name=carriers.feature_group_name, feature_name="wind")
wind.update(description="speed", parameter_additions=[FeatureParameter(key="unit", value="mph")])
wind = FeatureMetadata.get(feature_group_name=carriers.feature_group_name, feature_name="wind")
found["metadata"] = [wind.description, wind.parameters[0].key]

until(lambda: query(carriers, "SELECT count(*) AS n FROM {table} WHERE is_deleted").n[0] == 1)
until(lambda: query(flights, "SELECT count(*) AS n FROM {table}").n[0] == 5)
made = DatasetBuilder.create(base, output, session, record_identifier_feature_name="flight", event_time_identifier_feature_name="asked")
made.with_feature_group(carriers, "carrier", ["delay"], join_type=JoinTypeEnum.LEFT_JOIN).point_in_time_accurate_join()
frame, _ = made.with_number_of_recent_records_by_record_identifier(1).to_dataframe()
found["as of"] = frame.sort_values("flight")[["flight", "delay.1"]].astype(object).where(frame.notna(), None).to_numpy().tolist()
frame, _ = DatasetBuilder.create(carriers, output, session).to_dataframe()
found["kept"] = sorted(frame.carrier)

for group in (carriers, flights):
    group.delete()
print(json.dumps(found))
