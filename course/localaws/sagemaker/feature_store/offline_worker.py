"""The helper process of the offline store: it reads waiting rows from the record store and writes them as Parquet files to a folder.

`offline` starts it, moves the files to S3 and then deletes the rows. So a kill of either process loses no row and writes none twice.
"""

from __future__ import annotations

import os
from collections import Counter
from functools import cache
from itertools import groupby
from pathlib import Path

from course.localaws.core.helper_process import Parent, serve
from course.localaws.sagemaker.feature_store import layout, parquet
from course.localaws.sagemaker.feature_store.group import feature_types
from course.localaws.sagemaker.feature_store.store import RecordStore

HOUR = 3600 * 10**9  # nanoseconds
MERGED = "merged"
MOST_ROWS = 50_000  # of one batch, so that memory stays bounded
MOST_FILES = 500  # of one batch, so that other tasks of the scheduler need not wait long


def write(parent: Parent, *, store: str, group: dict, written: float, folder: str) -> dict:
    """Write a group's next batch.

    Returns
    -------
    dict
        ``files``: name and key of each file; the key is relative to the group's output. There is none if no row waits. ``merged``: the
        name of a file with all rows, if there are several files. ``columns``: the compressed bytes of each column in the files.
    """
    rows = sorted(_store(store).batch(layout.key(group), MOST_ROWS, MOST_FILES), key=lambda row: row.event_time // HOUR)
    batch = parquet.table(feature_types(group), rows, written)
    files, columns, start = [], Counter(), 0
    for part in [list(group) for _, group in groupby(rows, lambda row: row.event_time // HOUR)]:
        name = f"{len(files):05}"
        columns.update(parquet.write(batch.slice(start, len(part)), Path(folder, name)))
        files.append([name, f"{layout.hour_folder(part[0].event_time)}/{layout.file_name(part)}"])
        start += len(part)
    if len(files) > 1:
        parquet.write(batch, Path(folder, MERGED))
    return {"files": files, "merged": MERGED if len(files) > 1 else "", "columns": columns}


def append(parent: Parent, *, store: str, group: dict, written: float, folder: str) -> None:
    """Add a group's next batch to its Iceberg table."""
    from course.localaws.sagemaker.feature_store import iceberg  # imports pyiceberg, which takes a second or more

    rows = _store(store).batch(layout.key(group), MOST_ROWS, MOST_FILES * 24)  # it has a file for each day
    if rows:
        os.chdir(folder)
        iceberg.append(parent, group, rows, written, Path(folder))


def create_table(parent: Parent, *, group: dict, folder: str) -> None:
    """Create a group's Iceberg table."""
    from course.localaws.sagemaker.feature_store import iceberg

    os.chdir(folder)
    iceberg.create(parent, group)


def add_columns(parent: Parent, *, group: dict, folder: str) -> None:
    """Add the columns of a group's new features to its Iceberg table."""
    from course.localaws.sagemaker.feature_store import iceberg

    os.chdir(folder)
    iceberg.add_columns(parent, group)


@cache
def _store(path: str) -> RecordStore:
    return RecordStore(Path(path))


if __name__ == "__main__":
    serve({"write": write, "append": append, "create_table": create_table, "add_columns": add_columns})
