"""Converts pandas tables and columns and numpy arrays to Arrow streams and back. The row index is stored as ordinary columns.

Only columns of numbers, text, booleans and times are allowed: no Arrow extension type, no pickle, no pandas metadata. A stream is one
record batch without compression, so that its size in memory is known before anything is made of it.
"""

from __future__ import annotations

import struct
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
# Columns of these types become Python objects.
OBJECTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_date, pa.types.is_null, pa.types.is_boolean)
OBJECT_BYTES = 64  # of a short text and the reference to it

MOST_ROWS = 1_000_000  # of one table
MOST_COLUMNS = 2_000
MOST_CELLS = 4_000_000


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


def decode(tree: dict, stream: bytes, decode_label: DecodeLabel) -> pd.DataFrame | pd.Series | np.ndarray:
    """The table, column or array of a tree, whose data are in ``stream``.

    Raises
    ------
    DecodeError
        For a stream that `encode` never writes. Bytes that are no Arrow stream raise pyarrow's or numpy's own errors.
    """
    batch = _batch(stream)
    batch.validate(full=True)
    columns = [column.to_pandas() for column in batch.columns]
    if tree[TAG] == "array":
        return columns[0].to_numpy().reshape(tree["shape"])
    index, labels = ([decode_label(label, []) for label in tree[part]] for part in ("index", "columns"))
    if any(isinstance(label, (list, dict)) for label in (*index, *labels)):
        raise DecodeError("a column name that is not text or a number")
    if len(columns) != len(index) + len(labels):
        raise DecodeError("a table whose columns do not match their names")
    data = {i: column for i, column in enumerate(columns[len(index) :])}
    frame = pd.DataFrame(data, index=None if data else range(batch.num_rows))
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


def measure(stream: bytes) -> int:
    """The bytes of memory, at most, of the table in a stream. Makes nothing of it.

    Raises
    ------
    DecodeError
        When the stream is not one of `encode`, or its table is beyond the limits above.
    """
    try:
        batch = _batch(stream)
    except DecodeError:
        raise
    except Exception as error:  # pyarrow raises many errors for bytes that it did not write
        raise DecodeError(f"data that cannot be read ({type(error).__name__})") from error
    rows, columns = batch.num_rows, batch.num_columns
    if rows > MOST_ROWS or columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
        most = f"{MOST_ROWS:,} rows, {MOST_COLUMNS:,} columns, {MOST_CELLS:,} cells"
        raise DecodeError(f"a table of {rows:,} rows and {columns:,} columns; the most is {most}")
    objects = sum(any(is_object(field.type) for is_object in OBJECTS) for field in batch.schema)
    return batch.nbytes + rows * objects * OBJECT_BYTES


def _batch(stream: bytes) -> pa.RecordBatch:
    """The record batch of a stream. It points into ``stream``: nothing is copied."""
    messages = pa.ipc.MessageReader.open_stream(pa.py_buffer(stream))
    schema = pa.ipc.read_schema(messages.read_next_message())
    for field in schema:
        if not any(is_plain(field.type) for is_plain in PLAIN):
            raise DecodeError(f"a column of type {field.type}")
    message = messages.read_next_message()
    if message.type != "record batch" or _is_compressed(memoryview(message.metadata)):
        raise DecodeError("a compressed table")
    batch = pa.ipc.read_record_batch(message, schema)
    batch.validate()
    return batch


def _is_compressed(metadata: memoryview) -> bool:
    """Whether the header of a record batch has the field ``compression``. pyarrow does not show it, and decompresses without limit.

    The header is a flatbuffer, which pyarrow has verified: Message.fbs in Arrow's format, where ``header`` is field 2 of ``Message`` and
    ``compression`` field 3 of ``RecordBatch``.
    """

    def place(table: int, field: int) -> int:
        """The position of a table's field, 0 when it is left out."""
        names = table - struct.unpack_from("<i", metadata, table)[0]
        size = struct.unpack_from("<H", metadata, names)[0]
        offset = struct.unpack_from("<H", metadata, names + 4 + 2 * field)[0] if 4 + 2 * field < size else 0
        return table + offset if offset else 0

    header = place(struct.unpack_from("<I", metadata)[0], 2)
    batch = header + struct.unpack_from("<I", metadata, header)[0]
    return place(batch, 3) != 0


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
    except UnicodeError:
        raise AnswerError(f"`{where}` holds half of a character (a lone surrogate), which no file can hold.") from None
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
