"""The helper process of the offline store: it reads waiting rows from the record store and writes them as Parquet files to a folder.

`offline` starts it, moves the files to S3 and then deletes the rows. So a kill of either process loses no row and writes none twice.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from course.localaws.core.helper_process import Parent, serve
from course.localaws.sagemaker.feature_store import layout, parquet
from course.localaws.sagemaker.feature_store.group import feature_types
from course.localaws.sagemaker.feature_store.store import RecordStore, WaitingRow

MOST_ROWS = 50_000  # of one batch, so that memory stays bounded
MOST_FILES = 500  # of one batch, so that other tasks of the scheduler need not wait long


def write(parent: Parent, *, store: str, group: dict, written: float, folder: str) -> list[list[str]]:
    """Write a group's next batch. Returns name and key of each file; the key is relative to the group's output. Empty if no row waits."""
    rows = _store(store).batch(layout.key(group), MOST_ROWS, MOST_FILES)
    parts: dict[str, list[WaitingRow]] = {}
    for row in rows:
        parts.setdefault(layout.hour_folder(row.event_time), []).append(row)
    features, files = feature_types(group), []
    for place, part in parts.items():
        name = f"{len(files):05}"
        parquet.write(parquet.table(features, part, written), Path(folder, name))
        files.append([name, f"{place}/{layout.file_name(part)}"])
    return files


@cache
def _store(path: str) -> RecordStore:
    return RecordStore(Path(path))


if __name__ == "__main__":
    serve({"write": write})
