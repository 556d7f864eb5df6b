"""Rows of the offline store as Arrow tables and Parquet files. Imported only in the helper process, because pyarrow needs memory and time.

Types: ``Integral`` is a 64-bit integer, ``Fractional`` a 64-bit float, ``String`` a string ("Data types" of the developer guide, read
2026-11-28). ``write_time`` has milliseconds and ``api_invocation_time`` has whole seconds, as in the query results that are shown in
aws-samples/amazon-sagemaker-feature-store-end-to-end-workshop, module 9, and in a report of May 2025
(github.com/morinota/TIL, "SageMaker Feature Store"). The row of a deleted record has its identifier, its event time and
``is_deleted``; its other features are NULL (API reference of DeleteRecord).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow
from pyarrow import parquet

from course.localaws.sagemaker.feature_store.store import WaitingRow

FEW_ROWS = 1000  # of a file; a dictionary makes it larger and takes time
_TYPES: dict[str, tuple[pyarrow.DataType, Callable[[str], object]]] = {
    "Integral": (pyarrow.int64(), int),
    "Fractional": (pyarrow.float64(), float),
    "String": (pyarrow.string(), str),
}


def table(features: Mapping[str, str], rows: Sequence[WaitingRow], written: float, unit: str = "ms") -> pyarrow.Table:
    """Rows with the three columns that the offline store adds.

    Parameters
    ----------
    features : dict
        Feature name -> feature type.
    written : float
        The ``write_time`` in Unix seconds.
    unit : str
        Of the time stamps: ``"ms"`` or ``"us"``.
    """
    columns = {name: _column([row.record.get(name) for row in rows], kind) for name, kind in features.items()}
    count = len(rows)
    columns["write_time"] = _times([round(written * 1000)] * count, unit)
    columns["api_invocation_time"] = _times([row.called // 1000 * 1000 for row in rows], unit)
    columns["is_deleted"] = pyarrow.array([row.deleted for row in rows], pyarrow.bool_())
    return pyarrow.table(columns)


def write(content: pyarrow.Table, path: Path) -> dict[str, int]:
    """Write a file. Returns the compressed bytes of each column, by its lower-case name."""
    collected: list[parquet.FileMetaData] = []
    parquet.write_table(content, path, compression="snappy", use_dictionary=content.num_rows > FEW_ROWS, metadata_collector=collected)
    sizes: Counter[str] = Counter()
    for group in (found.row_group(number) for found in collected for number in range(found.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            sizes[column.path_in_schema.lower()] += column.total_compressed_size
    return sizes


def _column(values: list[str | list[str] | None], kind: str) -> pyarrow.Array:
    arrow, convert = _TYPES[kind]
    if any(isinstance(value, list) for value in values):
        return pyarrow.array([None if value is None else json.dumps(value) for value in values], pyarrow.string())
    return pyarrow.array([None if value is None else convert(value) for value in values], arrow)


def _times(milliseconds: list[int], unit: str) -> pyarrow.Array:
    return pyarrow.array(milliseconds, pyarrow.timestamp("ms", "UTC")).cast(pyarrow.timestamp(unit, "UTC"))
