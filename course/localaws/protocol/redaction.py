"""Removes secrets from the parameters and the results of calls, for the audit log and for events."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from botocore.model import ListShape, MapShape, Shape, StructureShape

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"  # CloudTrail's text
_SECRET = re.compile(
    r"(?<!next)(?<!client)(?<!request)(?<!clientrequest)(?<!continuation)(?<!idempotency)(?<!pagination)(?<!creator)(?<!starting)"
    r"(passw(or)?d|passphrase|passcode|secret|credentials?|private_?key|secret_?(access)?_?key|api_?key|token|plaintext|key_?material|authorizedurl)"
    r"_?-?(string|binary|value|data|blob|base64|body|pem|plaintext)?$",
    re.IGNORECASE,
)
Naming = Callable[[str], str]


def camel(name: str) -> str:
    """A member's name as CloudTrail writes it: ``modelName``, ``dBInstanceIdentifier``."""
    return name[:1].lower() + name[1:]


def is_secret(name: str) -> bool:
    """Whether the texts of a member, or of a key of a map, with this name are secret."""
    return _SECRET.search(name) is not None


def redacted(shape: Shape | None, params: dict, naming: Naming = camel) -> dict:
    """Returns a copy for JSON. Hides sensitive members and passwords, omits bodies, writes times in ISO 8601.

    Parameters
    ----------
    shape : Shape or None
        The structure that ``params`` has.
    naming : callable
        Member -> its name in the copy.
    """
    return {} if not isinstance(shape, StructureShape) else _structure(shape, params, naming)


def _structure(shape: StructureShape, value: dict, naming: Naming) -> dict:
    members = shape.members
    return {
        naming(name): _member(name, members[name], inner, naming)
        for name, inner in value.items()
        if name in members and not _is_body(members[name])
    }


def _is_body(shape: Shape) -> bool:
    return shape.type_name == "blob" and not shape.metadata.get("sensitive")


def _member(name: str, shape: Shape, value: object, naming: Naming) -> object:
    """The value of a member or of a map's key. A secret name hides texts and lists of texts; structures are hidden member by member."""
    if value is not None and _holds_text(shape) and is_secret(name):
        return HIDDEN
    return _value(shape, value, naming)


def _holds_text(shape: Shape) -> bool:
    return shape.type_name in ("string", "blob") or (isinstance(shape, ListShape) and _holds_text(shape.member))


def _value(shape: Shape, value: object, naming: Naming) -> object:
    if value is None:
        return None
    if shape.metadata.get("sensitive") or shape.type_name == "blob":
        return HIDDEN
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return _structure(shape, value, naming)
    if isinstance(shape, ListShape):
        return [_value(shape.member, item, naming) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _member(key, shape.value, item, naming) for key, item in value.items()}
    if shape.type_name == "timestamp" and not isinstance(value, str):
        moment = value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _typed(shape, value) if isinstance(value, str) else value


def _typed(shape: Shape, text: str) -> object:
    """The value of a text from a form, by the type of its member; the text itself if it does not have that type."""
    try:
        if shape.type_name in ("integer", "long"):
            return int(text)
        if shape.type_name in ("float", "double"):
            return float(text)
    except ValueError:
        return text
    return {"true": True, "false": False}.get(text, text) if shape.type_name == "boolean" else text
