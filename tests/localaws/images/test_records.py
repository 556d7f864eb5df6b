"""RecordIO-Protobuf: reading returns what was written, and Google's protobuf and the SDK's framing read and write the same bytes."""

from __future__ import annotations

import io
import struct
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from course.localaws.images.shared import recordio, recordio_protobuf
from course.localaws.images.shared.recordio_protobuf import Record, RecordError, Tensor

TYPES = {"float32_tensor": np.float32, "float64_tensor": np.float64, "int32_tensor": np.int32}
tables = arrays(st.sampled_from([np.float32, np.float64, np.int32]), array_shapes(min_dims=2, max_dims=2, max_side=6))
names = st.text(max_size=4)


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    values = draw(arrays(st.sampled_from(list(TYPES.values())), st.integers(0, 5)))
    if len(values) == 0 or draw(st.booleans()):
        return Tensor(values)
    columns = draw(st.integers(len(values), 1 << 40))
    keys = draw(st.lists(st.integers(0, columns - 1), min_size=len(values), max_size=len(values), unique=True))
    return Tensor(values, np.array(keys, np.uint64), (columns,))


drawn = st.builds(Record, st.dictionaries(names, tensors(), max_size=2), st.dictionaries(names, tensors(), max_size=2))


@pytest.fixture(scope="module")
def message() -> type:
    """``aialgs.data.Record``, which Google's protobuf makes from a description, without its compiler."""
    pb2 = pytest.importorskip("google.protobuf.descriptor_pb2", reason="compares with Google's protobuf, until 2027-05-25")
    from google.protobuf import descriptor_pool, message_factory

    field = pb2.FieldDescriptorProto
    file = pb2.FileDescriptorProto(name="record.proto", package="aialgs.data", syntax="proto2")
    for name, kind in (("Float32Tensor", "FLOAT"), ("Float64Tensor", "DOUBLE"), ("Int32Tensor", "INT32")):
        made = file.message_type.add(name=name)
        for number, (member, type_) in enumerate((("values", kind), ("keys", "UINT64"), ("shape", "UINT64")), 1):
            made.field.add(name=member, number=number, label=field.LABEL_REPEATED, type=getattr(field, f"TYPE_{type_}"))
            made.field[-1].options.packed = True
    value = file.message_type.add(name="Value")
    value.oneof_decl.add(name="value")
    for name, number in (("Float32Tensor", 2), ("Float64Tensor", 3), ("Int32Tensor", 7)):
        value.field.add(
            name=f"{name.removesuffix('Tensor').lower()}_tensor",
            number=number,
            label=field.LABEL_OPTIONAL,
            type=field.TYPE_MESSAGE,
            type_name=f".aialgs.data.{name}",
            oneof_index=0,
        )
    record = file.message_type.add(name="Record")
    for name, number in (("features", 1), ("label", 2)):
        entry = record.nested_type.add(name=f"{name.capitalize()}Entry")
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, label=field.LABEL_OPTIONAL, type=field.TYPE_STRING)
        entry.field.add(name="value", number=2, label=field.LABEL_OPTIONAL, type=field.TYPE_MESSAGE, type_name=".aialgs.data.Value")
        record.field.add(
            name=name,
            number=number,
            label=field.LABEL_REPEATED,
            type=field.TYPE_MESSAGE,
            type_name=f".aialgs.data.Record.{entry.name}",
        )
    for name, number in (("uid", 3), ("metadata", 4), ("configuration", 5)):
        record.field.add(name=name, number=number, label=field.LABEL_OPTIONAL, type=field.TYPE_STRING)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("aialgs.data.Record"))


@pytest.fixture(scope="module")
def sdk() -> ModuleType:
    """The SDK's own framing. v3 no longer has any."""
    return pytest.importorskip("sagemaker.core.serializers.utils", reason="compares with the SDK's framing, until 2027-05-25")


def plain(record: Record) -> dict:
    """A record as comparable values: the bytes of the numbers, so that NaN equals NaN."""

    def tensor(value: Tensor) -> tuple:
        return value.values.dtype.str, value.values.tobytes(), None if value.keys is None else value.keys.tolist(), tuple(value.shape)

    return {
        "features": {name: tensor(value) for name, value in record.features.items()},
        "label": {name: tensor(value) for name, value in record.label.items()},
    }


@given(st.lists(drawn, max_size=4))
def test_what_is_written_is_read_back(written: list[Record]) -> None:
    assert [plain(record) for record in recordio_protobuf.read(recordio_protobuf.write(written))] == [plain(record) for record in written]


@given(record=drawn)
def test_google_reads_what_is_written(message: type, record: Record) -> None:
    parsed = message.FromString(recordio_protobuf.serialise(record))
    for kind in ("features", "label"):
        assert set(getattr(parsed, kind)) == set(getattr(record, kind))
        for name, tensor in getattr(record, kind).items():
            value = getattr(parsed, kind)[name]
            member = value.WhichOneof("value")
            assert TYPES[member] == tensor.values.dtype
            theirs = getattr(value, member)
            assert np.array(theirs.values, tensor.values.dtype).tobytes() == tensor.values.tobytes() or np.isnan(tensor.values).any()
            assert list(theirs.keys) == ([] if tensor.keys is None else tensor.keys.tolist())
            assert tuple(theirs.shape) == tensor.shape


