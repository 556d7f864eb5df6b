"""AWS's event stream encoding of a streamed answer: messages of headers and a payload, each with two checksums.

Source: "Event stream encoding" of the Amazon Transcribe developer guide, and `botocore.eventstream`, which reads it.
"""

from __future__ import annotations

import json
import struct
import zlib

CONTENT_TYPE = "application/vnd.amazon.eventstream"
STRING = 7  # the type of a header's value


def payload_part(data: bytes) -> bytes:
    """A piece of a model's answer."""
    return message({":message-type": "event", ":event-type": "PayloadPart", ":content-type": "application/octet-stream"}, data)


def exception(kind: str, members: dict[str, str]) -> bytes:
    """The last message of an incomplete answer; ``kind`` is ``"ModelStreamError"`` or ``"InternalStreamFailure"``."""
    headers = {":message-type": "exception", ":exception-type": kind, ":content-type": "application/json"}
    return message(headers, json.dumps(members).encode())


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """One message: lengths, their checksum, headers, payload, checksum of all; numbers are big-endian."""
    encoded = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    prelude = struct.pack("!II", 16 + len(encoded) + len(payload), len(encoded))
    start = prelude + struct.pack("!I", zlib.crc32(prelude)) + encoded + payload
    return start + struct.pack("!I", zlib.crc32(start))


def _header(name: bytes, value: bytes) -> bytes:
    return struct.pack("!B", len(name)) + name + struct.pack("!BH", STRING, len(value)) + value
