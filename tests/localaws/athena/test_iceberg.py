"""Queries of Iceberg tables that another client of Iceberg made, pyiceberg with our Glue and S3."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow
import pytest
from botocore.exceptions import ClientError
from pyarrow import parquet
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import Table
from pyiceberg.typedef import Record

from course.localaws.server import launch
from tests.localaws import athena_queries
from tests.localaws.iceberg_catalog import glue_catalog

BUCKET, DATABASE = "icebergs", "ice"
NUMBERS = itertools.count()


class Icebergs:
    def __init__(self, handle: launch.Handle, client: Callable[..., Any]) -> None:
        self.athena, self.glue, self.s3 = client("athena"), client("glue"), client("s3")
        self.s3.create_bucket(Bucket=BUCKET)
        self.catalog = glue_catalog(handle)
        self.catalog.create_namespace(DATABASE)

    def create(self, content: pyarrow.Table) -> Table:
        name = f"t{next(NUMBERS)}"
        table = self.catalog.create_table((DATABASE, name), content.schema, location=f"s3://{BUCKET}/{name}")
        table.append(content)
        return table

    def query(self, sql: str) -> tuple[dict, list[list[str | None]]]:
        found = athena_queries.run(self.athena, sql, f"s3://{BUCKET}/results/", QueryExecutionContext={"Database": DATABASE})
        return found, athena_queries.lines(self.athena, found)[1:] if found["Status"]["State"] == "SUCCEEDED" else []

    def rows(self, sql: str) -> list[list[str | None]]:
        found, rows = self.query(sql)
        assert found["Status"]["State"] == "SUCCEEDED", found["Status"]
        return rows

    def reason(self, sql: str) -> str:
        found, _ = self.query(sql)
        assert found["Status"]["State"] == "FAILED"
        return found["Status"]["StateChangeReason"]

    def delete_rows(self, table: Table, positions: list[int]) -> None:
        """Add a file of deleted positions to the table's one data file, as Spark and Athena do; pyiceberg rewrites files instead."""
        (task,) = table.scan().plan_files()
        uri, count = f"{table.location()}/data/deletes-{next(NUMBERS)}.parquet", len(positions)
        with table.io.new_output(uri).create() as stream:
            parquet.write_table(
                pyarrow.table({"file_path": [task.file.file_path] * count, "pos": pyarrow.array(positions, "int64")}), stream
            )
        deletes = DataFile.from_args(
            content=DataFileContent.POSITION_DELETES,
            file_path=uri,
            file_format=FileFormat.PARQUET,
            partition=Record(),
            record_count=count,
            file_size_in_bytes=len(table.io.new_input(uri)),
            spec_id=0,
        )
        with table.transaction() as transaction, transaction.update_snapshot().fast_append() as snapshot:
            snapshot.append_data_file(deletes)


@pytest.fixture(scope="module")
def ice(local_aws, client) -> Icebergs:
    return Icebergs(local_aws, client)


def numbers(*values: int) -> pyarrow.Table:
    return pyarrow.table({"A": pyarrow.array(values, "int64"), "b": pyarrow.array([str(value) for value in values], "string")})


def test_all_commits_are_read(ice: Icebergs):
    table = ice.create(numbers(1, 2))
    table.append(numbers(3))
    name = table.name()[1]
    found, rows = ice.query(f"SELECT a, b FROM {name} ORDER BY a")
    assert rows == [["1", "1"], ["2", "2"], ["3", "3"]]
    assert found["Statistics"]["DataScannedInBytes"] > 0
    assert ice.rows(f"SELECT count(*), sum(a) FROM {name} WHERE a > 1") == [["2", "5"]]
    assert ice.rows(f"SELECT x.a FROM {name} x JOIN {name} y ON x.a = y.a + 2") == [["3"]]


def test_deleted_and_overwritten_rows_are_not_read(ice: Icebergs):
    table = ice.create(numbers(1, 2, 3))
    table.delete("A = 2")
    name = table.name()[1]
    assert ice.rows(f"SELECT a FROM {name} ORDER BY a") == [["1"], ["3"]]
    table.overwrite(numbers(9))
    assert ice.rows(f"SELECT a FROM {name}") == [["9"]]


def test_files_of_deleted_positions(ice: Icebergs):
    table = ice.create(numbers(10, 11, 12, 13))
    ice.delete_rows(table, [1, 3])
    table.append(numbers(14))
    assert ice.rows(f"SELECT a FROM {table.name()[1]} ORDER BY a") == [["10"], ["12"], ["14"]]


