"""Tests that frames arrive as they were sent, and that anything else is refused quickly with a reason."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading.submission import protocol
from course.grading.submission.protocol import FrameChannel, FrameTooLarge, ProtocolError
from tests.error_messages import error_message

from .test_values import PLAIN
from .worst_messages import WORST, measured, receive


def through(frame: bytes, *kinds: str) -> dict[str, Any]:
    """The frame that a channel receives from these bytes, when the sender closes the connection after them."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=lambda: (theirs.sendall(frame), theirs.shutdown(socket.SHUT_WR)))
        sender.start()
        try:
            return FrameChannel(ours).receive(*kinds, seconds=5)
        finally:
            sender.join()


OFFER = {"exercise": "m98_2_ex1", "problem": "", "unanswered": False}


@given(st.dictionaries(st.text(max_size=5), PLAIN, max_size=3))
def test_offer_arrives_as_sent(values: dict) -> None:
    got = through(protocol.pack("offer", values=values, **OFFER), "offer")
    assert got == {"type": "offer", "values": values, **OFFER}


def test_tables_arrive() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    got = through(protocol.pack("offer", values={"frame": frame, "nested": [frame]}, **OFFER), "offer")
    pd.testing.assert_frame_equal(got["values"]["frame"], frame)
    pd.testing.assert_frame_equal(got["values"]["nested"][0], frame)


@given(st.binary(max_size=300))
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(ProtocolError):
        through(garbage, "offer")


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_harmless(position: int, byte: int) -> None:
    frame = bytearray(protocol.pack("offer", values={"limit": 0.5, "frame": pd.DataFrame({"a": [1]})}, **OFFER))
    frame[position % len(frame)] = byte
    try:
        got = through(bytes(frame), "offer")
    except ProtocolError:
        return
    assert set(protocol.FIELDS["offer"]) <= set(got)


@given(st.integers(0, 100))
def test_half_a_frame_is_refused(cut: int) -> None:
    frame = protocol.pack("offer", values={"limit": 0.5}, **OFFER)
    with pytest.raises(ProtocolError, match="broke off"):
        through(frame[: cut % len(frame)], "offer")


MESSAGES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*OFFER, "type", "values", "$"]), inner, max_size=5),
)


def bare(message: Any) -> bytes:
    """A frame with any JSON."""
    body = json.dumps(message).encode()
    return protocol.HEADER.pack(protocol.MAGIC, len(body), 0) + body


@given(MESSAGES)
def test_json_of_another_shape_is_refused(message: Any) -> None:
    with pytest.raises(ProtocolError):
        through(bare(message), "offer")


WRONG_FIELDS = [
    {"type": "report"},
    {"exercise": 5},
    {"values": []},
    {"values": {"$": "date", "iso": "2013-01-01"}},
    {"unanswered": "no"},
    {"problem": None},
    {"values": {"a": {"$": "table", "index": [], "columns": ["a"], "blob": 7}}},
]


def test_a_field_of_another_kind_is_refused() -> None:
    for changes in WRONG_FIELDS:
        frame = bare({"type": "offer", "values": {}, **OFFER, **changes})
        assert error_message(ProtocolError, through, frame, "offer") != "nothing was raised", changes


def test_deep_json_is_refused() -> None:
    body = b"[" * 100_000
    with pytest.raises(ProtocolError):
        through(protocol.HEADER.pack(protocol.MAGIC, len(body), 0) + body, "offer")


TOO_LARGE = [
    protocol.HEADER.pack(protocol.MAGIC, 2**32 - 1, 0),
    protocol.HEADER.pack(protocol.MAGIC, 2, 3) + struct.pack("!3I", 2**31, 2**31, 2**31),
    protocol.HEADER.pack(protocol.MAGIC, 2, 60_000),
]


def test_an_announced_size_above_the_limit_is_refused_before_reading() -> None:
    for header in TOO_LARGE:
        assert "more than" in error_message(ProtocolError, through, header, "offer"), header


def test_a_giant_of_our_own_is_not_sent() -> None:
    with pytest.raises(FrameTooLarge):
        protocol.pack("offer", values={"text": "x" * protocol.LIMIT}, **OFFER)


@pytest.fixture
def silent() -> Iterator[FrameChannel]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield FrameChannel(ours)


def test_a_silent_connection_times_out(silent: FrameChannel) -> None:
    with pytest.raises(ProtocolError, match="did not answer in time"):
        silent.receive("offer", seconds=0.05)


@pytest.mark.parametrize("name", WORST)
def test_a_message_that_would_grow_is_refused_before_it_does(name: str) -> None:
    before = pa.total_allocated_bytes()
    assert receive(WORST[name]()), name
    assert pa.total_allocated_bytes() - before < 2**20


@pytest.mark.nightly  # each in a new process: 14 times the imports
@pytest.mark.parametrize("name", WORST)
def test_the_process_that_refuses_it_does_not_grow(name: str) -> None:
    size, said, grew = measured(name)
    assert said and grew < 3 * size / 1e6 + 150, (said, grew)


def test_one_conversation_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "CONVERSATION", 2_500_000)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel, kernel = FrameChannel(ours), FrameChannel(theirs)
        frames = pd.DataFrame({"a": ["text"] * 10_000})
        for _ in range(3):
            kernel.send("offer", values={"frame": frames}, **OFFER)
            channel.receive("offer", seconds=5)
        kernel.send("offer", values={"frame": frames}, **OFFER)
        with pytest.raises(ProtocolError, match="sent more than"):
            channel.receive("offer", seconds=5)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([0] * protocol.PARTS, "parts in lists and dicts"),
        (pd.DataFrame({"a": np.zeros(1_000_001, dtype=np.int8)}), "1,000,001 rows"),
        (np.zeros((5_000, 300), dtype=np.int8), "1,500,000 rows"),
        ([pd.Series([number]) for number in range(protocol.BLOBS + 1)], "tables"),
    ],
)
def test_the_sender_says_what_is_too_large(value: Any, words: str) -> None:
    with pytest.raises(FrameTooLarge, match=words):
        protocol.pack("offer", values={"a": value}, **OFFER)


HALF = "\ud800"


def test_half_a_character_is_refused_in_values_and_replaced_in_texts() -> None:
    refused = bare({"type": "offer", **OFFER, "values": {"a": [HALF]}})
    assert "lone surrogate" in error_message(ProtocolError, through, refused, "offer")
    assert through(bare({"type": "offer", **OFFER, "problem": HALF, "values": {}}), "offer")["problem"] == "\ufffd"
