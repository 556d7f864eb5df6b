"""restJson1: method and path select the operation; members are in path, query, headers and a JSON body.

Source: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cache
from urllib.parse import parse_qsl, unquote

import orjson
from botocore.model import OperationModel, ServiceModel, Shape
from starlette.requests import Request
from starlette.responses import Response

from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError
from course.localaws.gateway.sigv4 import RequestHead
from course.localaws.protocol import json_values
from course.localaws.protocol.aws_json import unknown
from course.localaws.protocol.model import INTEGERS, NUMBERS, bound, required

ACCESS_DENIED = ("AccessDeniedException", 403)
NO_CONTENT = 204
_LABEL = re.compile(r"\\\{(\w+)(\\\+)?\\\}")
_FOUND = "localaws.operations"  # in the request's scope
_DEFAULT_TIMES = {"header": "rfc822", "headers": "rfc822"}


def find(model: ServiceModel, request: Request) -> tuple[str, dict[str, str]] | None:
    """Returns the operation and the values of its path's labels; ``None`` when no operation has this method and path."""
    known = request.scope.setdefault(_FOUND, {})  # a service asks more than once about each request
    if model not in known:
        known[model] = _find(model, request)
    return known[model]


def _find(model: ServiceModel, request: Request) -> tuple[str, dict[str, str]] | None:
    path, query = raw_path(request), raw_query(request)
    for name, method, pattern, needed in _routes(model):
        if request.method == method and needed in query and (match := pattern.fullmatch(path)):
            return name, {label: unquote(text) for label, text in match.groupdict().items()}
    return None


async def operation(model: ServiceModel, call: AwsRequest) -> str:
    """Returns the operation of a request. Raises ``UnknownOperationException``."""
    found = find(model, call.request)
    if found is None:
        raise unknown(f"{call.request.method} {raw_path(call.request)}", status=404)
    return found[0]


async def parse(operation: OperationModel, call: AwsRequest) -> dict:
    """Returns the parameters of a request. Raises ``SerializationException``."""
    shape = operation.input_shape
    if shape is None:
        return {}
    _, labels = find(operation.service_model, call.request)
    return _read(shape, call.request, labels, await call.body())


def serialise(operation: OperationModel, result: dict | None, request_id: str) -> Response:
    """Returns a result as a response. Omits members that are ``None`` or not in the model's shape."""
    shape, status = operation.output_shape, operation.http.get("responseCode", 200)
    if shape is None:
        return Response(b"", status, media_type="application/json")
    result = result or {}
    status = next((result[name] for name in bound(shape, "statusCode") if name in result), status)
    headers = {name.lower(): text for name, text in _write_headers(shape, result)}
    if status == NO_CONTENT:  # a client would take a body for the next response of the connection
        return Response(b"", status, headers)
    body, media_type = _write_body(shape, result)
    return Response(body if isinstance(body, bytes) else orjson.dumps(body), status, {"content-type": media_type} | headers)


def render(error: AwsError, head: RequestHead, service: str, request_id: str) -> Response:
    """Returns an error as a response."""
    body = {"message": error.message, **error.members}
    return Response(json.dumps(body), error.status, {"x-amzn-errortype": error.code}, media_type="application/json")


@cache
def _routes(model: ServiceModel) -> list[tuple[str, str, re.Pattern[str], str]]:
    """Returns each operation's name, method, path and required query parameters."""
    https = {name: model.operation_model(name).http for name in model.operation_names}
    return [(name, http["method"], *_template(http["requestUri"])) for name, http in https.items()]


def raw_path(request: Request) -> str:
    """Returns the path as sent, so that an escaped slash remains part of a label."""
    raw = request.scope.get("raw_path")
    return raw.decode("latin-1") if raw is not None else request.url.path


def raw_query(request: Request) -> str:
    """Returns the query as sent. Starlette's ``request.url`` would build the whole URL and parse it again."""
    return request.scope["query_string"].decode("latin-1")


def _template(uri: str) -> tuple[re.Pattern[str], str]:
    path, _, needed = uri.partition("?")
    return re.compile(_LABEL.sub(lambda label: f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})", re.escape(path))), needed