def test_columns_are_found_by_field_id(ice: Icebergs):
    table = ice.create(numbers(1))
    with table.update_schema() as update:
        update.rename_column("b", "c")
    with table.update_schema() as update:
        update.add_column("b", table.schema().find_type("A"))
    table.append(pyarrow.table({"A": pyarrow.array([2], "int64"), "c": ["two"], "b": pyarrow.array([22], "int64")}))
    name = table.name()[1]
    assert ice.rows(f"SELECT a, b, c FROM {name} ORDER BY a") == [["1", None, "1"], ["2", "22", "two"]]
    with table.update_schema() as update:
        update.delete_column("c")
    assert ice.rows(f"SELECT * FROM {name} ORDER BY a") == [["1", None], ["2", "22"]]
    assert "COLUMN_NOT_FOUND" in ice.reason(f"SELECT c FROM {name}")


def test_types(ice: Icebergs):
    moment = datetime(2013, 7, 4, 12, 0, 0, 123000)
    content = pyarrow.table(
        {
            "stamp": pyarrow.array([moment], pyarrow.timestamp("us")),
            "zoned": pyarrow.array([moment.replace(tzinfo=UTC)], pyarrow.timestamp("us", "UTC")),
            "day": pyarrow.array([moment.date()]),
            "list": pyarrow.array([[1, 2]], pyarrow.list_(pyarrow.int64())),
            "pair": pyarrow.array([{"x": 1, "y": "z"}]),
            "yes": [True],
        }
    )
    table = ice.create(content)
    _, rows = ice.query(f"SELECT stamp, zoned, day, list, pair.y, yes FROM {table.name()[1]}")
    assert rows == [["2013-07-04 12:00:00.123", "2013-07-04 12:00:00.123 UTC", "2013-07-04", "[1, 2]", "z", "true"]]


def test_an_empty_table(ice: Icebergs):
    table = ice.catalog.create_table((DATABASE, "nothing"), numbers().schema, location=f"s3://{BUCKET}/nothing")
    assert ice.rows(f"SELECT count(*) FROM {table.name()[1]}") == [["0"]]


def test_results_can_be_unloaded(ice: Icebergs):
    name = ice.create(numbers(1, 2)).name()[1]
    ice.rows(f"UNLOAD (SELECT a FROM {name}) TO 's3://{BUCKET}/unloaded/{name}/' WITH (format = 'PARQUET')")
    assert ice.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"unloaded/{name}/")["KeyCount"] > 0


def test_what_is_not_supported_is_refused_by_name(ice: Icebergs):
    table = ice.create(numbers(1))
    name = table.name()[1]
    assert "NOT_SUPPORTED" in ice.reason(f"INSERT INTO {name} VALUES (2, 'x')")
    assert "Iceberg" in ice.reason(f"INSERT INTO {name} VALUES (2, 'x')")
    for sql in (f"OPTIMIZE {name} REWRITE DATA USING BIN_PACK", f"VACUUM {name}", f"DELETE FROM {name} WHERE a = 1"):
        with pytest.raises(ClientError, match="(?i)not.supported"):
            ice.query(sql)
    assert "NOT_SUPPORTED" in ice.reason(f"SELECT * FROM {name} FOR TIMESTAMP AS OF TIMESTAMP '2020-01-01 00:00:00 UTC'")
    assert "NOT_SUPPORTED" in ice.reason(f'SELECT * FROM "{name}$snapshots"')


def test_lost_metadata_is_reported(ice: Icebergs):
    table = ice.create(numbers(1))
    bucket, _, key = table.metadata_location.removeprefix("s3://").partition("/")
    ice.s3.delete_object(Bucket=bucket, Key=key)
    assert "ICEBERG_INVALID_METADATA" in ice.reason(f"SELECT * FROM {table.name()[1]}")


def test_a_commit_that_another_one_has_overtaken_is_refused(ice: Icebergs):
    table = ice.create(numbers(1))
    config = ice.glue.get_table(DatabaseName=DATABASE, Name=table.name()[1])["Table"]
    entry = {name: config[name] for name in ("Name", "TableType", "Parameters", "StorageDescriptor")}
    table.append(numbers(2))
    with pytest.raises(ClientError, match="ConcurrentModificationException"):
        ice.glue.update_table(DatabaseName=DATABASE, TableInput=entry, VersionId=config["VersionId"])
