"""Converts values between the JSON of requests and responses and the Python types of the model.

Types in Python: structures and maps are ``dict``, lists ``list``, timestamps Unix seconds as ``float``, blobs ``bytes``.

Reading is as lenient as AWS's front end: it ignores members that the model does not have, null means absent, and an integer loses its
fraction. A value that cannot be converted raises ``SerializationException`` in AWS's words. Source: dynalite's tests, which ran against
DynamoDB (https://github.com/architect/dynalite), and messages of other services with the same front end.
"""

from __future__ import annotations

import base64
import math
from datetime import datetime
from functools import cache

from botocore.model import Shape

from course.localaws.core import json_text
from course.localaws.core.errors import AwsError
from course.localaws.protocol.model import INTEGERS, NUMBERS, SCALARS, bound, may_be_empty

_BOUNDS = {"integer": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_TARGETS = {
    "string": "a String",
    "boolean": "a Boolean",
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
}
_TARGETS |= {"blob": "a Blob", "timestamp": "milliseconds since epoch"}


def load(body: bytes) -> object:
    """Parses the JSON text of a request.

    Raises
    ------
    AwsError
        ``SerializationException`` when the text is not JSON.
    """
    if not body:
        return {}
    try:
        return json_text.load(body, parse_constant=_refuse_constant)
    except ValueError as error:
        raise serialization_error(f"The request body is not valid JSON: {error}") from error


def read(shape: Shape, value: object) -> object:
    """Converts a JSON value to a value of the shape.

    Raises
    ------
    AwsError
        ``SerializationException`` when the conversion is impossible.
    """
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            raise _unexpected(value, "Expected null")
        return read_members(shape, value)
    if kind == "list":
        if not isinstance(value, list):
            raise _unexpected(value, "Expected list or null")
        return [None if item is None else read(shape.member, item) for item in value]
    if kind == "map":
        if not isinstance(value, dict):
            raise _unexpected(value, "Expected map or null")
        return {_text(key): None if item is None else read(shape.value, item) for key, item in value.items()}
    return _read_scalar(kind, value)


def read_members(shape: Shape, value: dict) -> dict:
    """Reads the members of a structure that belong in the body from a JSON object."""
    members = {}
    for name, (wire_name, member) in bound(shape).items():
        if (inner := value.get(wire_name)) is not None:
            is_plain = type(inner) is str and member.type_name == "string" and inner.isascii()
            members[name] = inner if is_plain else read(member, inner)
    return members


def _read_scalar(kind: str, value: object) -> object:
    if isinstance(value, dict | list):
        raise _unexpected(value, "")
    if kind == "string" and isinstance(value, str):
        return _text(value)
    if kind == "boolean":
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
    elif kind in NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
        return _number(kind, value)
    elif kind in NUMBERS - INTEGERS and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    elif kind == "timestamp" and isinstance(value, int | float) and not isinstance(value, bool):
        return _time(value)
    elif kind == "blob" and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except ValueError as error:  # also for a text that is not ASCII
            raise serialization_error(f"{value[:100]!r} can not be converted to a Blob: {error}") from error
    raise serialization_error(f"{_token(value)} can not be converted to {_TARGETS[kind]}")


def _text(value: str) -> str:
    """Refuses half of a surrogate pair. JSON can escape it, but no encoding can represent it."""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise serialization_error(f"a text holds half of a surrogate pair: {value[:100]!r}") from error
    return value


def _number(kind: str, value: float) -> float:
    if kind in INTEGERS:
        least, most = _BOUNDS[kind]
        return int(min(max(value, least), most))
    return float(value)


# The range of `datetime`: a time outside it would break every reader.
_EARLIEST, _LATEST = -62135596800.0, 253402300799.0


def _time(value: float) -> float:
    if not _EARLIEST <= value <= _LATEST:
        raise serialization_error(f"{value} can not be converted to milliseconds since epoch")
    return float(value)


def write(shape: Shape, value: object) -> object:
    """Converts a value of the shape to JSON. Omits ``None``, empty structures and members that the shape does not have."""
    kind = shape.type_name
    if kind == "structure":
        return write_members(shape, value)
    if kind == "list":
        return [write(shape.member, item) for item in value]
    if kind == "map":
        return {key: write(shape.value, item) for key, item in value.items() if item is not None}
    if kind == "timestamp":
        return value.timestamp() if isinstance(value, datetime) else value
    if kind == "blob":
        return base64.b64encode(value).decode()
    if kind in ("float", "double") and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def write_members(shape: Shape, value: dict) -> dict:
    """Converts the members of a structure that belong in the body to JSON.

    Omits empty structures, since they break SDK v3, whose classes require members. Keeps an empty member of a union: boto3 expects one;
    and those that AWS is known to show empty.
    """
    written, members = {}, _writable(shape)
    for name, inner in value.items():
        if inner is None or name not in members:
            continue
        wire_name, member, as_is, may_be_empty = members[name]
        result = inner if as_is else write(member, inner)
        if result or may_be_empty:
            written[wire_name] = result
    return written


@cache
def _writable(shape: Shape) -> dict[str, tuple[str, Shape, bool, bool]]:
    """Returns for each member in the body: name on the wire, shape, whether it needs no conversion, whether it is written when empty."""
    members = bound(shape).items()
    return {name: (wire_name, member, member.type_name in _AS_IS, _may_be_empty(shape, name)) for name, (wire_name, member) in members}


def _may_be_empty(shape: Shape, name: str) -> bool:
    return shape.members[name].type_name != "structure" or shape.is_tagged_union or f"{shape.name}.{name}" in may_be_empty()


_AS_IS = SCALARS - {"timestamp", "blob", "float", "double"}


def serialization_error(text: str) -> AwsError:
    return AwsError("SerializationException", text)


def _unexpected(value: object, otherwise: str) -> AwsError:
    if isinstance(value, list):
        return serialization_error("Start of list found where not expected")
    if isinstance(value, dict):
        return serialization_error("Start of structure or map found where not expected.")
    return serialization_error(otherwise)


def _token(value: object) -> str:
    if isinstance(value, bool):
        return f"{str(value).upper()}_VALUE"
    return "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")
