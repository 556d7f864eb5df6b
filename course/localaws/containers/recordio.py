"""RecordIO frames, as Pipe mode wraps what it streams.

A frame is a magic number and a length as little-endian words of four bytes, then the data, filled up with zeros to a multiple of four.
The upper three bits of the length tell the parts of a record that is too long for one frame: 0 whole, 1 first, 2 middle, 3 last. Source:
the data format of MXNet (architecture/note_data_loading), and ``sagemaker.amazon.common`` of SageMaker's Python SDK 2, read 2026-11-25.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

MAGIC = 0xCED7230A
LONGEST = (1 << 29) - 1  # bytes of one frame
HEADER = struct.Struct("<II")


def frames(length: int, chunks: Iterable[bytes], longest: int = LONGEST) -> Iterator[bytes]:
    """The record of ``length`` bytes that ``chunks`` hold together.

    Raises
    ------
    ValueError
        They hold more or less.
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
