"""What a team's program does with Feature Store in the SageMaker Python SDK v2: define, ingest, read, find, and make training data."""

import json
import os
import tempfile
import time
from datetime import UTC, datetime

import pandas as pd
from sagemaker import Session, get_execution_role
from sagemaker.feature_store.dataset_builder import JoinTypeEnum
from sagemaker.feature_store.feature_definition import FractionalFeatureDefinition
from sagemaker.feature_store.feature_group import FeatureGroup, IngestionError
from sagemaker.feature_store.feature_store import FeatureStore
from sagemaker.feature_store.feature_utils import get_feature_group_as_dataframe
from sagemaker.feature_store.inputs import (
    DeletionModeEnum,
    FeatureParameter,
    FeatureValue,
    Filter,
    Identifier,
    OnlineStoreConfigUpdate,
    OnlineStoreStorageTypeEnum,
    ResourceEnum,
    TargetStoreEnum,
    TtlDuration,
)

sleep = time.sleep
time.sleep = lambda seconds: sleep(min(seconds, 0.3))  # the SDK looks every 5 s
os.chdir(tempfile.mkdtemp())  # the SDK writes files here

session, role = Session(), get_execution_role()
bucket = session.default_bucket()
offline, output = f"s3://{bucket}/fs", f"s3://{bucket}/results"
store, suffix, found = FeatureStore(sagemaker_session=session), str(time.time_ns()), {}
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


def create(stem, frame, identifier, event_time, storage=None, **more):
    group = FeatureGroup(name=f"{stem}-{suffix}", sagemaker_session=session)
    group.load_feature_definitions(data_frame=frame, online_storage_type=storage)
    settings = {"s3_uri": offline, "role_arn": role, "enable_online_store": True, "online_store_storage_type": storage, **more}
    group.create(record_identifier_name=identifier, event_time_feature_name=event_time, **settings)
    until(lambda: group.describe()["FeatureGroupStatus"] != "Creating")
    assert group.describe()["FeatureGroupStatus"] == "Created", group.describe()
    return group


def query(group, text):
    asked = group.athena_query()
    asked.run(query_string=text.format(table=f'"{asked.table_name}"'), output_location=output)
    asked.wait()
    return asked.as_dataframe()


def values(record):
    return {each["FeatureName"]: each.get("ValueAsString", each.get("ValueAsStringList")) for each in record or []}


# Groups, in threads and in processes
carriers = create("carriers", delays, "carrier", "t", tags=[{"Key": "team", "Value": "a"}])
flights = create("flights", base, "flight", "asked")
carriers.ingest(data_frame=delays, max_workers=3, wait=False).wait()
flights.ingest(data_frame=base, max_workers=2, max_processes=2, wait=True)
found["tags"] = carriers.list_tags()
found["ddl"] = carriers.as_hive_ddl().splitlines()[1:5]

# Records
found["record"] = values(carriers.get_record("UA"))
found["chosen"] = values(carriers.get_record("UA", feature_names=["delay"]))
found["absent"] = carriers.get_record("XX")
carriers.put_record(
    [FeatureValue("carrier", "B6"), FeatureValue("t", str(START)), FeatureValue("delay", "2.5")],
    target_stores=[TargetStoreEnum.ONLINE_STORE],
    ttl_duration=TtlDuration("Weeks", 52 * 20),
)
answer = store.batch_get_record([Identifier(carriers.name, ["B6", "AA", "XX"])], expiration_time_response="Enabled")
found["batch"] = sorted([each["RecordIdentifierValueAsString"], "ExpiresAt" in each] for each in answer["Records"])
carriers.delete_record("B6", str(START + HOUR), DeletionModeEnum.HARD_DELETE)
found["deleted"] = carriers.get_record("B6")

# A row without its identifier fails alone
bad = base.copy()
bad.loc[1, "flight"] = None
bad["asked"] += HOUR
try:
    flights.ingest(data_frame=bad)
except IngestionError as error:
    found["failed"] = error.failed_rows

# Another team's group: found, extended and described
asked = store.search(ResourceEnum.FEATURE_GROUP, [Filter("FeatureGroupName", carriers.name)])
found["searched"] = [each["FeatureGroup"]["FeatureGroupName"] == carriers.name for each in asked["Results"]]
found["listed"] = len(store.list_feature_groups(name_contains=suffix)["FeatureGroupSummaries"])
carriers.update([FractionalFeatureDefinition(feature_name="wind")])
until(lambda: carriers.describe()["LastUpdateStatus"]["Status"] == "Successful")
carriers.update(online_store_config=OnlineStoreConfigUpdate(ttl_duration=TtlDuration("Hours", 1)))
until(lambda: carriers.describe()["LastUpdateStatus"]["Status"] == "Successful")
found["ttl"] = carriers.describe()["OnlineStoreConfig"]["TtlDuration"]
carriers.update_feature_metadata("wind", "speed", [FeatureParameter("unit", "mph"), FeatureParameter("source", "airport")])
carriers.update_feature_metadata("wind", parameter_removals=["source"])
found["metadata"] = [carriers.describe_feature_metadata("wind")["Description"], carriers.list_parameters_for_feature_metadata("wind")]

# Training data
until(lambda: query(carriers, "SELECT count(*) AS n FROM {table} WHERE NOT is_deleted").n[0] == 3)
until(lambda: query(flights, "SELECT count(*) AS n FROM {table}").n[0] == 5)
found["offline"] = query(carriers, "SELECT carrier, delay, n FROM {table} WHERE NOT is_deleted ORDER BY carrier, delay").to_numpy().tolist()
latest = get_feature_group_as_dataframe(
    feature_group_name=carriers.name, athena_bucket=output, session=session, event_time_feature_name="t", verbose=False
)
found["latest"] = latest.delay.tolist()
made = store.create_dataset(base, output, record_identifier_feature_name="flight", event_time_identifier_feature_name="asked")
made.with_feature_group(carriers, "carrier", ["delay"], join_type=JoinTypeEnum.LEFT_JOIN).point_in_time_accurate_join()
frame, _ = made.with_number_of_recent_records_by_record_identifier(1).to_dataframe()
found["as of"] = frame.sort_values("flight")[["flight", "delay.1"]].astype(object).where(frame.notna(), None).to_numpy().tolist()
path, _ = store.create_dataset(flights, output).with_number_of_records_from_query_results(2).to_csv_file()
found["csv"] = len(pd.read_csv(session.boto_session.client("s3").get_object(Bucket=bucket, Key=path.split("/", 3)[3])["Body"]))
moments = [datetime.fromtimestamp(START + hour * HOUR, UTC) for hour in (11, 13)]
frame, _ = store.create_dataset(carriers, output, included_feature_names=["carrier"]).with_event_time_range(*moments).to_dataframe()
found["range"] = frame.carrier.tolist()

# Collections in memory
lists = pd.DataFrame({"id": pd.Series(["a"], dtype="string"), "t": [START], "last": [[1, 2, 3]]})
memory = create("memory", lists, "id", "t", OnlineStoreStorageTypeEnum.IN_MEMORY, s3_uri=False)
memory.ingest(data_frame=lists)
found["collection"] = values(memory.get_record("a"))["last"]

for group in (carriers, flights, memory):
    group.delete()
print(json.dumps(found))
