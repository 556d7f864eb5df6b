"""REST bindings: which operation a method and path name, and which members travel in path, query and headers.

Source: restJson1 in the Smithy specification, https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request

from course.localaws.protocol import json_values
from course.localaws.protocol.model import INTEGERS, NUMBERS, ApiModel, Shape

_LABEL = re.compile(r"\\\{(\w+)(\\\+)?\\\}")
_DEFAULT_TIMES = {"header": "rfc822", "headers": "rfc822"}


class Routes:
    """The operations of a REST service by method and path."""

    def __init__(self, model: ApiModel) -> None:
        self._routes = [
            (name, operation["http"]["method"], *_template(operation["http"]["requestUri"])) for name, operation in model.operations.items()
        ]

    def find(self, request: Request) -> tuple[str, dict[str, str]] | None:
        """The operation and the values of its path's labels; ``None`` when no operation has this method and path."""
        path = raw_path(request)
        query = raw_query(request)
        for name, method, pattern, needed in self._routes:
            if request.method == method and needed in query and (match := pattern.fullmatch(path)):
                return name, {label: unquote(text) for label, text in match.groupdict().items()}
        return None


def raw_path(request: Request) -> str:
    """The path as sent, so that an escaped slash stays part of a label."""
    return request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")


def raw_query(request: Request) -> str:
    """The query as sent. Starlette's ``request.url`` would put the whole URL together and take it apart again."""
    return request.scope["query_string"].decode("latin-1")


def _template(uri: str) -> tuple[re.Pattern[str], str]:
    path, _, needed = uri.partition("?")
    return re.compile(_LABEL.sub(lambda label: f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})", re.escape(path))), needed


def read(shape: Shape, request: Request, labels: dict[str, str], body: bytes) -> dict:
    """The parameters of a request.

    Raises
    ------
    AwsError
        ``SerializationException`` for what cannot be converted.
    """
    params: dict = {}
    query: dict[str, list[str]] = {}
    for key, text in parse_qsl(raw_query(request), keep_blank_values=True):
        query.setdefault(key, []).append(text)
    for name, member in shape.members.items():
        if member.location == "uri" and member.wire_name in labels:
            params[name] = _from_text(member.shape, labels[member.wire_name], "uri")
        elif member.location == "header" and member.wire_name in request.headers:
            params[name] = _from_text(member.shape, request.headers[member.wire_name], "header")
        elif member.location == "headers":
            prefix = member.wire_name.lower()
            params[name] = {key[len(prefix) :]: text for key, text in request.headers.items() if key.startswith(prefix)}
        elif member.location == "querystring":
            if member.shape.type == "map":
                params[name] = {key: texts[0] for key, texts in query.items()}
            elif member.wire_name in query:
                params[name] = _from_texts(member.shape, query[member.wire_name])
    return params | _read_body(shape, body)


def _read_body(shape: Shape, body: bytes) -> dict:
    if shape.payload is None:
        if all(member.location for member in shape.members.values()):
            return {}
        loaded = json_values.load(body)
        if not isinstance(loaded, dict):
            raise json_values.serialization_error("The request body is not a JSON object")
        return json_values.read_members(shape, loaded)
    payload = shape.members[shape.payload].shape
    if payload.type == "blob" and (body or shape.payload in shape.required):
        return {shape.payload: body}  # nothing on the wire tells no body from an empty one
    if not body:
        return {}
    if payload.type == "string":
        return {shape.payload: body.decode(errors="replace")}
    return {shape.payload: json_values.read(payload, json_values.load(body))}


def _from_texts(shape: Shape, texts: list[str]) -> object:
    if shape.type == "list":
        return [_from_text(shape.element, text, "querystring") for text in texts]
    return _from_text(shape, texts[0], "querystring")


def _from_text(shape: Shape, text: str, location: str) -> object:
    """A value from path, query or header.

    Raises
    ------
    AwsError
        ``SerializationException``
    """
    try:
        if shape.type == "list":
            return [_from_text(shape.element, part.strip(), location) for part in text.split(",")]
        if shape.type in NUMBERS:
            return json_values.read(shape, int(text) if shape.type in INTEGERS else float(text))
        if shape.type == "timestamp":
            return _time(shape, text, location)
        if shape.type == "blob":
            return base64.b64decode(text, validate=True)
        return json_values.read(shape, text)
    except (ValueError, binascii.Error) as error:
        raise json_values.serialization_error(f"{text[:100]!r} can not be converted to the type {shape.type} of {shape.name}") from error


def _time(shape: Shape, text: str, location: str) -> float:
    form = shape.timestamp_format or _DEFAULT_TIMES.get(location, "iso8601")
    if form == "unixTimestamp":
        return float(text)
    moment = parsedate_to_datetime(text) if form == "rfc822" else datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def write_headers(shape: Shape, result: dict) -> Iterable[tuple[str, str]]:
    """The headers of a response."""
    for name, member in shape.members.items():
        value = result.get(name)
        if value is None:
            continue
        if member.location == "header":
            yield member.wire_name, _to_text(member.shape, value)
        elif member.location == "headers":
            yield from ((f"{member.wire_name}{key}", text) for key, text in value.items())


def _to_text(shape: Shape, value: object) -> str:
    if shape.type == "list":
        return ",".join(_to_text(shape.element, item) for item in value)
    if shape.type == "boolean":
        return "true" if value else "false"
    if shape.type == "blob":
        return base64.b64encode(value).decode()
    if shape.type == "timestamp":
        moment = value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
        return format_datetime(moment.astimezone(UTC), usegmt=True)
    return str(value)


def write_body(shape: Shape, result: dict) -> tuple[bytes | object, str]:
    """A response's body and its media type: the payload's bytes, or a JSON value with the media type of JSON."""
    if shape.payload is None:
        return json_values.write_members(shape, result), "application/json"
    payload = shape.members[shape.payload].shape
    value = result.get(shape.payload)
    if payload.type == "blob":
        return value or b"", "application/octet-stream"
    if payload.type == "string":
        return (value or "").encode(), "text/plain"
    return json_values.write(payload, value or {}), "application/json"
