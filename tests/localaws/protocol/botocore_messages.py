"""Requests as botocore sends them and responses as botocore reads them: the other side of the contract."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import botocore.loaders
import botocore.parsers
import botocore.serialize
from botocore.awsrequest import HeadersDict
from botocore.model import ServiceModel
from starlette.requests import Request
from starlette.responses import Response

from course.localaws.core.call import AwsRequest, Principal
from tests.localaws.parameter_strategies import contract

MODELS: dict[str, ServiceModel] = {}


def service_model(service: str) -> ServiceModel:
    if service not in MODELS:
        MODELS[service] = ServiceModel(botocore.loaders.Loader().load_service_model(service, "service-2"), service)
    return MODELS[service]


def request(service: str, operation: str, params: dict) -> tuple[AwsRequest, bytes]:
    """The request that boto3 would send, as the gateway hands it over."""
    model = service_model(service)
    sent = botocore.serialize.create_serializer(model.protocol).serialize_to_request(params, model.operation_model(operation))
    query = sent["query_string"]
    query = urlencode(query, doseq=True) if isinstance(query, dict | list) else query
    body = sent["body"]
    return call(sent["method"], sent["url_path"], sent["headers"], query), body.encode() if isinstance(body, str) else bytes(body or b"")


def call(method: str, path: str, headers: dict[str, str], query: str = "") -> AwsRequest:
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), str(text).encode("latin-1")) for name, text in headers.items()],
    }
    request = Request(scope)
    return AwsRequest(request, dict(request.headers), "sagemaker", "us-east-1", Principal("123456789012", "arn", "key"), "id", None)


def understood(service: str, operation: str, response: Response) -> dict[str, Any]:
    """What boto3 would return for a response, with time stamps as Unix seconds and without ResponseMetadata."""
    model = service_model(service)
    shape = model.operation_model(operation).output_shape
    # boto3 hands its parser a stream where the output streams; bytes would be decoded to text.
    body = bytearray(response.body) if model.operation_model(operation).has_streaming_output else response.body
    headers = HeadersDict({name.decode(): text.decode("latin-1") for name, text in response.raw_headers})
    parsed = botocore.parsers.create_parser(model.protocol).parse(
        {"status_code": response.status_code, "headers": headers, "body": body}, shape
    )
    parsed.pop("ResponseMetadata")
    return _seconds(parsed)


def parse(service: str, operation: str, params: dict) -> dict:
    """The parameters that arrive when boto3 sends ``params``."""
    found, arrived = contract(service).parse(*request(service, operation, params))
    assert found == operation
    return arrived


def _seconds(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {key: _seconds(item) for key, item in value.items()}
    return [_seconds(item) for item in value] if isinstance(value, list) else value
