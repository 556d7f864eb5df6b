"""Requests as botocore sends them and responses as botocore parses them: the client's side of the protocols."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import botocore.parsers
import botocore.serialize
from botocore.awsrequest import HeadersDict
from starlette.requests import Request
from starlette.responses import Response

from course.localaws.core.call import AwsRequest, Principal
from course.localaws.protocol.model import service_model
from course.localaws.protocol.protocols import CODECS, codec_of


def request(service: str, operation: str, params: dict) -> AwsRequest:
    """Returns the request that boto3 would send, in the gateway's form."""
    model = service_model(service)
    sent = botocore.serialize.create_serializer(model.protocol).serialize_to_request(params, model.operation_model(operation))
    query = sent["query_string"]
    query = urlencode(query, doseq=True) if isinstance(query, dict | list) else query
    body = sent["body"]
    return call(sent["method"], sent["url_path"], sent["headers"], query, body.encode() if isinstance(body, str) else bytes(body or b""))


def call(method: str, path: str, headers: dict[str, str], query: str = "", body: bytes = b"") -> AwsRequest:
    """Returns a request in the gateway's form."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), str(text).encode("latin-1")) for name, text in headers.items()],
    }
    request = Request(scope)
    return AwsRequest(request, dict(request.headers), "sagemaker", "us-east-1", Principal("123456789012", "arn", "key"), "id", _once(body))


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


def arrived(service: str, sent: AwsRequest) -> tuple[str, dict]:
    """Returns the operation that a request names, and its parameters."""

    async def read() -> tuple[str, dict]:
        codec = codec_of(service_model(service), sent)
        name = await codec.operation(service_model(service), sent)
        return name, await codec.parse(service_model(service).operation_model(name), sent)

    return asyncio.run(read())


def serialised(service: str, operation: str, result: dict | None) -> Response:
    """Returns a result as a response in the service's only protocol."""
    described = service_model(service)
    return CODECS[described.metadata["protocol"]].serialise(described.operation_model(operation), result, "id")


def understood(service: str, operation: str, response: Response) -> dict[str, Any]:
    """Returns what boto3 would return for a response, with timestamps as Unix seconds and without ResponseMetadata."""
    model = service_model(service)
    shape = model.operation_model(operation).output_shape
    # boto3 gives its parser a stream for streaming output. The parser would decode bytes to text.
    body = bytearray(response.body) if model.operation_model(operation).has_streaming_output else response.body
    headers = HeadersDict({name.decode(): text.decode("latin-1") for name, text in response.raw_headers})
    parsed = botocore.parsers.create_parser(model.protocol).parse(
        {"status_code": response.status_code, "headers": headers, "body": body}, shape
    )
    parsed.pop("ResponseMetadata")
    return _seconds(parsed)


def parse(service: str, operation: str, params: dict) -> dict:
    """Returns the parameters that arrive when boto3 sends ``params``."""
    found, read = arrived(service, request(service, operation, params))
    assert found == operation
    return read


def _seconds(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {key: _seconds(item) for key, item in value.items()}
    return [_seconds(item) for item in value] if isinstance(value, list) else value