def _read(shape: Shape, request: Request, labels: dict[str, str], body: bytes) -> dict:
    params: dict = {}
    for name, (wire_name, member) in bound(shape, "uri").items():
        if wire_name in labels:
            params[name] = _from_text(member, labels[wire_name], "uri")
    for name, (wire_name, member) in bound(shape, "header").items():
        if wire_name in request.headers:
            params[name] = _from_text(member, request.headers[wire_name], "header")
    for name, (wire_name, _) in bound(shape, "headers").items():
        prefix = wire_name.lower()
        params[name] = {key[len(prefix) :]: text for key, text in request.headers.items() if key.startswith(prefix)}
    if queried := bound(shape, "querystring"):
        params |= _read_query(queried, request)
    return params | _read_body(shape, body)


def _read_query(members: dict[str, tuple[str, Shape]], request: Request) -> dict:
    params: dict = {}
    query: dict[str, list[str]] = {}
    for key, text in parse_qsl(raw_query(request), keep_blank_values=True):
        query.setdefault(key, []).append(text)
    for name, (wire_name, member) in members.items():
        if member.type_name == "map":
            params[name] = {key: texts[0] for key, texts in query.items()}
        elif wire_name in query:
            params[name] = _from_texts(member, query[wire_name])
    return params


def _read_body(shape: Shape, body: bytes) -> dict:
    name = shape.serialization.get("payload")
    if name is None:
        if not bound(shape):
            return {}
        loaded = json_values.load(body)
        if not isinstance(loaded, dict):
            raise json_values.serialization_error("The request body is not a JSON object")
        return json_values.read_members(shape, loaded)
    payload = shape.members[name]
    if payload.type_name == "blob" and (body or name in required(shape)):
        return {name: body}  # a missing body and an empty one look the same on the wire
    if not body:
        return {}
    if payload.type_name == "string":
        return {name: body.decode(errors="replace")}
    return {name: json_values.read(payload, json_values.load(body))}


def _from_texts(shape: Shape, texts: list[str]) -> object:
    if shape.type_name == "list":
        return [_from_text(shape.member, text, "querystring") for text in texts]
    return _from_text(shape, texts[0], "querystring")


def _from_text(shape: Shape, text: str, location: str) -> object:
    """Converts a text from path, query or header to a value.

    Raises
    ------
    AwsError
        ``SerializationException``
    """
    try:
        if shape.type_name == "list":
            return [_from_text(shape.member, part.strip(), location) for part in text.split(",")]
        if shape.type_name in NUMBERS:
            return json_values.read(shape, int(text) if shape.type_name in INTEGERS else float(text))
        if shape.type_name == "timestamp":
            return _time(shape, text, location)
        if shape.type_name == "blob":
            return base64.b64decode(text, validate=True)
        return json_values.read(shape, text)
    except ValueError as error:
        raise json_values.serialization_error(
            f"{text[:100]!r} can not be converted to the type {shape.type_name} of {shape.name}"
        ) from error


def _time(shape: Shape, text: str, location: str) -> float:
    form = shape.serialization.get("timestampFormat") or _DEFAULT_TIMES.get(location, "iso8601")
    if form == "unixTimestamp":
        return float(text)
    moment = parsedate_to_datetime(text) if form == "rfc822" else datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _write_headers(shape: Shape, result: dict) -> Iterable[tuple[str, str]]:
    for name, (wire_name, member) in bound(shape, "header").items():
        if result.get(name) is not None:
            yield wire_name, _to_text(member, result[name])
    for name, (wire_name, _) in bound(shape, "headers").items():
        if result.get(name) is not None:
            yield from ((f"{wire_name}{key}", text) for key, text in result[name].items())


def _to_text(shape: Shape, value: object) -> str:
    if shape.type_name == "list":
        return ",".join(_to_text(shape.member, item) for item in value)
    if shape.type_name == "boolean":
        return "true" if value else "false"
    if shape.type_name == "blob":
        return base64.b64encode(value).decode()
    if shape.type_name == "timestamp":
        moment = value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
        return format_datetime(moment.astimezone(UTC), usegmt=True)
    return str(value)


def _write_body(shape: Shape, result: dict) -> tuple[bytes | object, str]:
    """Returns a response's body and media type: the payload's bytes, or a JSON value with JSON's media type."""
    name = shape.serialization.get("payload")
    if name is None:
        return json_values.write_members(shape, result), "application/json"
    payload, value = shape.members[name], result.get(name)
    if payload.type_name == "blob":
        return value or b"", "application/octet-stream"
    if payload.type_name == "string":
        return (value or "").encode(), "text/plain"
    return json_values.write(payload, value or {}), "application/json"
