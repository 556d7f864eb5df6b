"""Opens a member of a zip so that a small part of it never becomes gigabytes in memory.

Python's `zipfile` bounds what it unpacks at once of deflate only. Of bzip2, 40 bytes may become 46 MB, of LZMA a thousand times the size.
"""

from __future__ import annotations

import bz2
import contextlib
import copy
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO

PACKED = 1 << 16  # bytes of the zip that are read at once


@contextlib.contextmanager
def opened(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[BinaryIO]:
    """A member's content, to be read in parts.

    Raises
    ------
    Exception
        Many kinds when it is damaged, here or while it is read: `submitted_files.DAMAGED` has them.
    """
    if info.compress_type not in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with archive.open(info) as file:
            yield io.BufferedReader(file)  # type: ignore[arg-type]
        return
    packed = copy.copy(info)  # the same bytes, as they are in the zip
    packed.compress_type, packed.file_size, packed.CRC = zipfile.ZIP_STORED, info.compress_size, None  # type: ignore[assignment]
    with archive.open(packed) as file:
        decompressor = bz2.BZ2Decompressor() if info.compress_type == zipfile.ZIP_BZIP2 else _lzma(file)
        yield io.BufferedReader(_Unpacked(file, decompressor, info))


class _Unpacked(io.RawIOBase):
    """Unpacks what is asked for, and no more; checks the member's checksum at its end."""

    def __init__(self, packed: IO[bytes], decompressor: bz2.BZ2Decompressor | lzma.LZMADecompressor, info: zipfile.ZipInfo) -> None:
        self._packed, self._decompressor = packed, decompressor
        self._left, self._crc, self._sum, self._name = info.file_size, info.CRC, 0, info.filename

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        part = self._part(min(len(buffer), self._left))
        self._left -= len(part)
        self._sum = zlib.crc32(part, self._sum)
        if not part and self._sum != self._crc:
            raise zipfile.BadZipFile(f"Bad CRC-32 for file {self._name!r}")
        buffer[: len(part)] = part
        return len(part)

    def _part(self, most: int) -> bytes:
        """The next bytes, at most ``most``; none at the end."""
        part = b""
        while most and not part and not self._decompressor.eof:
            packed = self._packed.read(PACKED) if self._decompressor.needs_input else b""
            if not packed and self._decompressor.needs_input:
                raise EOFError("it ends too early")
            part = self._decompressor.decompress(packed, most)
        return part


def _lzma(packed: IO[bytes]) -> lzma.LZMADecompressor:
    """The decompressor that the beginning of an LZMA member asks for (APPNOTE.TXT 5.8.8)."""
    (size,) = struct.unpack("<xxH", packed.read(4))
    settings, dictionary = struct.unpack("<BL", packed.read(size))
    rest, lc = divmod(settings, 9)
    pb, lp = divmod(rest, 5)
    return lzma.LZMADecompressor(
        lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, "lc": lc, "lp": lp, "pb": pb, "dict_size": max(dictionary, 4096)}]
    )
