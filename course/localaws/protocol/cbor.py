"""CBOR (RFC 8949) as the Smithy RPC v2 protocol uses it: a time stamp is tag 1 with seconds since 1970."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_DEEPEST = 100


def decode(data: bytes) -> object:
    """The one value that ``data`` holds; a tag gives way to what it tags. Raises `ValueError`."""
    reader = _Reader(data)
    value = reader.value(0)
    if reader.at != len(data):
        raise ValueError("bytes follow the CBOR value")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def value(self, depth: int) -> object:
        if depth > _DEEPEST:
            raise ValueError("CBOR nested too deeply")
        major, short = divmod(self._bytes(1)[0], 32)
        if major == 7:
            return self._simple(short)
        if short == 31:
            return self._indefinite(major, depth)
        number = self._number(short)
        match major:
            case 0:
                return number
            case 1:
                return -1 - number
            case 2:
                return self._bytes(number)
            case 3:
                return self._bytes(number).decode()
            case 4:
                return [self.value(depth + 1) for _ in range(number)]
            case 5:
                return {self._key(depth): self.value(depth + 1) for _ in range(number)}
        return self.value(depth + 1)

    def _simple(self, short: int) -> object:
        if short in _FLOATS:
            (number,) = struct.unpack(_FLOATS[short], self._bytes(1 << (short - 24)))
            return number
        if short not in _SIMPLE:
            raise ValueError(f"CBOR simple value {short} has no meaning here")
        return _SIMPLE[short]

    def _indefinite(self, major: int, depth: int) -> object:
        if major == 5:
            items = {}
            while not self._ended():
                key = self._key(depth)
                items[key] = self.value(depth + 1)
            return items
        parts = []
        while not self._ended():
            parts.append(self.value(depth + 1))
        if major == 4:
            return parts
        try:
            return {2: b"", 3: ""}[major].join(parts)  # type: ignore[arg-type]
        except (KeyError, TypeError):
            raise ValueError("malformed CBOR of indefinite length") from None

    def _ended(self) -> bool:
        ended = self._data[self.at : self.at + 1] == b"\xff"
        self.at += ended
        return ended

    def _key(self, depth: int) -> str:
        key = self.value(depth + 1)
        if not isinstance(key, str):
            raise ValueError("a CBOR key is not a text")
        return key

    def _number(self, short: int) -> int:
        if short < 24:
            return short
        if short > 27:
            raise ValueError("malformed CBOR head")
        return int.from_bytes(self._bytes(1 << (short - 24)), "big")

    def _bytes(self, count: int) -> bytes:
        self.at += count
        if self.at > len(self._data):
            raise ValueError("the CBOR ends too early")
        return self._data[self.at - count : self.at]


def encode(value: object) -> bytes:
    """None, booleans, numbers, texts, bytes, lists, dicts, and aware `datetime` as time stamps."""
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case float():
            return b"\xfb" + struct.pack(">d", value)
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case bytes():
            return _head(2, len(value)) + value
        case datetime():
            return b"\xc1" + encode(value.astimezone(UTC).timestamp())
        case list():
            return _head(4, len(value)) + b"".join(map(encode, value))
        case dict():
            return _head(5, len(value)) + b"".join(encode(key) + encode(item) for key, item in value.items())
    raise TypeError(f"CBOR here holds no {type(value).__name__}")


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for short in (24, 25, 26, 27):
        size = 1 << (short - 24)
        if number < 1 << 8 * size:
            return bytes([major << 5 | short]) + number.to_bytes(size, "big")
    raise OverflowError(f"{number} does not fit into 64 bits")
