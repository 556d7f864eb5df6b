"""RecordIO frames, which Pipe mode and the records of AWS's first-party algorithms (`recordio_protobuf`) use.

A frame is a magic number and a length as little-endian words of four bytes, then the data, padded with zeros to a multiple of four.
The upper three bits of the length number the parts of a record that is too long for one frame: 0 whole, 1 first, 2 middle, 3 last. Source:
the data format of MXNet (architecture/note_data_loading), and ``sagemaker.amazon.common`` of SageMaker's Python SDK 2, read 2026-11-25.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

MAGIC = 0xCED7230A
LONGEST = (1 << 29) - 1  # bytes of one frame
HEADER = struct.Struct("<II")
WHOLE, FIRST, MIDDLE, LAST = range(4)


class RecordError(ValueError):
    """The bytes are not RecordIO, or their records are not the expected ones."""


def frames(length: int, chunks: Iterable[bytes], longest: int = LONGEST) -> Iterator[bytes]:
    """The frames of one record, in pieces. The record has ``length`` bytes; ``chunks`` are its content.

    Raises
    ------
    ValueError
        The chunks do not have ``length`` bytes together.
    """
    sizes = [longest] * (length // longest) + ([length % longest] if length % longest or not length else [])
    stream, rest = (chunk for chunk in chunks if chunk), b""
    for number, size in enumerate(sizes):
        part = 0 if len(sizes) == 1 else 1 if number == 0 else 3 if number == len(sizes) - 1 else 2
        yield HEADER.pack(MAGIC, part << 29 | size)
        left = size
        while left:
            rest = rest or next(stream, b"")
            if not rest:
                raise ValueError(f"the record is shorter than {length} bytes")
            piece, rest = rest[:left], rest[left:]
            left -= len(piece)
            yield piece
        yield b"\0" * (-size % 4)
    if rest or next(stream, b""):
        raise ValueError(f"the record is longer than {length} bytes")


def records(data: bytes) -> Iterator[bytes]:
    """The records of RecordIO data. Parts of a split record are joined. Raises `RecordError`."""
    position, parts = 0, []
    while position < len(data):
        if position + 8 > len(data):
            raise RecordError(f"the RecordIO record at position {position} has no whole header")
        magic, word = struct.unpack_from("<II", data, position)
        if magic != MAGIC:
            raise RecordError(
                f"The header of the MXNet RecordIO record at position {position} in the dataset does not start with a valid magic number."
            )
        part, size = word >> 29, word & LONGEST
        payload = data[position + 8 : position + 8 + size]
        if len(payload) < size or part > LAST or (part in (MIDDLE, LAST)) != bool(parts):
            raise RecordError(f"the RecordIO record at position {position} is not whole")
        position += 8 + size + -size % 4
        parts.append(payload)
        if part in (WHOLE, LAST):
            yield struct.pack("<I", MAGIC).join(parts)
            parts = []
    if parts:
        raise RecordError("the last RecordIO record is not whole")


def length_after(header: bytes) -> int:
    """The number of bytes that follow a frame's header, with padding. Raises `RecordError`."""
    if len(header) < HEADER.size:
        raise RecordError("the last RecordIO record has no whole header")
    magic, word = HEADER.unpack(header)
    if magic != MAGIC:
        raise RecordError("The header of a MXNet RecordIO record in the dataset does not start with a valid magic number.")
    size = word & LONGEST
    return size + -size % 4


def goes_on(header: bytes) -> bool:
    """Whether a frame's record continues in the next frame."""
    return HEADER.unpack(header)[1] >> 29 in (FIRST, MIDDLE)
