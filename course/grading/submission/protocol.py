"""Frames of plain data between a kernel and the grader, over a Unix socket.

A frame is the magic word, the size of a JSON object and the number of Arrow streams (network byte order), the size of each stream, the
JSON, the streams. Neither side unpickles anything, and neither trusts the other: a malformed frame is a `ProtocolError`. A frame is
measured before anything is made of it, so that a few hundred bytes cannot become gigabytes.

========  ==================  =====================================================================================
type      from, to            fields
========  ==================  =====================================================================================
offer     kernel, grader      exercise, values (a dict), problem (the reason if there are none), unanswered
call      grader, kernel      id, name, arguments (a list), seconds
result    kernel, grader      id, value, problem (the reason if there is none), unanswered, output
progress  grader, kernel      what: what the check does now, for the learner; no answer is expected
report    grader, kernel      report (`course.grading.render.as_json`)
refused   grader, kernel      reason
========  ==================  =====================================================================================
"""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

from course.grading import characters, values
from course.grading.tree import DecodeError

MAGIC = b"CGR1"
HEADER = struct.Struct("!4sIH")
SIZE = struct.Struct("!I")
LIMIT = 32 * 2**20  # bytes of a frame
BLOBS = 256  # Arrow streams in a frame
# Values in the JSON of a frame, counted by the marks before them; those in texts count too. A million take about 120 MB at most.
PARTS = 1_000_000
PART_BYTES = 120
CONVERSATION = 512 * 2**20  # bytes of memory of all that one side sends in one conversation, which the evidence keeps


class ProtocolError(Exception):
    """The other side broke off, or sent a malformed or unexpected frame; the message completes "the kernel …"."""


class FrameTooLarge(ValueError):
    """A frame to be sent would exceed `LIMIT`."""


FIELDS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "offer": {"exercise": str, "values": dict, "problem": str, "unanswered": bool},
    "call": {"id": int, "name": str, "arguments": list, "seconds": (int, float)},
    "result": {"id": int, "value": object, "problem": str, "unanswered": bool, "output": str},
    "progress": {"what": str},
    "report": {"report": dict},
    "refused": {"reason": str},
}
DATA = {"offer": "values", "call": "arguments", "result": "value"}  # the field that may hold tables


def pack(kind: str, **fields: Any) -> bytes:
    """The bytes of a frame of that type.

    Raises
    ------
    FrameTooLarge
        When the other side would refuse it; the message completes "your values are too large: …".
    """
    blobs: list[bytes] = []
    if kind in DATA:
        fields[DATA[kind]], blobs = values.encode(fields[DATA[kind]], depth=values.MESSAGE_DEPTH)
    body = json.dumps({"type": kind, **fields}).encode()
    frame = b"".join([HEADER.pack(MAGIC, len(body), len(blobs)), *(SIZE.pack(len(blob)) for blob in blobs), body, *blobs])
    if len(frame) > LIMIT:
        raise FrameTooLarge(f"more than {LIMIT >> 20} MiB in all")
    if len(blobs) > BLOBS:
        raise FrameTooLarge(f"more than {BLOBS} tables")
    if _parts(body) > PARTS:
        raise FrameTooLarge(f"more than {PARTS:,} parts in lists and dicts; a table or an array holds more")
    try:
        values.measure(fields.get(DATA.get(kind)), blobs)
    except DecodeError as error:
        raise FrameTooLarge(str(error)) from None
    return frame


class FrameChannel:
    """One side of a connection; ``connection`` is its socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._left = CONVERSATION

    def send(self, kind: str, **fields: Any) -> None:
        """Send one frame; raises `FrameTooLarge`, or `ProtocolError` when the other side has closed the connection."""
        frame = pack(kind, **fields)
        try:
            self.connection.settimeout(30)
            self.connection.sendall(frame)
        except OSError as error:
            raise ProtocolError(f"broke off ({error})") from error

    def receive(self, *kinds: str, seconds: float | None = None) -> dict[str, Any]:
        """The next frame with its data decoded. It must arrive within ``seconds`` and have one of these types.

        Raises
        ------
        ProtocolError
            When it does not.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        magic, body_size, count = HEADER.unpack(self._exactly(HEADER.size, deadline))
        if magic != MAGIC:
            raise ProtocolError("sent something that is not a message")
        if body_size > LIMIT or count > BLOBS:
            raise ProtocolError(f"sent a message of more than {LIMIT:,} bytes")
        sizes = [SIZE.unpack(self._exactly(SIZE.size, deadline))[0] for _ in range(count)]
        if body_size + sum(sizes) > LIMIT:
            raise ProtocolError(f"sent a message of more than {LIMIT:,} bytes")
        body = self._exactly(body_size, deadline)
        return self._unpack(body, [self._exactly(size, deadline) for size in sizes], kinds)

    def _unpack(self, body: bytes, blobs: list[bytes], kinds: tuple[str, ...]) -> dict[str, Any]:
        message = _message(body, kinds)
        kind = message["type"]
        try:
            self._left -= len(body) + _parts(body) * PART_BYTES + values.measure(message.get(DATA.get(kind)), blobs)
            if self._left < 0:
                raise ProtocolError(f"sent more than {CONVERSATION >> 20} MiB in all")
            if kind in DATA:
                message[DATA[kind]] = values.decode(message[DATA[kind]], blobs)
        except DecodeError as error:
            raise ProtocolError(f"sent {error}") from None
        if kind in DATA and not isinstance(message[DATA[kind]], FIELDS[kind][DATA[kind]]):
            raise ProtocolError(f"sent {kind!r} without a proper {DATA[kind]!r}")
        return message

    def _exactly(self, size: int, deadline: float | None) -> bytes:
        pieces, missing = [], size
        while missing:
            try:
                self.connection.settimeout(None if deadline is None else max(deadline - time.monotonic(), 0.001))
                piece = self.connection.recv(min(missing, 2**20))
            except TimeoutError:
                raise ProtocolError("did not answer in time") from None
            except OSError as error:
                raise ProtocolError(f"broke off ({error})") from error
            if not piece:
                raise ProtocolError("broke off")
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)


def _message(body: bytes, kinds: tuple[str, ...]) -> dict[str, Any]:
    """The message of one of these types, with all its fields; its data are not decoded yet."""
    if _parts(body) > PARTS:
        raise ProtocolError(f"sent a message of more than {PARTS:,} parts")
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise ProtocolError("sent a message that is not JSON") from None
    if not isinstance(message, dict) or message.get("type") not in kinds:
        raise ProtocolError(f"sent something else when {' or '.join(kinds)} was due")
    kind = message["type"]
    for name, wanted in FIELDS[kind].items():
        value = message.get(name, ...)
        if value is ... or not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool and wanted is not object):
            raise ProtocolError(f"sent {kind!r} without a proper {name!r}")
        if isinstance(value, str) and name != DATA.get(kind):
            message[name] = characters.writable(value)
    return message


def _parts(body: bytes) -> int:
    """At least the number of values in a JSON text; at most that and the marks within its texts."""
    return 1 + sum(body.count(mark) for mark in (b",", b"[", b"{"))
