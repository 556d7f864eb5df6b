"""Where the offline store puts its files, and what is in them.

Source: "Offline store: data format" of the developer guide, read 2026-11-28:
``s3://BUCKET/PREFIX/ACCOUNT/sagemaker/REGION/offline-store/GROUP-EPOCH/data/year=/month=/day=/hour=/TIME_RANDOM.parquet``.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path

import pyarrow
from pyarrow import parquet

from course.localaws.context import Context
from course.localaws.core.resources import Document
from course.localaws.sagemaker.feature_store.event_times import moment
from course.localaws.sagemaker.feature_store.group import feature_types
from course.localaws.sagemaker.feature_store.store import WaitingRow

PARTITION_KEYS = ("year", "month", "day", "hour")
_ARROW = {"Integral": pyarrow.int64(), "Fractional": pyarrow.float64(), "String": pyarrow.string()}
_TIME = pyarrow.timestamp("ms", "UTC")


def key(group: Document) -> str:
    """The name of a group in the record store. A new group of the same name has another one."""
    return f"{group['FeatureGroupArn']}@{group['CreationTime']}"


def resolved(context: Context, group: Document) -> Document:
    """The ``OfflineStoreConfig`` with its ``ResolvedOutputS3Uri``."""
    config = group["OfflineStoreConfig"]
    storage = config["S3StorageConfig"]
    folder = f"{group['FeatureGroupName']}-{int(group['CreationTime'])}"
    uri = f"{storage['S3Uri'].rstrip('/')}/{context.account}/sagemaker/{context.region}/offline-store/{folder}/data"
    return config | {"S3StorageConfig": storage | {"ResolvedOutputS3Uri": uri}}


def partition(event_time: int) -> tuple[str, ...]:
    """The values of year, month, day and hour, by event time."""
    return tuple(moment(event_time).strftime("%Y %m %d %H").split())


def file_name(rows: list[WaitingRow]) -> str:
    """A file's name: its latest event time, and 16 characters that follow from its rows."""
    latest = moment(max(row.event_time for row in rows))
    digest = hashlib.sha256(",".join(str(row.id) for row in rows).encode()).hexdigest()[:16]
    return f"{latest:%Y%m%dT%H%M%SZ}_{digest}.parquet"


def schema(group: Document) -> pyarrow.Schema:
    fields = [pyarrow.field(name, _ARROW[type]) for name, type in feature_types(group).items()]
    times = [pyarrow.field("write_time", _TIME), pyarrow.field("api_invocation_time", _TIME)]
    return pyarrow.schema([*fields, *times, pyarrow.field("is_deleted", pyarrow.bool_())])


def write_parquet(group: Document, rows: list[WaitingRow], written: datetime, path: Path) -> None:
    """Write rows as one Parquet file."""
    columns: dict[str, list] = {name: [_value(row.record.get(name), type) for row in rows] for name, type in feature_types(group).items()}
    columns["write_time"] = [written] * len(rows)
    columns["api_invocation_time"] = [moment(row.called) for row in rows]
    columns["is_deleted"] = [row.deleted for row in rows]
    parquet.write_table(pyarrow.table(columns, schema=schema(group)), path, compression="snappy")


def _value(text: str | list[str] | None, type: str) -> object:
    if text is None:
        return None
    if isinstance(text, list):
        return json.dumps(text)
    return {"Integral": int, "Fractional": float, "String": str}[type](text)
