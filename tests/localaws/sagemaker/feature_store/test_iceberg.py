"""Feature groups whose offline store is an Iceberg table."""

from __future__ import annotations

import io
import re

import pytest
from pyarrow import parquet
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.transforms import TruncateTransform

from tests.localaws.boto_clients import shared_key
from tests.localaws.iceberg_catalog import glue_catalog
from tests.localaws.sagemaker.feature_store.offline_fixtures import Stores, values

NOON = "2013-07-04T12:00:00Z"


@pytest.fixture
def catalog(stores: Stores) -> GlueCatalog:
    return glue_catalog(stores.handle)


def load(stores: Stores, catalog: GlueCatalog, group: str):
    config = stores.describe(group)["OfflineStoreConfig"]["DataCatalogConfig"]
    return catalog.load_table((config["Database"], config["TableName"]))


def test_files_table_and_rows(stores: Stores, catalog: GlueCatalog):
    group = stores.create(TableFormat="Iceberg")
    stores.put(group, origin="JFK", at=NOON, wind=1.5, Flights=3)
    stores.put(group, origin="LGA", at="2013-07-04T23:59:59.999Z")
    stores.put(group, origin="JFK", at="2013-07-05T00:00:00Z", wind=2)
    stores.flush()
    first, second = sorted(stores.keys(group), key=lambda key: key.partition("/")[2])
    assert re.fullmatch(r"[0-9a-f]{8}/at_trunc=2013-07-04/20130704T235959Z_[0-9a-zA-Z]{16}\.parquet", first)
    assert re.fullmatch(r"[0-9a-f]{8}/at_trunc=2013-07-05/20130705T000000Z_[0-9a-zA-Z]{16}\.parquet", second)
    assert values(stores.rows(group), "origin", "at", "wind", "Flights", "is_deleted") == [
        ("JFK", "2013-07-04T12:00:00Z", 1.5, 3, False),
        ("JFK", "2013-07-05T00:00:00Z", 2.0, None, False),
        ("LGA", "2013-07-04T23:59:59.999Z", None, None, False),
    ]
    table, described = load(stores, catalog, group), stores.describe(group)
    assert described["OfflineStoreConfig"]["TableFormat"] == "Iceberg"
    assert f"{table.location()}/data" == described["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    assert table.metadata_location.startswith(f"{table.location()}/metadata/")
    (field,) = table.spec().fields
    assert (field.name, field.transform) == ("at_trunc", TruncateTransform(10))
    assert table.scan(row_filter=f"at = '{NOON}'").to_arrow()["origin"].to_pylist() == ["JFK"]
    assert len(list(table.scan(row_filter=f"at = '{NOON}'").plan_files())) == 1


def test_the_table_in_glue(stores: Stores):
    group = stores.create(TableFormat="Iceberg")
    config = stores.describe(group)["OfflineStoreConfig"]["DataCatalogConfig"]
    table = stores.glue.get_table(DatabaseName=config["Database"], Name=config["TableName"])["Table"]
    assert (table["TableType"], table["Parameters"]["table_type"]) == ("EXTERNAL_TABLE", "ICEBERG")
    assert not table.get("PartitionKeys")
    columns = {each["Name"]: each["Type"] for each in table["StorageDescriptor"]["Columns"]}
    assert columns["wind"] == "double" and columns["Flights"] == "bigint" and columns["is_deleted"] == "boolean"


@pytest.mark.nightly  # waits for files of the offline store
def test_an_event_time_in_seconds(stores: Stores, catalog: GlueCatalog):
    group = stores.create({"id": "Integral", "t": "Fractional"}, time="t", TableFormat="Iceberg")
    stores.put(group, id=7, t="1372939200.5")
    stores.flush()
    assert [key.split("/")[1] for key in stores.keys(group)] == ["t_trunc=2013-07-04"]
    assert load(stores, catalog, group).spec().is_unpartitioned()
    assert stores.query(f"SELECT id, t FROM {stores.table(group)}") == [{"id": "7", "t": "1.3729392005E9"}]


def test_athena_reads_it(stores: Stores):
    group = stores.create(TableFormat="Iceberg")
    for hour in range(3):
        stores.put(group, origin="JFK", at=f"2013-07-04T{hour:02}:00:00Z", wind=hour)
    stores.flush()
    stores.put(group, origin="JFK", at="2013-07-05T00:00:00Z", wind=9)
    stores.flush()
    table = stores.table(group)
    latest = (
        f"SELECT *, row_number() OVER (PARTITION BY origin ORDER BY at DESC, api_invocation_time DESC, write_time DESC) AS n FROM {table}"
    )
    assert values(stores.query(f"SELECT at, wind FROM ({latest}) WHERE n = 1 AND NOT is_deleted"), "at", "wind") == [
        ("2013-07-05T00:00:00Z", "9.0")
    ]
    assert stores.query(f"SELECT count(*) AS n FROM {table} WHERE write_time > TIMESTAMP '2020-01-01 00:00:00'") == [{"n": "4"}]


def test_rows_of_another_client_are_kept(stores: Stores, catalog: GlueCatalog):
    group = stores.create(TableFormat="Iceberg")
    stores.put(group, origin="JFK", at=NOON, wind=1)
    stores.flush()
    table = load(stores, catalog, group)
    body, uri = io.BytesIO(), f"{table.location()}/data/more.parquet"
    parquet.write_table(table.scan().to_arrow(), body)
    stores.s3.put_object(Bucket=stores.bucket, Key=uri.removeprefix(f"s3://{stores.bucket}/"), Body=body.getvalue())
    table.add_files([uri])
    stores.put(group, origin="LGA", at=NOON, wind=2)
    stores.flush()
    assert stores.query(f"SELECT origin, count(*) AS n FROM {stores.table(group)} GROUP BY 1 ORDER BY 1") == [
        {"origin": "JFK", "n": "2"},
        {"origin": "LGA", "n": "1"},
    ]


def test_metadata_and_data_are_encrypted_with_the_groups_key(stores: Stores):
    key = shared_key(stores.client("kms"))
    group = stores.create(storage={"KmsKeyId": key["KeyId"]}, TableFormat="Iceberg")
    stores.put(group, origin="JFK", at=NOON)
    stores.flush()
    keys = [each["Key"] for each in stores.s3.list_objects_v2(Bucket=stores.bucket, Prefix="store/")["Contents"]]
    assert len(keys) == 5  # a data file, two metadata files, a manifest and a list of manifests
    assert {stores.s3.head_object(Bucket=stores.bucket, Key=each)["SSEKMSKeyId"] for each in keys} == {key["Arn"]}


def test_blocked_and_active_again_without_a_row_twice(stores: Stores):
    group = stores.create(TableFormat="Iceberg")
    stores.put(group, origin="JFK", at=NOON)
    stores.deny()
    stores.flush()
    assert stores.status(group)["Status"] == "Blocked"
    stores.allow()
    stores.handle.advance(60)
    assert stores.status(group) == {"Status": "Active"}
    assert stores.query(f"SELECT count(*) AS n FROM {stores.table(group)}") == [{"n": "1"}]


def test_rows_that_arrive_while_a_batch_cannot_be_written_follow_it(stores: Stores):
    group = stores.create(TableFormat="Iceberg")
    config = stores.describe(group)["OfflineStoreConfig"]["DataCatalogConfig"]
    name = {"DatabaseName": config["Database"], "Name": config["TableName"]}
    table = stores.glue.get_table(**name)["Table"]
    stores.glue.delete_table(**name)
    stores.put(group, origin="JFK", at=NOON)
    stores.flush()
    assert stores.status(group)["Status"] == "Blocked"
    stores.put(group, origin="LGA", at=NOON)
    stores.flush()
    taken = {"Name", "StorageDescriptor", "TableType", "Parameters"}
    stores.glue.create_table(DatabaseName=config["Database"], TableInput={key: table[key] for key in taken & table.keys()})
    stores.handle.advance(60)
    assert stores.status(group) == {"Status": "Active"}
    assert stores.query(f"SELECT origin FROM {stores.table(group)} ORDER BY origin") == [{"origin": "JFK"}, {"origin": "LGA"}]
