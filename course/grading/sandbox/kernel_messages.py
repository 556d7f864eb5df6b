"""The strict reader of a kernel's messages: the first to touch what a kernel sends, on all its channels.

A submission has the key that signs messages and can send any bytes. Each message that the reader returns has the members of Jupyter's
messaging protocol that nbclient reads, each of its type; all other members are dropped. A message that makes no sense becomes one that
answers nothing, which nbclient skips. Content beyond the limit of a cell's output is not decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jupyter_client.session import Session

from course.grading import characters
from course.grading.sandbox.limits import limits

LONGEST_HEADERS = 64_000  # bytes of header, parent header and metadata together
SHOWN = frozenset({"stream", "display_data", "update_display_data", "execute_result", "error"})  # the messages that become outputs

Clean = Callable[[Mapping[str, Any]], dict[str, Any]]


class StrictSession(Session):
    """jupyter_client's reader and writer of messages; see the module.

    Each message has one more member: ``size``, the bytes of its content.
    """

    def feed_identities(self, msg_list: list, copy: bool = True) -> tuple[list, list]:
        try:
            return super().feed_identities(msg_list, copy)
        except ValueError:  # the parts have no delimiter
            return [], []

    def deserialize(self, msg_list: list, content: bool = True, copy: bool = True) -> dict[str, Any]:
        try:
            if sum(len(part) for part in msg_list[1:4]) > LONGEST_HEADERS:
                return _nothing()
            message = super().deserialize(msg_list, content=False, copy=copy)
            return _message(message["header"], message["parent_header"], self.unpack, bytes(message["content"]))
        except Exception:  # a wrong signature, no JSON, a member of the wrong type: there is no list of what may be wrong
            return _nothing()


def _nothing() -> dict[str, Any]:
    header = {"msg_id": "", "msg_type": ""}
    return {**header, "header": header, "parent_header": {}, "metadata": {}, "content": {}, "buffers": [], "size": 0}


def _message(header: Mapping, parent: Mapping, unpack: Callable[[bytes], Any], packed: bytes) -> dict[str, Any]:
    kind = str(header["msg_type"])
    if len(packed) > limits()["cell_output"]:
        content = {"name": "stderr", "text": ""} if kind in SHOWN else {}
        kind = "stream" if kind in SHOWN else ""
    else:
        content = CONTENTS.get(kind, dict)(unpack(packed))
    made = {"msg_id": str(header["msg_id"]), "msg_type": kind}
    answered = {"msg_id": str(parent["msg_id"])} if parent else {}
    return {**made, "header": made, "parent_header": answered, "metadata": {}, "content": content, "buffers": [], "size": len(packed)}


def _text(value: Any) -> str:
    return characters.writable(value) if isinstance(value, str) else ""


def _number(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 2**31 else None


def _json(value: Any) -> Any:
    """A copy that UTF-8 can write."""
    if isinstance(value, dict):
        return {_text(name): _json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    return _text(value) if isinstance(value, str) else value


def _stream(content: Mapping) -> dict[str, Any]:
    return {"name": "stderr" if content.get("name") == "stderr" else "stdout", "text": _text(content.get("text"))}


def _display(content: Mapping) -> dict[str, Any]:
    data, metadata, transient = (content.get(name) for name in ("data", "metadata", "transient"))
    display_id = transient.get("display_id") if isinstance(transient, dict) else None
    return {
        "data": {_text(kind): _json(shown) for kind, shown in (data if isinstance(data, dict) else {}).items() if _is_shown(kind, shown)},
        "metadata": _json(metadata) if isinstance(metadata, dict) else {},
        "transient": {"display_id": display_id} if isinstance(display_id, str) else {},
    }


def _is_shown(kind: str, shown: Any) -> bool:
    """Whether nbformat takes it: text, or an object for the types that are JSON."""
    return isinstance(shown, dict) if kind.endswith("json") else isinstance(shown, str)


def _result(content: Mapping) -> dict[str, Any]:
    return _display(content) | _count(content)


def _count(content: Mapping) -> dict[str, Any]:
    return {"execution_count": _number(content.get("execution_count"))}


def _error(content: Mapping) -> dict[str, Any]:
    lines: Sequence = content["traceback"] if isinstance(content.get("traceback"), list) else ()
    return {"ename": _text(content.get("ename")), "evalue": _text(content.get("evalue")), "traceback": [_text(line) for line in lines]}


def _reply(content: Mapping) -> dict[str, Any]:
    status = content.get("status")
    return _error(content) | _count(content) | {"status": status if status in ("ok", "aborted") else "error"}


def _status(content: Mapping) -> dict[str, Any]:
    return {"execution_state": _text(content.get("execution_state"))}


def _clear(content: Mapping) -> dict[str, Any]:
    return {"wait": content.get("wait") is True}


CONTENTS: dict[str, Clean] = {
    "stream": _stream,
    "display_data": _display,
    "update_display_data": _display,
    "execute_result": _result,
    "error": _error,
    "execute_input": _count,
    "execute_reply": _reply,
    "status": _status,
    "clear_output": _clear,
}
