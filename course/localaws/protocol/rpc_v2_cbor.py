"""Smithy RPC v2 CBOR: the path names service and operation; a CBOR body (RFC 8949) holds all members.

Source: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import cbor2
from botocore.model import OperationModel, ServiceModel, Shape
from starlette.responses import Response

from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError
from course.localaws.gateway.sigv4 import RequestHead
from course.localaws.protocol import json_values
from course.localaws.protocol.aws_json import unknown
from course.localaws.protocol.compression import body_of

ACCESS_DENIED = ("AccessDeniedException", 400)
PATH = re.compile(rb"/service/([^/]+)/operation/([^/]+)$")
_EPOCH = 1  # the tag of a timestamp in seconds since 1970
_DEEPEST = 100
_MEDIA_TYPE, _HEADERS = "application/cbor", {"smithy-protocol": "rpc-v2-cbor"}


async def operation(model: ServiceModel, call: AwsRequest) -> str:
    """Returns the operation that a request names. Raises ``UnknownOperationException``."""
    match = PATH.search(call.request.scope["raw_path"])
    name = match[2].decode("latin-1") if match else ""
    if name not in model.operation_names:
        raise unknown(name)
    return name


async def parse(operation: OperationModel, call: AwsRequest) -> dict:
    """Returns the parameters of a request. Raises ``SerializationException``."""
    body = await body_of(operation, call)
    try:
        value = decode(body) if body else {}
    except (ValueError, RecursionError) as error:
        raise AwsError("SerializationException", f"The request body is not valid CBOR: {error}") from None
    return json_values.read(operation.input_shape, value) if operation.input_shape else {}


def serialise(operation: OperationModel, result: dict | None, request_id: str) -> Response:
    """Returns a result, whose timestamps are Unix seconds, as a response."""
    shape = operation.output_shape
    return Response(encode(_tagged(shape, result or {}) if shape else {}), headers=_HEADERS, media_type=_MEDIA_TYPE)


def render(error: AwsError, head: RequestHead, service: str, request_id: str) -> Response:
    """Returns an error as a response."""
    body = {"__type": error.code, "message": error.message, **error.members}
    return Response(encode(body), error.status, _HEADERS, media_type=_MEDIA_TYPE)


def encode(value: object) -> bytes:
    return cbor2.dumps(value)


def decode(data: bytes) -> object:
    """Decodes the single value in ``data``. Tags are dropped; their values stay. Raises ValueError."""
    stream = io.BytesIO(data)
    try:
        value = cbor2.load(stream, semantic_decoders=_Untagged(), object_hook=_object, max_depth=_DEEPEST)
    except cbor2.CBORDecodeError as error:
        raise ValueError(str(error)) from error
    if stream.tell() != len(data):
        raise ValueError("bytes follow the CBOR value")
    return value


class _Untagged(dict[int, Callable[[object, bool], object]]):
    """Prevents `cbor2` from converting tagged values to objects (times, regular expressions, sets, ...)."""

    def __missing__(self, tag: int) -> Callable[[object, bool], object]:
        return lambda value, immutable: value


def _object(members: dict, immutable: bool) -> dict:
    if not all(isinstance(key, str) for key in members):
        raise ValueError("a CBOR key is not a text")
    return {key: None if value is cbor2.undefined else value for key, value in members.items()}


def _tagged(shape: Shape, value: object) -> object:
    """Returns a value with tagged timestamps and with numbers of the model's types."""
    kind = shape.type_name
    if kind == "structure":
        return {name: _tagged(shape.members[name], inner) for name, inner in value.items() if inner is not None}
    if kind == "list":
        return [_tagged(shape.member, inner) for inner in value]
    if kind == "map":
        return {key: _tagged(shape.value, inner) for key, inner in value.items()}
    if kind == "timestamp":
        return cbor2.CBORTag(_EPOCH, float(value))
    return float(value) if kind in ("double", "float") else value
