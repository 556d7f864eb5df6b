"""RecordIO-Protobuf, the data format of AWS's first-party algorithms: records of named tensors, each in a RecordIO frame.

A frame is MXNet's: the magic number 0xced7230a and a word (both little-endian) whose upper three bits number the part of a record
and whose lower 29 bits are its length in bytes, then the record, padded with zeros to a multiple of four bytes. A record is the
protobuf message ``aialgs.data.Record``. Sources: "Common Data Formats for Training" of the SageMaker developer guide, which prints
``record.proto``; ``dmlc/recordio.h`` of dmlc-core, whose writer splits a record that contains the magic number (read here, but, as
in AWS's own writers, not written). Read 2026-11-25. Tensors of ``Bytes`` (images) are skipped; ``uid``, ``metadata`` and
``configuration`` are neither read nor written.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from course.localaws.images.shared import recordio
from course.localaws.images.shared.recordio import RecordError

CONTENT_TYPE = "application/x-recordio-protobuf"
VALUES = "values"  # the name of the tensor of features, and of labels, that algorithms read
# Members of a Value, and the types of their values.
TENSORS = {2: np.dtype("<f4"), 3: np.dtype("<f8"), 7: np.dtype("<i4")}
NUMBERS = {dtype: number for number, dtype in TENSORS.items()}
LARGEST = 1 << 24  # most columns of a sparse vector that is made dense: 128 MB a row
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Tensor:
    """Numbers of one type, as a dense or sparse vector.

    Attributes
    ----------
    values : array of shape (n,)
        Of type float32, float64 or int32.
    keys : array of shape (n,), optional
        Columns of the values in a sparse vector. None in a dense one.
    shape : tuple of int
        ``(columns,)``: required for a sparse vector, optional for a dense one.
    """

    values: np.ndarray
    keys: np.ndarray | None = None
    shape: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    features: dict[str, Tensor] = field(default_factory=dict)
    label: dict[str, Tensor] = field(default_factory=dict)


def read(data: bytes) -> list[Record]:
    """The records of RecordIO-Protobuf data. Raises `RecordError` for incomplete data."""
    return [parse(payload) for payload in recordio.records(data)]


def write(records: Iterable[Record]) -> bytes:
    return b"".join(frame(serialise(record)) for record in records)


def read_arrays(data: bytes, absent: float = 0.0) -> tuple[np.ndarray, np.ndarray | None]:
    """The tensors ``values`` of all records: features of shape (rows, columns), and labels of shape (rows,) or None.

    Sparse vectors become dense, with ``absent`` for missing values. Raises `RecordError` for records without features, with several
    labels, or of different lengths.
    """
    if (arrays := _uniform(data)) is not None:
        return arrays
    records = read(data)
    if not records:
        return np.empty((0, 0), np.float32), None
    rows = [_dense(_only(record.features, "features"), absent) for record in records]
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise RecordError(f"the records have {', '.join(map(str, sorted(widths)))} features; all must have the same number")
    labelled = {bool(record.label) for record in records}
    if len(labelled) > 1:
        raise RecordError("some records have labels and some have none")
    return np.vstack(rows), _labels(records) if labelled == {True} else None


def write_arrays(features: np.ndarray, labels: np.ndarray | None = None) -> bytes:
    """Dense records, as AWS's ``write_numpy_to_dense_tensor`` writes them. ``labels`` has shape (rows,)."""
    named = [{}] * len(features) if labels is None else [{VALUES: Tensor(label.reshape(1))} for label in labels]
    return write(Record({VALUES: Tensor(row)}, label) for row, label in zip(features, named, strict=True))


def frame(payload: bytes) -> bytes:
    return b"".join(recordio.frames(len(payload), [payload]))


def parse(payload: bytes) -> Record:
    """A Record message. Raises `RecordError`."""
    try:
        maps: dict[int, dict[str, Tensor]] = {1: {}, 2: {}}
        for number, value in _fields(payload):
            if number in maps:
                entry = dict(_fields(value))
                if (tensor := _tensor(entry.get(2, b""))) is not None:
                    maps[number][entry.get(1, b"").decode()] = tensor
        return Record(maps[1], maps[2])
    except (ValueError, IndexError, TypeError, AttributeError, struct.error) as error:
        raise RecordError(f"a record is no protobuf message aialgs.data.Record: {error}") from error


def serialise(record: Record) -> bytes:
    return b"".join(
        _member(number, _member(1, name.encode()) + _member(2, _value(tensor)))
        for number, tensors in ((1, record.features), (2, record.label))
        for name, tensor in tensors.items()
    )


def _uniform(data: bytes) -> tuple[np.ndarray, np.ndarray | None] | None:
    """A fast `read_arrays` for records that differ from the first in their numbers alone. None for any other data.

    Dense arrays are stored like that: 40,000 rows take some milliseconds instead of a second.
    """
    if len(data) < 8 or struct.unpack_from("<I", data)[0] != recordio.MAGIC:
        return None
    size = 8 + (struct.unpack_from("<I", data, 4)[0] & recordio.LONGEST)
    size += -size % 4
    if len(data) % size:
        return None
    record = parse(next(recordio.records(data[:size])))
    tensors = [*record.features.values(), *record.label.values()]
    if write([record]) != data[:size] or set(record.features) != {VALUES} or set(record.label) - {VALUES}:
        return None
    if any(tensor.keys is not None or tensor.values.dtype.kind != "f" for tensor in tensors):
        return None
    if any(len(tensor.values) != 1 for tensor in record.label.values()):
        return None
    zeros, ones = (np.frombuffer(write([_filled(record, byte)]), np.uint8) for byte in (b"\x00", b"\xff"))
    constant = zeros == ones
    table = np.frombuffer(data, np.uint8).reshape(-1, size)
    if not (table[:, constant] == zeros[constant]).all():
        return None
    numbers = table[:, ~constant]
    width = tensors[0].values.nbytes
    features = np.ascontiguousarray(numbers[:, :width]).view(tensors[0].values.dtype)
    return features, np.ascontiguousarray(numbers[:, width:]).view(tensors[1].values.dtype)[:, 0] if record.label else None


