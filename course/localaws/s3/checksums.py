"""The checksums that S3 verifies and stores: CRC32, CRC32C, CRC64NVME, SHA1, SHA256, and how those of parts make that of the whole.

CRCs are the reflected ones of the Rocksoft model with all ones in and out: CRC32 (ISO-HDLC, ``zlib``), CRC32C (RFC 3720, Castagnoli),
CRC64NVME (NVM Express command set specification 1.0d, section 5.2.1.3.4). The wire form is base64 of the big-endian value.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import zlib
from typing import Protocol

import numpy as np

# Algorithm -> (width in bits, reversed polynomial)
POLYNOMIALS = {"CRC32": (32, 0xEDB88320), "CRC32C": (32, 0x82F63B78), "CRC64NVME": (64, 0x9A6C9329AC4BC9B5)}
ALGORITHMS = (*POLYNOMIALS, "SHA1", "SHA256")
# From here on numpy's lanes pay for themselves.
LANES_FROM = 1 << 13
LANES = 1 << 10


class Checksum(Protocol):
    algorithm: str

    def update(self, data: bytes | memoryview) -> None: ...

    def value(self) -> str:
        """Base64, as S3 sends it."""
        ...


def new(algorithm: str) -> Checksum:
    """A running checksum of one of `ALGORITHMS`."""
    return CrcChecksum(algorithm) if algorithm in POLYNOMIALS else HashChecksum(algorithm)


class HashChecksum:
    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self._hash = hashlib.new(algorithm.lower(), usedforsecurity=False)

    def update(self, data: bytes | memoryview) -> None:
        self._hash.update(data)

    def value(self) -> str:
        return base64.b64encode(self._hash.digest()).decode()


class CrcChecksum:
    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self._crc = 0

    def update(self, data: bytes | memoryview) -> None:
        self._crc = zlib.crc32(data, self._crc) if self.algorithm == "CRC32" else _crc(self.algorithm, data, self._crc)

    def value(self) -> str:
        return _encode(self.algorithm, self._crc)


def combine(algorithm: str, parts: list[tuple[str, int]]) -> str:
    """The checksum of a whole object from its parts' ``(checksum, size)``: S3's checksum type ``FULL_OBJECT``. CRCs only.

    CRC(A+B) = CRC(A) * x^(8 |B|) + CRC(B) modulo the polynomial.
    """
    whole = 0
    for value, size in parts:
        whole = _multiply(algorithm, _power(algorithm, size), whole) ^ int.from_bytes(base64.b64decode(value), "big")
    return _encode(algorithm, whole)


def composite(algorithm: str, values: list[str]) -> str:
    """The checksum of the parts' checksums with their number, e.g. ``"Pl6D...=-3"``: S3's checksum type ``COMPOSITE``."""
    checksum = new(algorithm)
    for value in values:
        checksum.update(base64.b64decode(value))
    return f"{checksum.value()}-{len(values)}"


def _encode(algorithm: str, crc: int) -> str:
    return base64.b64encode(crc.to_bytes(POLYNOMIALS[algorithm][0] // 8, "big")).decode()


@functools.cache
def _table(algorithm: str) -> list[int]:
    polynomial = POLYNOMIALS[algorithm][1]
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (polynomial if byte & 1 else 0)
        table.append(byte)
    return table


@functools.cache
def _lane_tables(algorithm: str) -> list[np.ndarray]:
    """Table ``k`` advances a byte over the ``k`` bytes that follow it, so that eight bytes are taken in one step ("slicing by eight")."""
    table = np.array(_table(algorithm), dtype=np.uint64)
    tables = [table]
    for _ in range(7):
        tables.append(tables[-1] >> np.uint64(8) ^ table[tables[-1] & np.uint64(255)])
    return tables


def _crc(algorithm: str, data: bytes | memoryview, crc: int) -> int:
    """Continue ``crc`` over ``data``: long data in parallel lanes (numpy), short data byte by byte."""
    view = memoryview(data)
    while len(view) >= LANES_FROM:
        width = min(len(view) // LANES // 8 * 8, 1 << 12) or 8
        lanes = min(LANES, len(view) // width)
        lanes = 1 << (lanes.bit_length() - 1)
        crc = _multiply(algorithm, _power(algorithm, lanes * width), crc) ^ _crc_lanes(algorithm, view[: lanes * width], lanes, width)
        view = view[lanes * width :]
    table, ones = _table(algorithm), (1 << POLYNOMIALS[algorithm][0]) - 1
    crc ^= ones
    for byte in view:
        crc = crc >> 8 ^ table[(crc ^ byte) & 255]
    return crc ^ ones


def _crc_lanes(algorithm: str, view: memoryview, lanes: int, width: int) -> int:
    words = np.frombuffer(view, dtype="<u8").reshape(lanes, width // 8).T
    tables = _lane_tables(algorithm)
    ones = np.uint64((1 << POLYNOMIALS[algorithm][0]) - 1)
    state = np.full(lanes, ones, dtype=np.uint64)
    for column in np.ascontiguousarray(words):
        state = state ^ column
        state = functools.reduce(np.bitwise_xor, (tables[7 - k][(state >> np.uint64(8 * k)) & np.uint64(255)] for k in range(8)))
    crcs = state ^ ones
    # Neighbours merge pairwise: each round doubles the length that one value covers.
    while len(crcs) > 1:
        crcs = _advance(algorithm, width, crcs[::2]) ^ crcs[1::2]
        width *= 2
    return int(crcs[0])


def _advance(algorithm: str, size: int, crcs: np.ndarray) -> np.ndarray:
    """Each CRC times x^(8 * size)."""
    tables = _advance_tables(algorithm, size)
    return functools.reduce(np.bitwise_xor, (table[(crcs >> np.uint64(8 * k)) & np.uint64(255)] for k, table in enumerate(tables)))


@functools.lru_cache(maxsize=256)
def _advance_tables(algorithm: str, size: int) -> np.ndarray:
    """Row ``k``: what a value with only byte ``k`` set becomes; the map is linear, so a byte's entry is the sum of its bits' entries."""
    octets = POLYNOMIALS[algorithm][0] // 8
    tables = np.zeros((octets, 256), dtype=np.uint64)
    for bit in range(8 * octets):
        row, low = tables[bit // 8], 1 << (bit % 8)
        row[low : 2 * low] = row[:low] ^ np.uint64(_multiply(algorithm, _power(algorithm, size), 1 << bit))
    return tables


def _multiply(algorithm: str, a: int, b: int) -> int:
    """``a * b`` modulo the polynomial, both in reflected form (the highest bit is x^0)."""
    bits, polynomial = POLYNOMIALS[algorithm]
    product, bit = 0, 1 << (bits - 1)
    while a:
        if a & bit:
            product ^= b
            a ^= bit
        bit >>= 1
        b = b >> 1 ^ (polynomial if b & 1 else 0)
    return product


@functools.lru_cache(maxsize=4096)
def _power(algorithm: str, size: int) -> int:
    """x^(8 * size) modulo the polynomial."""
    bits, _ = POLYNOMIALS[algorithm]
    result, base = 1 << (bits - 1), 1 << (bits - 9)
    while size:
        if size & 1:
            result = _multiply(algorithm, result, base)
        base = _multiply(algorithm, base, base)
        size >>= 1
    return result
