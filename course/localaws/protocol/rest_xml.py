"""Requests of S3 as parameters, and results as responses, by botocore's shapes."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate

from botocore.model import OperationModel, Shape
from starlette.responses import Response

from course.localaws.core.errors import AwsError
from course.localaws.protocol import xml
from course.localaws.protocol.s3_routes import RequestTarget, service_model


@dataclass(frozen=True, slots=True)
class Form:
    """Where an operation's members stand on the wire: wire name -> (member, shape)."""

    operation: OperationModel
    query: dict[str, tuple[str, Shape]]
    headers: dict[str, tuple[str, Shape]]
    prefixes: dict[str, str]
    body: str | None
    answer_headers: tuple[tuple[str, str, str], ...]

    @property
    def streams(self) -> bool:
        return self.operation.has_streaming_input


@functools.cache
def form(operation: str) -> Form:
    model = service_model().operation_model(operation)
    query, headers, prefixes = {}, {}, {}
    for name, member in model.input_shape.members.items() if model.input_shape else ():
        location, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if location == "querystring":
            query[wire] = (name, member)
        elif location == "header":
            headers[wire.lower()] = (name, member)
        elif location == "headers":
            prefixes[wire.lower()] = name
    answers = model.output_shape.members.items() if model.output_shape else ()
    return Form(
        model,
        query,
        headers,
        prefixes,
        model.input_shape.serialization.get("payload") if model.input_shape else None,
        tuple(
            (name, member.serialization["name"].lower(), member.type_name)
            for name, member in answers
            if member.serialization.get("location") == "header"
        ),
    )


def parameters(operation: str, target: RequestTarget, headers: Mapping[str, str]) -> dict:
    """The parameters in a request's URL and headers. Raises ``InvalidArgument`` for a value that is not of its member's type."""
    places = form(operation)
    params: dict = {}
    if target.bucket:
        params["Bucket"] = target.bucket
    if target.key:
        params["Key"] = target.key
    for wire, text in target.query.items():
        if wire in places.query:
            name, shape = places.query[wire]
            params[name] = _value(name, shape, text)
    for wire, text in headers.items():
        if wire in places.headers:
            name, shape = places.headers[wire]
            params[name] = _value(name, shape, text)
        for prefix, name in places.prefixes.items():
            if wire.startswith(prefix):
                params.setdefault(name, {})[wire[len(prefix) :]] = text
    return params


def body_parameters(operation: str, body: bytes) -> dict:
    """The parameters in a request's body. Raises ``MalformedXML``."""
    places = form(operation)
    if places.body is None or not body:
        return {}
    shape = places.operation.input_shape.members[places.body]
    if shape.type_name == "structure":
        return {places.body: xml.read(shape, body)}
    return {places.body: body.decode(errors="replace")}


def response(operation: str, result: dict, root: str | None, status: int | None = None) -> Response:
    """The answer with a result; ``root`` is the name of the XML body's element, None for an answer without one."""
    places = form(operation)
    shape = places.operation.output_shape
    status = status or places.operation.http.get("responseCode", 200)
    headers = answer_headers(operation, result)
    if shape is None or root is None:
        return Response(b"", status, headers)
    payload = shape.serialization.get("payload")
    if payload and shape.members[payload].type_name == "string":
        return Response(result[payload], status, headers, media_type="application/json")
    body = xml.write(shape.members[payload], result[payload], root) if payload else xml.write(shape, result, root)
    return Response(body, status, headers, media_type="application/xml")


def answer_headers(operation: str, result: dict) -> dict[str, str]:
    """The headers of a result, user metadata included."""
    headers = {wire: _header(kind, result[name]) for name, wire, kind in form(operation).answer_headers if result.get(name) is not None}
    headers.update({f"x-amz-meta-{name}": text for name, text in result.get("Metadata", {}).items()})
    return headers


def _value(name: str, shape: Shape, text: str) -> object:
    if shape.type_name == "list":
        return [part.strip() for part in text.split(",")]
    try:
        return xml.scalar(shape, text) if shape.type_name in ("integer", "long", "boolean") else text
    except AwsError:
        message = f"Provided argument {name} has the invalid value {text!r}; it must be a {shape.type_name}"
        raise AwsError("InvalidArgument", message, ArgumentName=name, ArgumentValue=text) from None


def _header(kind: str, value: object) -> str:
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "timestamp" and not isinstance(value, str):
        return formatdate(value, usegmt=True)
    return str(value)
