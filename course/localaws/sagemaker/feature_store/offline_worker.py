"""The helper process of the offline store: it reads waiting rows from the record store and writes them as Parquet files to a folder.

`offline` starts it, moves the files to S3 and then deletes the rows. So a kill of either process loses no row and writes none twice.
"""

from __future__ import annotations

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


@cache
def _store(path: str) -> RecordStore:
    return RecordStore(Path(path))


if __name__ == "__main__":
    serve({"write": write})
