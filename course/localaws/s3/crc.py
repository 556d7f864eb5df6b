"""Cyclic redundancy checks for which Python has no fast module, and the arithmetic that combines the CRCs of parts.

Reflected CRCs with an initial value and a final XOR of all ones: CRC32 (ISO-HDLC, as ``zlib``), CRC32C (Castagnoli, RFC 3720
appendix B.4), CRC64NVME (NVM Express NVM command set specification 1.0d, section 5.2.1.3.4). "Slicing by eight": M. Kounavis and
F. Berry, A Systematic Approach to Building High Performance Software-Based CRC Generators, 2005.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# Algorithm -> (width in bits, reversed polynomial)
POLYNOMIALS = {"CRC32": (32, 0xEDB88320), "CRC32C": (32, 0x82F63B78), "CRC64NVME": (64, 0x9A6C9329AC4BC9B5)}
# Bytes from which parallel lanes are faster than one byte at a time.
LANES_FROM = 1 << 13
LANES = 1 << 10


def update(algorithm: str, data: bytes | memoryview, crc: int = 0) -> int:
    """Continues a CRC: ``crc`` is the CRC of the bytes before ``data``."""
    view = memoryview(data)
    while len(view) >= LANES_FROM:
        width = min(len(view) // LANES // 8 * 8, 1 << 12) or 8
        lanes = 1 << (min(LANES, len(view) // width).bit_length() - 1)
        crc = append(algorithm, crc, _lanes(algorithm, view[: lanes * width], lanes, width), lanes * width)
        view = view[lanes * width :]
    table, ones = _table(algorithm), (1 << POLYNOMIALS[algorithm][0]) - 1
    crc ^= ones
    for byte in view:
        crc = crc >> 8 ^ table[(crc ^ byte) & 255]
    return crc ^ ones


def append(algorithm: str, crc: int, following: int, size: int) -> int:
    """The CRC of A+B from the CRCs of A and B and B's size in bytes: CRC(A) * x^(8 size) + CRC(B) modulo the polynomial."""
    return _multiply(algorithm, _power(algorithm, size), crc) ^ following


def _lanes(algorithm: str, view: memoryview, lanes: int, width: int) -> int:
    """Cuts the data into ``lanes`` pieces of ``width`` bytes, computes their CRCs in parallel, eight bytes a step, and combines them."""
    import numpy as np  # not at the top: the import would slow down the start of a server that may never need it

    byte = np.uint64(255)
    columns = np.ascontiguousarray(np.frombuffer(view, dtype="<u8").reshape(lanes, width // 8).T)
    tables = _slices(algorithm)
    ones = np.uint64((1 << POLYNOMIALS[algorithm][0]) - 1)
    state = np.full(lanes, ones, dtype=np.uint64)
    for column in columns:
        state = state ^ column
        state = functools.reduce(np.bitwise_xor, (tables[7 - k][(state >> np.uint64(8 * k)) & byte] for k in range(8)))
    crcs = state ^ ones
    while len(crcs) > 1:  # combine neighbours: each round doubles the length that one value covers
        rows = enumerate(_advance(algorithm, width))
        left = crcs[::2]
        crcs = functools.reduce(np.bitwise_xor, (row[(left >> np.uint64(8 * k)) & byte] for k, row in rows)) ^ crcs[1::2]
        width *= 2
    return int(crcs[0])


@functools.cache
def _table(algorithm: str) -> list[int]:
    polynomial = POLYNOMIALS[algorithm][1]
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else 0)
        table.append(value)
    return table


@functools.cache
def _slices(algorithm: str) -> list[np.ndarray]:
    """Table ``k``: the contribution of a byte after ``k`` more bytes."""
    import numpy as np

    table = np.array(_table(algorithm), dtype=np.uint64)
    tables = [table]
    for _ in range(7):
        tables.append(tables[-1] >> np.uint64(8) ^ table[tables[-1] & np.uint64(255)])
    return tables


@functools.lru_cache(maxsize=256)
def _advance(algorithm: str, size: int) -> np.ndarray:
    """Tables for multiplication by x^(8 size). Row ``k`` is indexed by byte ``k``. The map is linear, so a byte's entry sums its bits'."""
    import numpy as np

    octets = POLYNOMIALS[algorithm][0] // 8
    tables = np.zeros((octets, 256), dtype=np.uint64)
    for bit in range(8 * octets):
        row, low = tables[bit // 8], 1 << (bit % 8)
        row[low : 2 * low] = row[:low] ^ np.uint64(_multiply(algorithm, _power(algorithm, size), 1 << bit))
    return tables


def _multiply(algorithm: str, a: int, b: int) -> int:
    """``a * b`` modulo the polynomial. All values are reflected: the highest bit is x^0."""
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
    """x^(8 size) modulo the polynomial."""
    bits, _ = POLYNOMIALS[algorithm]
    result, base = 1 << (bits - 1), 1 << (bits - 9)
    while size:
        if size & 1:
            result = _multiply(algorithm, result, base)
        base = _multiply(algorithm, base, base)
        size >>= 1
    return result
