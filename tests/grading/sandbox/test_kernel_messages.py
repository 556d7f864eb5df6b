"""Tests that whatever a kernel sends becomes a message that nbclient and nbformat can take, or is skipped."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_client.session import DELIM, Session
from nbformat.v4 import output_from_msg

from course.grading.sandbox.kernel_messages import CONTENTS, SHOWN, StrictSession
from course.grading.sandbox.limits import limits

from ..test_notebook_file import ANY_JSON

KEY = b"the key"
OUTPUTS = ["stream", "display_data", "execute_result", "error"]
MEMBERS = [
    "data",
    "metadata",
    "transient",
    "name",
    "text",
    "execution_count",
    "ename",
    "evalue",
    "traceback",
    "status",
    "wait",
    "text/plain",
]


def received(parts: list[bytes]) -> dict[str, Any]:
    session = StrictSession(key=KEY)
    _, message = session.feed_identities(parts)
    return session.deserialize(message)


def signed(*parts: bytes) -> list[bytes]:
    return [DELIM, Session(key=KEY).sign(list(parts[:4])), *parts]


def sent(kind: Any, content: Any, header: Any = None) -> dict[str, Any]:
    """The message that arrives when the kernel sends this."""
    header = {"msg_id": "1", "msg_type": kind, "version": "5.3"} if header is None else header
    return received(signed(*(json.dumps(part).encode() for part in (header, {"msg_id": "0"}, {}, content))))


CONTENT = ANY_JSON | st.dictionaries(st.sampled_from(MEMBERS), ANY_JSON | st.dictionaries(st.just("text/plain"), ANY_JSON), max_size=5)


@given(st.sampled_from(OUTPUTS), CONTENT)
def test_any_content_becomes_a_valid_output_or_nothing(kind: str, content: Any) -> None:
    message = sent(kind, content)
    if message["msg_type"] == "":
        return
    output = output_from_msg(message)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=[output])])
    nbformat.validate(notebook)
    nbformat.writes(notebook).encode()


@given(st.sampled_from([*CONTENTS, "comm_open", "comm_msg", "anything"]) | ANY_JSON, CONTENT, st.none() | ANY_JSON)
def test_any_message_has_the_members_that_are_read(kind: Any, content: Any, header: Any) -> None:
    message = sent(kind, content, header)
    assert message["msg_type"] == message["header"]["msg_type"] and isinstance(message["msg_type"], str)
    assert isinstance(message["parent_header"], dict) and isinstance(message["content"], dict)
    if message["msg_type"] == "status":
        assert isinstance(message["content"]["execution_state"], str)
    if message["msg_type"] == "execute_reply":
        assert message["content"]["status"] in ("ok", "error", "aborted")


@given(st.lists(st.binary(max_size=20), max_size=7))
def test_any_bytes_are_skipped(parts: list[bytes]) -> None:
    assert received(parts)["parent_header"] == {}
    assert received(signed(*parts) if parts else [DELIM])["content"] == {}


def test_sound_messages_arrive_as_sent() -> None:
    display = {
        "data": {"text/plain": "\x1b[31mred", "application/json": {"a": [1]}},
        "metadata": {"image/png": {"width": 9}},
        "transient": {},
    }
    assert sent("display_data", display)["content"] == display
    assert sent("stream", {"name": "stderr", "text": "é"})["content"] == {"name": "stderr", "text": "é"}
    assert sent("kernel_info_reply", {"protocol_version": "5.3"})["content"] == {"protocol_version": "5.3"}
    assert sent("status", {"execution_state": "idle"})["parent_header"] == {"msg_id": "0"}


def test_half_a_character_is_replaced() -> None:
    assert sent("stream", {"name": "stdout", "text": "\ud800"})["content"]["text"] == "\ufffd"


@pytest.mark.parametrize("kind", ["stream", "display_data", "comm_msg", "status"])
def test_large_content_is_not_decoded(kind: str) -> None:
    content = b"[" * (limits()["cell_output"] + 1)  # no JSON
    message = received(signed(b'{"msg_id": "1", "msg_type": "%s", "version": "5.3"}' % kind.encode(), b'{"msg_id": "0"}', b"{}", content))
    assert message["size"] == len(content)
    assert (message["msg_type"] == "stream") == (kind in SHOWN)


def test_large_headers_are_skipped() -> None:
    assert sent("stream", {"name": "stdout", "text": ""}, {"msg_id": "1" * 100_000, "msg_type": "stream"})["msg_type"] == ""


def test_a_message_with_a_wrong_signature_is_skipped() -> None:
    parts = signed(b'{"msg_id": "1", "msg_type": "status"}', b"{}", b"{}", b"{}")
    assert received([parts[0], b"0" * 64, *parts[2:]])["msg_type"] == ""
