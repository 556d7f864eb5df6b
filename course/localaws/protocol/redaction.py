"""Removes secrets from request parameters, for the audit log and for events."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from botocore.model import Shape

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"  # CloudTrail's text
LONGEST = 1024  # characters; longer texts are truncated
_SECRET = re.compile(r"password|secret|credential|token$|privatekey|accesskey$|plaintext", re.IGNORECASE)


def redacted(shape: Shape | None, params: dict) -> dict:
    """Returns a copy for JSON. Hides sensitive members and passwords, omits bodies, truncates long texts, writes times in ISO 8601."""
    return {} if shape is None else _structure(shape, params)


def _structure(shape: Shape, value: dict) -> dict:
    members = {name: (shape.members[name], inner) for name, inner in value.items() if name in shape.members}
    return {name: _member(name, member, inner) for name, (member, inner) in members.items() if not _is_body(member)}


def _is_body(shape: Shape) -> bool:
    return shape.type_name == "blob" and not shape.metadata.get("sensitive")


def _member(name: str, shape: Shape, value: object) -> object:
    if value is None or (shape.type_name not in ("boolean", "integer", "long") and _SECRET.search(name)):
        return None if value is None else HIDDEN
    return _value(shape, value)


def _value(shape: Shape, value: object) -> object:
    kind = shape.type_name
    if value is None:
        return None
    if shape.metadata.get("sensitive") or kind == "blob":
        return HIDDEN
    if kind == "structure":
        return _structure(shape, value)
    if kind == "list":
        return [_value(shape.member, item) for item in value]
    if kind == "map":
        return {key: _member(key, shape.value, item) for key, item in value.items()}
    if kind == "timestamp" and not isinstance(value, str):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value[:LONGEST] if isinstance(value, str) else value
