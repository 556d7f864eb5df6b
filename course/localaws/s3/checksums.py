"""The checksums that S3 verifies and stores: CRC32, CRC32C, CRC64NVME, SHA1, SHA256. Combines the checksums of parts, too.

S3 sends a checksum as base64 of its value; CRCs are big-endian (S3 User Guide, "Checking object integrity").
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Protocol

from course.localaws.s3 import crc

ALGORITHMS = (*crc.POLYNOMIALS, "SHA1", "SHA256")


class Checksum(Protocol):
    """A running checksum. ``value`` is base64, as S3 sends it."""

    algorithm: str

    def update(self, data: bytes | memoryview) -> None: ...

    def value(self) -> str: ...


def new(algorithm: str) -> Checksum:
    """A new running checksum. ``algorithm`` is one of `ALGORITHMS`."""
    return _Crc(algorithm) if algorithm in crc.POLYNOMIALS else _Hash(algorithm)


class _Hash:
    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self._hash = hashlib.new(algorithm.lower(), usedforsecurity=False)

    def update(self, data: bytes | memoryview) -> None:
        self._hash.update(data)

    def value(self) -> str:
        return base64.b64encode(self._hash.digest()).decode()


class _Crc:
    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self._crc = 0

    def update(self, data: bytes | memoryview) -> None:
        self._crc = zlib.crc32(data, self._crc) if self.algorithm == "CRC32" else crc.update(self.algorithm, data, self._crc)

    def value(self) -> str:
        return _encode(self.algorithm, self._crc)


def combine(algorithm: str, parts: list[tuple[str, int]]) -> str:
    """The checksum of a whole object from the ``(checksum, size)`` of its parts: S3's checksum type ``FULL_OBJECT``. CRCs only."""
    whole = 0
    for value, size in parts:
        whole = crc.append(algorithm, whole, int.from_bytes(base64.b64decode(value), "big"), size)
    return _encode(algorithm, whole)


def composite(algorithm: str, values: list[str]) -> str:
    """The checksum of the parts' checksums and the number of parts, e.g. ``"Pl6D...=-3"``: S3's checksum type ``COMPOSITE``."""
    checksum = new(algorithm)
    for value in values:
        checksum.update(base64.b64decode(value))
    return f"{checksum.value()}-{len(values)}"


def _encode(algorithm: str, value: int) -> str:
    return base64.b64encode(value.to_bytes(crc.POLYNOMIALS[algorithm][0] // 8, "big")).decode()
