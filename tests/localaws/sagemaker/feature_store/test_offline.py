"""What the offline store writes, where and when, through boto3."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pyarrow
from pyarrow import fs, parquet

from tests.localaws.boto_clients import shared_key
from tests.localaws.sagemaker.feature_store.offline_fixtures import FEATURES, Stores, values

NOON = "2013-07-04T12:00:00Z"
HOUR = "year=2013/month=07/day=04/hour=12"


def test_a_file_for_each_hour_of_event_time(stores: Stores):
    group = stores.create()
    stores.put(group, origin="JFK", at=NOON, wind=1.5, Flights=3)
    stores.put(group, origin="LGA", at="2013-07-04T12:59:59.999Z", wind=2)
    stores.put(group, origin="JFK", at="2013-07-04T13:00:00Z", wind=3)
    stores.until_rows(group, 3)
    described = stores.describe(group)
    epoch = int(described["CreationTime"].timestamp())
    expected = f"s3://{stores.bucket}/store/123456789012/sagemaker/us-east-1/offline-store/{group}-{epoch}/data"
    assert described["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"] == expected
    first, second = sorted(stores.keys(group))
    assert re.fullmatch(rf"{HOUR}/20130704T125959Z_[0-9a-zA-Z]{{16}}\.parquet", first)
    assert re.fullmatch(r"year=2013/month=07/day=04/hour=13/20130704T130000Z_[0-9a-zA-Z]{16}\.parquet", second)


def test_columns_and_types(stores: Stores):
    group = stores.create()
    before = datetime.now(UTC).replace(microsecond=0)
    stores.put(group, origin="JFK", at=NOON, wind=1, Flights=3)
    stores.put(group, origin="LGA", at=NOON)
    stores.until_rows(group, 2)
    file, other = stores.files(group)
    stamp = pyarrow.timestamp("ms", "UTC")
    added = {"write_time": stamp, "api_invocation_time": stamp, "is_deleted": pyarrow.bool_()}
    kinds = {"String": pyarrow.string(), "Fractional": pyarrow.float64(), "Integral": pyarrow.int64()}
    assert {field.name: field.type for field in file.schema} == {name: kinds[kind] for name, kind in FEATURES.items()} | added
    assert list(file.column_names) == [*FEATURES, *added]
    jfk, lga = sorted([*file.to_pylist(), *other.to_pylist()], key=lambda row: row["origin"])
    assert (jfk["origin"], jfk["at"], jfk["wind"], jfk["Flights"], jfk["is_deleted"]) == ("JFK", NOON, 1.0, 3, False)
    assert (lga["wind"], lga["Flights"]) == (None, None)
    assert before <= jfk["api_invocation_time"] <= jfk["write_time"]
    assert jfk["api_invocation_time"].microsecond == 0


def test_event_time_in_seconds(stores: Stores):
    group = stores.create({"id": "Integral", "t": "Fractional"}, time="t")
    stores.put(group, id=7, t="1372939200.5")
    stores.until_rows(group, 1)
    assert [key.rpartition("/")[0] for key in stores.keys(group)] == [HOUR]
    assert values(stores.rows(group), "id", "t") == [(7, 1372939200.5)]


def test_every_version_is_kept(stores: Stores):
    group = stores.create()
    for wind in (1, 2, 3):
        stores.put(group, origin="JFK", at=NOON, wind=wind)
    stores.put(group, origin="JFK", at="2013-07-04T11:00:00Z", wind=0)  # late: not shown online
    stores.until_rows(group, 4)
    assert values(stores.rows(group), "at", "wind") == [("2013-07-04T11:00:00Z", 0.0), (NOON, 1.0), (NOON, 2.0), (NOON, 3.0)]


def test_written_at_once_when_the_clock_is_advanced(stores: Stores):
    group = stores.create()
    stores.put(group, origin="JFK", at=NOON)
    stores.handle.advance(900)
    assert len(stores.rows(group)) == 1


def test_waiting_rows_of_a_deleted_group_are_written(stores: Stores):
    group = stores.create()
    stores.put(group, origin="JFK", at=NOON)
    described = stores.describe(group)
    stores.sagemaker.delete_feature_group(FeatureGroupName=group)
    stores.until_rows(described, 1)


def test_a_new_group_of_the_same_name_has_other_files(stores: Stores):
    group = stores.create()
    stores.put(group, origin="JFK", at=NOON)
    old = stores.describe(group)
    stores.sagemaker.delete_feature_group(FeatureGroupName=group)
    stores.until_rows(old, 1)
    stores.handle.advance(1)
    definitions = {name: old[name] for name in ("FeatureDefinitions", "RecordIdentifierFeatureName", "EventTimeFeatureName", "RoleArn")}
    storage = {"S3Uri": old["OfflineStoreConfig"]["S3StorageConfig"]["S3Uri"]}
    stores.until(
        lambda: group not in [each["FeatureGroupName"] for each in stores.sagemaker.list_feature_groups()["FeatureGroupSummaries"]]
    )
    stores.sagemaker.create_feature_group(FeatureGroupName=group, OfflineStoreConfig={"S3StorageConfig": storage}, **definitions)
    stores.until(lambda: stores.describe(group)["FeatureGroupStatus"] == "Created")
    stores.put(group, origin="LGA", at=NOON)
    stores.until_rows(group, 1)
    assert (len(stores.rows(old)), stores.rows(group)[0]["origin"]) == (1, "LGA")


def test_objects_are_encrypted_with_the_groups_key(stores: Stores):
    key = shared_key(stores.client("kms"))
    group = stores.create(storage={"KmsKeyId": key["KeyId"]})
    stores.put(group, origin="JFK", at=NOON)
    stores.until_rows(group, 1)
    found = stores.s3.head_object(Bucket=stores.bucket, Key=f"{stores.output(group)}/{stores.keys(group)[0]}")
    assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])


def test_blocked_without_permission_and_active_again(stores: Stores):
    group = stores.create()
    assert stores.status(group) == {"Status": "Active"}
    stores.deny()
    stores.put(group, origin="JFK", at=NOON)
    stores.flush()
    assert stores.status(group)["Status"] == "Blocked"
    assert "s3:PutObject" in stores.status(group)["BlockedReason"]
    stores.allow()
    stores.handle.advance(60)
    assert (stores.status(group), len(stores.rows(group))) == ({"Status": "Active"}, 1)


def test_blocked_without_a_bucket_and_active_again(stores: Stores):
    group = stores.create()
    stores.s3.delete_bucket(Bucket=stores.bucket)
    stores.put(group, origin="JFK", at=NOON)
    stores.flush()
    assert stores.status(group)["Status"] == "Blocked"
    assert stores.bucket in stores.status(group)["BlockedReason"]
    stores.s3.create_bucket(Bucket=stores.bucket)
    stores.handle.advance(3600)
    assert (stores.status(group), len(stores.rows(group))) == ({"Status": "Active"}, 1)


def test_a_blocked_group_does_not_delay_another(stores: Stores):
    other = stores.create()
    key = shared_key(stores.client("kms"))["KeyId"]
    blocked = stores.create(storage={"KmsKeyId": key})
    stores.client("kms").disable_key(KeyId=key)
    stores.put(blocked, origin="JFK", at=NOON)
    stores.put(other, origin="JFK", at=NOON)
    stores.flush()
    assert (stores.status(blocked)["Status"], len(stores.rows(other))) == ("Blocked", 1)


def test_pandas_and_pyarrow_read_the_folder(stores: Stores, tmp_path):
    group = stores.create()
    stores.put(group, origin="JFK", at=NOON, wind=1)
    stores.put(group, origin="JFK", at="2014-07-04T12:00:00Z", wind=2)
    stores.until_rows(group, 2)
    for key in stores.keys(group):
        path = tmp_path / key
        path.parent.mkdir(parents=True)
        stores.s3.download_file(stores.bucket, f"{stores.output(group)}/{key}", str(path))
    found = parquet.read_table(str(tmp_path), filesystem=fs.LocalFileSystem())
    assert values(found.to_pylist(), "year", "hour", "wind") == [(2013, 12, 1.0), (2014, 12, 2.0)]
