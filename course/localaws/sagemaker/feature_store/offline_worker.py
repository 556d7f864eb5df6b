"""The helper process of the offline store: it reads waiting rows from the record store and writes them as Parquet files to a folder.

`offline` starts it, moves the files to S3 and then deletes the rows. So a kill of either process loses no row and writes none twice.
"""

from __future__ import annotations

import os
from collections import Counter
from functools import cache
from itertools import chain, groupby
from pathlib import Path

from course.localaws.core.helper_process import Parent, serve
from course.localaws.sagemaker.feature_store import layout, parquet
from course.localaws.sagemaker.feature_store.group import feature_types, key_of
from course.localaws.sagemaker.feature_store.store import RecordStore, WaitingRow

HOUR = 3600 * 10**9  # nanoseconds
MERGED = "merged"
MOST_ROWS = 50_000  # of one batch, so that memory stays bounded
MOST_FILES = 500  # of one part of a batch, so that other tasks of the scheduler need not wait long

_kept: dict[str, list[list[WaitingRow]]] = {}  # at most one group's


def write(parent: Parent, *, store: str, group: dict, written: float, folder: str, part: int) -> dict:
    """Write a part of a group's next batch.

    Parameters
    ----------
    part : int
        0 for the first part. All parts must be written before the batch is.

    Returns
    -------
    dict
        ``files``: name and key of each file; the key is relative to the group's output. There is none if no row waits. ``merged``: the
        name of a file with all rows, if there are several files. ``columns``: the compressed bytes of each column in the files.
        ``more``: whether there is another part. ``full``: whether more rows may wait for another batch.
    """
    hours = _hours(store, key_of(group), fresh=part == 0)
    chosen = hours[part * MOST_FILES : (part + 1) * MOST_FILES]
    content = parquet.table(feature_types(group), list(chain(*chosen)), written)
    files, columns, start = [], Counter(), 0
    for rows in chosen:
        name = f"{len(files):05}"
        columns.update(parquet.write(content.slice(start, len(rows)), Path(folder, name)))
        files.append([name, f"{layout.hour_folder(rows[0].event_time)}/{layout.file_name(rows)}"])
        start += len(rows)
    if len(files) > 1:
        parquet.write(content, Path(folder, MERGED))
    more = len(hours) > (part + 1) * MOST_FILES
    full = sum(map(len, hours)) == MOST_ROWS
    return {"files": files, "merged": MERGED if len(files) > 1 else "", "columns": columns, "more": more, "full": full}


def append(parent: Parent, *, store: str, group: dict, written: float, folder: str) -> dict:
    """Add a group's next batch to its Iceberg table. Returns ``more`` and ``full`` as `write` does."""
    from course.localaws.sagemaker.feature_store import iceberg  # imports pyiceberg, which takes a second or more

    rows = _store(store).batch(key_of(group), MOST_ROWS)
    if rows:
        os.chdir(folder)
        iceberg.append(parent, group, rows, written, Path(folder))
    return {"more": False, "full": len(rows) == MOST_ROWS}


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


def _hours(store: str, key: str, fresh: bool) -> list[list[WaitingRow]]:
    """The rows of each file of a group's batch, by hour of event time, which are kept for the batch's next part."""
    if fresh or key not in _kept:
        rows = sorted(_store(store).batch(key, MOST_ROWS), key=lambda row: row.event_time // HOUR)
        _kept.clear()
        _kept[key] = layout.by_hosts([list(part) for _, part in groupby(rows, lambda row: row.event_time // HOUR)])
    return _kept[key]


@cache
def _store(path: str) -> RecordStore:
    return RecordStore(Path(path))


if __name__ == "__main__":
    serve({"write": write, "append": append, "create_table": create_table, "add_columns": add_columns})
