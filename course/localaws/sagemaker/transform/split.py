"""Splits an object into records, and packs records into payloads.

A ``Line`` record includes its line end. A ``RecordIO`` or ``TFRecord`` record is a frame, or only the data in the frame: AWS removes the
frame when the strategy is ``SingleRecord``. Sources: ``TransformInput`` and ``CreateTransformJob`` of the SageMaker API reference; the
TFRecord format in "TFRecord and tf.train.Example" of the TensorFlow guide. Read 2026-11-25. TFRecord checksums are passed on unchecked.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, TypeVar

from course.localaws.images.shared import recordio
from course.localaws.images.shared.recordio import RecordError

T = TypeVar("T")
TFRECORD_HEADER, TFRECORD_FOOTER = struct.Struct("<QI"), 4


class PayloadTooLarge(ValueError):
    """A record, or an object that is not split, is larger than a payload may be."""

    def __init__(self) -> None:
        super().__init__("Too much data for max payload size")


def check(length: int, largest: int | None) -> None:
    """Raises PayloadTooLarge for a payload of more than ``largest`` bytes; None is no limit."""
    if largest is not None and length > largest:
        raise PayloadTooLarge


def records(stream: BinaryIO, split: str, unwrapped: bool, largest: int | None) -> Iterator[bytes]:
    """The records of an object.

    Parameters
    ----------
    stream : file
    split : {"None", "Line", "RecordIO", "TFRecord"}
    unwrapped : bool
        Without the frame of a binary format.
    largest : int or None
        Largest record in bytes.

    Raises
    ------
    PayloadTooLarge
    RecordError
        The object is not of the format.
    """
    match split:
        case "Line":
            yield from _lines(stream, largest)
        case "RecordIO":
            yield from _recordio(stream, unwrapped, largest)
        case "TFRecord":
            yield from _tfrecords(stream, unwrapped, largest)
        case _:
            yield _read(stream, largest)


def packs(records: Iterable[T], size: Callable[[T], int], single: bool, largest: int | None) -> Iterator[list[T]]:
    """Payloads of one record each, or of as many records as fit ``largest`` bytes. Raises PayloadTooLarge if one record does not fit."""
    pack: list[T] = []
    filled = 0
    for record in records:
        length = size(record)
        check(length, largest)
        if pack and (single or (largest is not None and filled + length > largest)):
            yield pack
            pack, filled = [], 0
        pack.append(record)
        filled += length
    if pack:
        yield pack


def _read(stream: BinaryIO, largest: int | None) -> bytes:
    data = stream.read() if largest is None else stream.read(largest + 1)
    check(len(data), largest)
    return data


def _lines(stream: BinaryIO, largest: int | None) -> Iterator[bytes]:
    """Lines with their line ends; empty lines are skipped."""
    longest = -1 if largest is None else largest + 1
    while line := stream.readline(longest):
        check(len(line), largest)
        if line.strip():
            yield line


def _recordio(stream: BinaryIO, unwrapped: bool, largest: int | None) -> Iterator[bytes]:
    frames: list[bytes] = []
    while header := stream.read(recordio.HEADER.size):
        length = recordio.length_after(header)
        check(length, largest)
        frames.append(header + stream.read(length))
        if not recordio.goes_on(header):
            record = b"".join(frames)
            [data] = recordio.records(record)
            yield data if unwrapped else record
            frames = []
    if frames:
        raise RecordError("the last RecordIO record is not whole")


def _tfrecords(stream: BinaryIO, unwrapped: bool, largest: int | None) -> Iterator[bytes]:
    while header := stream.read(TFRECORD_HEADER.size):
        if len(header) < TFRECORD_HEADER.size:
            raise RecordError("the last TFRecord has no whole header")
        length, _ = TFRECORD_HEADER.unpack(header)
        check(length, largest)
        if length > 1 << 40:
            raise RecordError(f"a TFRecord would have {length} bytes: this is no TFRecord file")
        rest = stream.read(length + TFRECORD_FOOTER)
        if len(rest) < length + TFRECORD_FOOTER:
            raise RecordError("the last TFRecord is not whole")
        yield rest[:length] if unwrapped else header + rest
