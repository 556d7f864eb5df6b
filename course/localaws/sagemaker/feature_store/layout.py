"""Where the offline store puts its files.

Source: "Offline store: data format" of the developer guide, read 2026-11-28. Below ``s3://BUCKET/PREFIX/ACCOUNT/sagemaker/REGION/
offline-store/GROUP-EPOCH/`` a Glue table has ``data/year=/month=/day=/hour=/TIME_RANDOM.parquet`` by event time, and an Iceberg table
``data/RANDOM/EVENTTIME_trunc=yyyy-MM-dd/TIME_RANDOM.parquet``, with its metadata in ``metadata/``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from course.localaws.context import Context
from course.localaws.core.resources import Document
from course.localaws.sagemaker.feature_store import event_times
from course.localaws.sagemaker.feature_store.store import WaitingRow


def resolved(context: Context, group: Document) -> Document:
    """The ``OfflineStoreConfig`` with its ``ResolvedOutputS3Uri``."""
    config = group["OfflineStoreConfig"]
    storage = config["S3StorageConfig"]
    folder = f"{group['FeatureGroupName']}-{int(group['CreationTime'])}"
    uri = f"{storage['S3Uri'].rstrip('/')}/{context.account}/sagemaker/{context.region}/offline-store/{folder}/data"
    return config | {"S3StorageConfig": storage | {"ResolvedOutputS3Uri": uri}}


def hour_folder(event_time: int) -> str:
    """The folder of a row of a Glue table, for an event time in Unix nanoseconds."""
    return "year={}/month={}/day={}/hour={}".format(*event_times.hour(event_time))


def by_hosts(files: list[list[WaitingRow]]) -> list[list[WaitingRow]]:
    """The rows of a batch's files, which are at least two if there are two rows. On AWS several hosts write, each a file of its own, and so
    AWS's notebooks wait until a group has more than one object."""
    if len(files) != 1 or len(files[0]) == 1:
        return files
    [rows] = files
    return [rows[: len(rows) // 2], rows[len(rows) // 2 :]]


def file_name(rows: Sequence[WaitingRow]) -> str:
    """A file's name: its latest event time, and 16 characters that follow from its rows, so that rows that are written again replace the
    same file."""
    latest = event_times.compact(max(row.event_time for row in rows))
    return f"{latest}_{digest(rows)[:16]}.parquet"


def digest(rows: Sequence[WaitingRow]) -> str:
    """A text in hexadecimal that follows from which rows these are."""
    return hashlib.sha256(",".join(str(row.id) for row in rows).encode()).hexdigest()