def _filled(record: Record, byte: bytes) -> Record:
    """The record with every byte of its numbers set to ``byte``."""

    def fill(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        return {
            name: Tensor(np.frombuffer(byte * tensor.values.nbytes, tensor.values.dtype), tensor.keys, tensor.shape)
            for name, tensor in tensors.items()
        }

    return Record(fill(record.features), fill(record.label))


def _only(tensors: dict[str, Tensor], kind: str) -> Tensor:
    if VALUES not in tensors:
        raise RecordError(f"a record has no {kind} named '{VALUES}'")
    return tensors[VALUES]


def _dense(tensor: Tensor, absent: float = 0.0) -> np.ndarray:
    if tensor.keys is None:
        return tensor.values
    if len(tensor.shape) != 1:
        raise RecordError(f"a sparse vector needs a shape of one number; this one has {list(tensor.shape)}")
    if tensor.shape[0] > LARGEST:
        raise RecordError(f"a sparse vector has {tensor.shape[0]} columns; at most {LARGEST} can be made dense")
    if len(tensor.keys) != len(tensor.values) or (len(tensor.keys) and tensor.keys.max() >= tensor.shape[0]):
        raise RecordError(f"the keys of a sparse vector do not fit its values or its shape {list(tensor.shape)}")
    row = np.full(tensor.shape[0], absent, np.result_type(tensor.values.dtype, np.float32) if absent else tensor.values.dtype)
    row[tensor.keys] = tensor.values
    return row


def _labels(records: list[Record]) -> np.ndarray:
    rows = [_dense(_only(record.label, "label")) for record in records]
    if any(len(row) != 1 for row in rows):
        raise RecordError("a record has several labels; the algorithm takes one")
    return np.concatenate(rows)


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """The field numbers and values of a message. A value is bytes, or an integer for a varint."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, position = _varint(data, position)
            yield number, value
            continue
        if wire == BYTES:
            size, position = _varint(data, position)
        elif wire in (FIXED32, FIXED64):
            size = 4 if wire == FIXED32 else 8
        else:
            raise RecordError(f"wire type {wire}")
        if position + size > len(data):
            raise RecordError("it ends too early")
        yield number, data[position : position + size]
        position += size


def _tensor(data: bytes) -> Tensor | None:
    """The tensor in a Value, the last one if there are several. None for a tensor of bytes and for an empty Value."""
    tensor = None
    for number, content in _fields(data):
        if number in TENSORS:
            parts: dict[int, list] = {1: [], 2: [], 3: []}
            for member, value in _fields(content):
                parts.get(member, []).append(value)  # unknown members are skipped
            keys, shape = _integers(parts[2]), _integers(parts[3])
            sparse = np.array(keys, np.uint64) if keys or (shape and not parts[1]) else None
            tensor = Tensor(_numbers(parts[1], TENSORS[number]), sparse, tuple(shape))
    return tensor


def _numbers(parts: list, dtype: np.dtype) -> np.ndarray:
    """The numbers of a repeated field, packed or not."""
    if dtype.kind == "f":
        return np.frombuffer(b"".join(parts), dtype)
    return np.array(_integers(parts), np.uint64).astype(np.uint32).view(np.int32)


def _integers(parts: list) -> list[int]:
    numbers: list[int] = []
    for part in parts:
        if isinstance(part, int):
            numbers.append(part)
            continue
        position = 0
        while position < len(part):
            number, position = _varint(part, position)
            numbers.append(number)
    return numbers


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """The varint at a position, and the position after it."""
    number = 0
    for shift in itertools.count(0, 7):
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    if number >> 64:
        raise RecordError("a number has more than 64 bits")
    return number, position


def _value(tensor: Tensor) -> bytes:
    values = np.asarray(tensor.values)
    dtype = values.dtype.newbyteorder("<")
    if dtype not in NUMBERS:
        raise RecordError(f"a tensor holds float32, float64 or int32, not {values.dtype}")
    if dtype.kind == "i":
        message = _packed(1, b"".join(_encoded(number % (1 << 64)) for number in values.tolist()))
    else:
        message = _packed(1, values.astype(dtype).tobytes())
    message += _packed(2, b"".join(map(_encoded, [] if tensor.keys is None else tensor.keys.tolist())))
    message += _packed(3, b"".join(map(_encoded, tensor.shape)))
    return _member(NUMBERS[dtype], message)


def _packed(number: int, content: bytes) -> bytes:
    return _member(number, content) if content else b""


def _member(number: int, content: bytes) -> bytes:
    return _encoded(number << 3 | BYTES) + _encoded(len(content)) + content


def _encoded(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
