"""Iceberg tables of the offline store. Imported only in the helper process.

Source: "Offline store: data format" of the developer guide, read 2026-11-28, for the files (see `layout`); the SDK's
``FeatureGroupManager`` (the table's location is the parent of ``data``; ``IcebergProperties``) and its notebook
v3-feature-store-lake-formation-cross-account for columns and types. ``EVENTTIME_trunc`` is how Iceberg names the partition field
``truncate[10](EVENTTIME)``, the date of an ISO 8601 text. Iceberg cannot truncate a number: a table with a ``Fractional`` event time has
the same folders and no partition field.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import pyarrow
from pyarrow import parquet as arrow_parquet
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
    schema_to_pyarrow,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import TruncateTransform
from pyiceberg.typedef import Record
from pyiceberg.types import BooleanType, DoubleType, IcebergType, LongType, NestedField, StringType, TimestamptzType

from course.localaws.core.helper_process import Parent
from course.localaws.iceberg.catalog import ParentCatalog
from course.localaws.sagemaker.feature_store import event_times, layout, parquet
from course.localaws.sagemaker.feature_store.group import feature_types
from course.localaws.sagemaker.feature_store.store import WaitingRow

BATCH = "sagemaker.feature-store.batch"  # in the summary of a snapshot: which rows it added
DATE = 10  # characters of a date
FIRST_PARTITION_FIELD = 1000  # as Iceberg's specification says
_TYPES: dict[str, IcebergType] = {"Integral": LongType(), "Fractional": DoubleType(), "String": StringType()}
_ADDED: dict[str, IcebergType] = {"write_time": TimestamptzType(), "api_invocation_time": TimestamptzType(), "is_deleted": BooleanType()}


def create(parent: Parent, group: dict) -> None:
    """Create a group's table."""
    features, event_time = feature_types(group), group["EventTimeFeatureName"]
    columns = {name: _TYPES[kind] for name, kind in features.items()} | _ADDED
    fields = [NestedField(number, name, kind, required=False) for number, (name, kind) in enumerate(columns.items(), 1)]
    schema, spec = Schema(*fields), UNPARTITIONED_PARTITION_SPEC
    if features[event_time] == "String":
        source = schema.find_field(event_time).field_id
        spec = PartitionSpec(PartitionField(source, FIRST_PARTITION_FIELD, TruncateTransform(DATE), f"{event_time}_trunc"))
    output = group["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    ParentCatalog(parent).create_table(
        _identifier(group),
        schema,
        location=output.removesuffix("/data"),
        partition_spec=spec,
        properties={"write.object-storage.enabled": "true", "write.parquet.compression-codec": "snappy"},
    )


def add_columns(parent: Parent, group: dict) -> None:
    """Add the columns of a group's new features to its table."""
    _with_columns(ParentCatalog(parent).load_table(_identifier(group)), feature_types(group))


def append(parent: Parent, group: dict, rows: Sequence[WaitingRow], written: float, folder: Path) -> None:
    """Add rows to a group's table in one commit. Does nothing if an earlier commit has added them."""
    features, batch = feature_types(group), layout.digest(rows)
    table = _with_columns(ParentCatalog(parent).load_table(_identifier(group)), features)
    if any(snapshot.summary and snapshot.summary.get(BATCH) == batch for snapshot in table.snapshots()):
        return
    parts = layout.by_hosts([list(part) for _, part in groupby(sorted(rows, key=_day), _day)])
    files = [_write(parent, table, group, part, written, folder) for part in parts]
    with table.transaction() as transaction, transaction.update_snapshot({BATCH: batch}).fast_append() as snapshot:
        for file in files:
            snapshot.append_data_file(file)


def _write(parent: Parent, table: Table, group: dict, rows: Sequence[WaitingRow], written: float, folder: Path) -> DataFile:
    """Write one file and put it to S3."""
    schema, event_time = table.schema(), group["EventTimeFeatureName"]
    content = parquet.table(feature_types(group), rows, written, unit="us")
    arrow = schema_to_pyarrow(schema, include_field_ids=True)
    nothing = pyarrow.nulls(len(rows))
    columns = [content[field.name] if field.name in content.column_names else nothing.cast(field.type) for field in arrow]
    local, collected = folder / "data.parquet", []
    arrow_parquet.write_table(
        pyarrow.table([column.cast(field.type) for column, field in zip(columns, arrow, strict=True)], schema=arrow),
        local,
        compression="snappy",
        metadata_collector=collected,
    )
    name, size = layout.file_name(rows), local.stat().st_size
    random = hashlib.sha256(name.encode()).hexdigest()[:8]
    uri = f"{table.location()}/data/{random}/{event_time}_trunc={_day(rows[0])}/{name}"
    parent.ask("put", uri=uri, path=str(local.absolute()))
    statistics = data_file_statistics_from_parquet_metadata(
        collected[0], compute_statistics_plan(schema, table.properties), parquet_path_to_id_mapping(schema)
    )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=uri,
        file_format=FileFormat.PARQUET,
        partition=Record() if table.spec().is_unpartitioned() else statistics.partition(table.spec(), schema),
        file_size_in_bytes=size,
        sort_order_id=None,
        spec_id=table.spec().spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )


def _with_columns(table: Table, features: Mapping[str, str]) -> Table:
    """The table with a column for every feature."""
    missing = [name for name in features if name not in table.schema().column_names]
    if missing:
        with table.update_schema() as update:
            for name in missing:
                update.add_column(name, _TYPES[features[name]])
    return table


def _identifier(group: dict) -> tuple[str, str]:
    config = group["OfflineStoreConfig"]["DataCatalogConfig"]
    return config["Database"], config["TableName"]


def _day(row: WaitingRow) -> str:
    return "-".join(event_times.hour(row.event_time)[:3])
