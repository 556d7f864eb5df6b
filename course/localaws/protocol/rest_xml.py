"""restXml in S3's variant: method and URL select the operation; members are in URL, headers and an XML body.

Source: https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate

from botocore.model import OperationModel, ServiceModel, Shape
from starlette.responses import Response

from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError
from course.localaws.gateway.sigv4 import RequestHead
from course.localaws.protocol import query, s3_routes, xml
from course.localaws.protocol.model import service_model
from course.localaws.protocol.s3_routes import RequestTarget

ACCESS_DENIED = ("AccessDenied", 403)


@dataclass(frozen=True)
class RestXml:
    """The protocol of S3.

    Parameters
    ----------
    roots : dict
        Operation -> root element of its XML response; ``None`` for a response without a body. The model does not contain them.
    """

    roots: Mapping[str, str | None]
    ACCESS_DENIED = ACCESS_DENIED

    async def operation(self, model: ServiceModel, call: AwsRequest) -> str:
        """Returns the operation of a request and sets the request's ``resource``.

        Raises
        ------
        AwsError
            ``InvalidURI``, ``MethodNotAllowed``, ``NotSupportedByLocalAws``.
        """
        target = _target(call)
        call.resource = f"{target.bucket}/{target.key}" if target.key else target.bucket
        return s3_routes.find(call.request.method, target, call.headers)

    async def parse(self, operation: OperationModel, call: AwsRequest) -> dict:
        """Returns the parameters in URL and headers; `body_parameters` reads those in the body. Raises ``InvalidArgument``."""
        return _parameters(operation.name, _target(call), call.headers)

    def serialise(self, operation: OperationModel, result: dict | None, request_id: str) -> Response:
        """Returns a result as a response."""
        return _response(operation.name, result or {}, self.roots[operation.name])


def render(error: AwsError, head: RequestHead, service: str, request_id: str) -> Response:
    """Returns an error as a response. S3 itself uses a different form, a bare ``<Error>``."""
    if not service.startswith("s3") or service == "s3control":
        return query.render(error, head, service, request_id)
    details = f"{query.error_elements(error)}<RequestId>{request_id}</RequestId><HostId>{request_id}</HostId>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{details}</Error>'
    return Response(body, error.status, media_type="application/xml")


def _target(call: AwsRequest) -> RequestTarget:
    return s3_routes.target(call.request.scope["raw_path"], call.request.scope["query_string"])


@dataclass(frozen=True, slots=True)
class Form:
    """The places of an operation's members on the wire: wire name -> (member, shape)."""

    operation: OperationModel
    query: dict[str, tuple[str, Shape]]
    headers: dict[str, tuple[str, Shape]]
    prefixes: dict[str, str]
    body: str | None
    answer_headers: dict[str, tuple[str, str]]  # member -> (wire name, type)


@functools.cache
def form(operation: str) -> Form:
    model = service_model("s3").operation_model(operation)
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
        {
            name: (member.serialization["name"].lower(), member.type_name)
            for name, member in answers
            if member.serialization.get("location") == "header"
        },
    )


def _parameters(operation: str, target: RequestTarget, headers: Mapping[str, str]) -> dict:
    """Returns the parameters in a request's URL and headers. Raises ``InvalidArgument`` for a value of the wrong type."""
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
    """Returns the parameters in a request's body. Raises ``MalformedXML``."""
    places = form(operation)
    if places.body is None or not body:
        return {}
    shape = places.operation.input_shape.members[places.body]
    if shape.type_name == "structure":
        return {places.body: xml.read(shape, body)}
    return {places.body: body.decode(errors="replace")}


def _response(operation: str, result: dict, root: str | None) -> Response:
    """Returns a result as a response. ``root`` is the root element of the XML body; None for a response without a body."""
    places = form(operation)
    shape = places.operation.output_shape
    status = places.operation.http.get("responseCode", 200)
    headers = answer_headers(operation, result)
    if shape is None or root is None:
        return Response(b"", status, headers)
    payload = shape.serialization.get("payload")
    if payload and shape.members[payload].type_name == "string":
        return Response(result[payload], status, headers, media_type="application/json")
    body = xml.write(shape.members[payload], result[payload], root) if payload else xml.write(shape, result, root)
    return Response(body, status, headers, media_type="application/xml")


def answer_headers(operation: str, result: dict) -> dict[str, str]:
    """Returns the headers of a result, including user metadata."""
    places, headers = form(operation).answer_headers, {}
    for name, value in result.items():
        if value is not None and name in places:
            wire, kind = places[name]
            headers[wire] = _header(kind, value)
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
