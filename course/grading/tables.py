"""Converts pandas tables and columns and numpy arrays to Arrow streams and back. The row index is stored as ordinary columns.

Only columns of numbers, text, booleans and times are allowed: no Arrow extension type, no pickle, no pandas metadata.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from course.grading.errors import AnswerError
from course.grading.tree import TAG, DecodeError

EncodeLabel = Callable[[Any, str], tuple[Any, list[bytes]]]  # (label, where) -> (tree, blobs), as `course.grading.values.encode`
DecodeLabel = Callable[[Any, list[bytes]], Any]  # (tree, blobs) -> label, as `course.grading.values.decode`

PLAIN = (
    pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_string, pa.types.is_large_string,
    pa.types.is_timestamp, pa.types.is_date, pa.types.is_null, pa.types.is_duration,
)  # fmt: skip


def encode(value: pd.DataFrame | pd.Series | np.ndarray, where: str, blobs: list[bytes], encode_label: EncodeLabel) -> dict:
    """Append the Arrow stream of ``value`` to ``blobs`` and return the tree that names it.

    Parameters
    ----------
    value : DataFrame, Series or ndarray
    where : str
        What messages call the value.
    blobs : list of bytes
        The Arrow streams so far; that of the value is appended, unless it is there.
    encode_label : callable
        Encodes a column or index name.

    Raises
    ------
    AnswerError
        For columns without a plain form.
    """
    if isinstance(value, np.ndarray):
        array = np.array(value, subok=False)
        return {TAG: "array", "shape": list(array.shape), "blob": _write([(where, pd.Series(array.ravel()))], blobs)}
    kind = "column" if isinstance(value, pd.Series) else "table"
    frame = pd.DataFrame(value.to_frame() if kind == "column" else value)
    if frame.columns.nlevels > 1:
        raise AnswerError(f"`{where}` has column names of several levels; give each column one name.")
    levels = [] if _is_default(frame.index) else [frame.index.get_level_values(i) for i in range(frame.index.nlevels)]
    columns = [(f"the index of {where}", pd.Series(level)) for level in levels]
    columns += [(f"{where}[{label!r}]", frame.iloc[:, i]) for i, label in enumerate(frame.columns)]
    return {
        TAG: kind,
        "index": [_label(name, where, encode_label) for name in frame.index.names] if levels else [],
        "columns": [_label(label, where, encode_label) for label in frame.columns],
        "blob": _write(columns, blobs),
    }


def decode(tree: dict, blobs: list[bytes], decode_label: DecodeLabel) -> pd.DataFrame | pd.Series | np.ndarray:
    """The table, column or array of a tree.

    Raises
    ------
    DecodeError
        For a column type that `encode` never writes. Bytes that are no Arrow stream raise pyarrow's or numpy's own errors.
    """
    with pa.ipc.open_stream(blobs[tree["blob"]]) as reader:
        stream = reader.read_all()
    stream.validate(full=True)
    for field in stream.schema:
        if not any(is_plain(field.type) for is_plain in PLAIN):
            raise DecodeError(f"a column of type {field.type}")
    columns = [column.to_pandas() for column in stream.columns]
    if tree[TAG] == "array":
        return columns[0].to_numpy().reshape(tree["shape"])
    index, labels = ([decode_label(label, []) for label in tree[part]] for part in ("index", "columns"))
    if len(columns) != len(index) + len(labels):
        raise DecodeError("a table whose columns do not match their names")
    data = {i: column for i, column in enumerate(columns[len(index) :])}
    frame = pd.DataFrame(data, index=None if data else range(stream.num_rows))
    frame.columns = pd.Index(labels)
    if len(index) == 1:
        frame.index = pd.Index(columns[0], name=index[0])
    elif index:
        frame.index = pd.MultiIndex.from_arrays(columns[: len(index)], names=index)
    if tree[TAG] == "table":
        return frame
    column = frame.iloc[:, 0]
    column.name = labels[0]
    return column


def _write(columns: list[tuple[str, pd.Series]], blobs: list[bytes]) -> int:
    arrays = [_array(where, column) for where, column in columns]
    schema = pa.schema([pa.field(str(i), array.type) for i, array in enumerate(arrays)])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.record_batch(arrays, schema=schema))
    stream = sink.getvalue().to_pybytes()
    if stream not in blobs:  # the evidence of a check that shows one table again and again holds it once
        blobs.append(stream)
    return blobs.index(stream)


def _array(where: str, column: pd.Series) -> pa.Array:
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    try:
        array = pa.array(column, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, TypeError, OverflowError):
        array = None
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if array is None or not any(is_plain(array.type) for is_plain in PLAIN):
        raise AnswerError(f"`{where}` mixes kinds or holds objects; a column holds numbers, text, truth values or times.")
    return array


def _is_default(index: pd.Index) -> bool:
    return isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1 and index.name is None


def _label(label: Any, where: str, encode_label: EncodeLabel) -> Any:
    tree, blobs = encode_label(label, f"a column name of {where}")
    if blobs or isinstance(tree, list):
        raise AnswerError(f"a column name of `{where}` is not text or a number.")
    return tree