@given(table=tables, sparse=st.booleans())
def test_what_google_writes_is_read(message: type, sdk: ModuleType, table: np.ndarray, sparse: bool) -> None:
    """With members that are not read, and in the frames of the SDK's own writer."""
    member = next(name for name, dtype in TYPES.items() if dtype == table.dtype)
    stream = io.BytesIO()
    for number, row in enumerate(table):
        record = message(uid=f"row {number}", metadata="{}")
        keys = np.flatnonzero(row) if sparse else np.arange(len(row))
        tensor = getattr(record.features["values"], member)
        tensor.values.extend(row[keys].tolist())
        if sparse:
            tensor.keys.extend(keys.tolist())
            tensor.shape.append(len(row))
        getattr(record.label["values"], member).values.append(number)
        sdk._write_recordio(stream, record.SerializeToString())
    features, labels = recordio_protobuf.read_arrays(stream.getvalue())
    np.testing.assert_array_equal(features, table)
    np.testing.assert_array_equal(labels, np.arange(len(table)))


@given(payloads=st.lists(st.binary(max_size=9), max_size=4))
def test_the_sdk_reads_the_frames(sdk: ModuleType, payloads: list[bytes]) -> None:
    stream = b"".join(map(recordio_protobuf.frame, payloads))
    assert list(sdk.read_recordio(io.BytesIO(stream))) == list(recordio.records(stream)) == payloads


@given(tables, st.booleans())
def test_arrays_are_read_the_same_with_and_without_the_short_cut(table: np.ndarray, labelled: bool) -> None:
    labels = np.arange(len(table)).astype(table.dtype) if labelled else None
    written = recordio_protobuf.write_arrays(table, labels)
    odd = Record({"values": Tensor(table[-1], shape=(table.shape[1],))}, {"values": Tensor(labels[-1:])} if labelled else {})
    for data in (written, recordio_protobuf.write_arrays(table[:-1], labels[:-1] if labelled else None) + recordio_protobuf.write([odd])):
        features, read = recordio_protobuf.read_arrays(data)
        assert features.tobytes() == table.tobytes() and features.dtype == table.dtype
        assert (read is None) if not labelled else (read.tolist() == labels.tolist())


def test_a_record_in_parts_holds_the_magic_number_where_it_was_split() -> None:
    magic = struct.pack("<I", recordio.MAGIC)
    parts = [(1, b"abcd"), (2, b""), (3, b"efgh")]
    data = b"".join(struct.pack("<II", recordio.MAGIC, part << 29 | len(payload)) + payload for part, payload in parts)
    assert list(recordio.records(data)) == [b"abcd" + magic + magic + b"efgh"]


def test_members_that_are_not_known_are_passed_over_and_numbers_need_not_be_packed() -> None:
    def member(tag: int, content: bytes) -> bytes:
        return bytes([tag, len(content)]) + content

    unpacked = b"".join(b"\x0d" + struct.pack("<f", number) for number in (1.5, 2.5))
    tensor = unpacked + b"\x48\x05"  # member 9 is 5
    entry = member(0x0A, b"values") + member(0x12, member(0x12, tensor) + member(0x52, b"?"))
    features, labels = recordio_protobuf.read_arrays(recordio_protobuf.frame(member(0x0A, entry) + member(0x7A, b"?")))
    assert features.tolist() == [[1.5, 2.5]] and labels is None


ROW = recordio_protobuf.write_arrays(np.ones((1, 3), np.float32))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"1,2,3\n4,5,6\n", "record at position 0 in the dataset does not start with a valid magic number"),
        (ROW + b"1,2,3,4,", f"record at position {len(ROW)}"),
        (ROW[:-1], "is not whole"),
        (ROW + ROW[:6], "no whole header"),
        (recordio_protobuf.frame(b"\x0b"), "wire type 3"),
        (recordio_protobuf.frame(b"\x0a\xff"), "aialgs.data.Record"),
        (recordio_protobuf.write([Record({"other": Tensor(np.ones(1))})]), "no features named 'values'"),
        (ROW + recordio_protobuf.write_arrays(np.ones((1, 2), np.float32)), "the records have 2, 3 features"),
        (ROW + recordio_protobuf.write_arrays(np.ones((1, 3), np.float32), np.ones(1)), "some records have labels and some have none"),
        (recordio_protobuf.write([Record({"values": Tensor(np.ones(3))}, {"values": Tensor(np.ones(2))})]), "several labels"),
        (recordio_protobuf.write([Record({"values": Tensor(np.ones(1), np.array([7]), (5,))})]), "do not fit its values or its shape"),
        (recordio_protobuf.write([Record({"values": Tensor(np.ones(1), np.array([7]))})]), "needs a shape"),
        (
            recordio_protobuf.write([Record({"values": Tensor(np.ones(1), np.array([7]), (1 << 40,))})]),
            "at most 16777216 can be made dense",
        ),
    ],
)
def test_unreadable_data_is_refused_with_a_message(data: bytes, words: str) -> None:
    with pytest.raises(RecordError, match=words.replace("(", r"\(")):
        recordio_protobuf.read_arrays(data)


@given(st.binary(max_size=60), st.integers(0, 60), st.booleans())
def test_any_bytes_are_read_or_refused(noise: bytes, position: int, framed: bool) -> None:
    data = recordio_protobuf.frame(noise) if framed else ROW[:position] + noise + ROW[position:]
    try:
        recordio_protobuf.read_arrays(data)
    except RecordError as error:
        assert str(error)
