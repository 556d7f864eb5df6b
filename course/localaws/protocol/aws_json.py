"""awsJson1.0 and 1.1: the header ``X-Amz-Target`` names the operation; the JSON body holds all members.

Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

from __future__ import annotations

import json

import orjson
from botocore.model import OperationModel, ServiceModel
from starlette.responses import Response

from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError
from course.localaws.gateway.sigv4 import RequestHead
from course.localaws.protocol import json_values
from course.localaws.protocol.compression import body_of

ACCESS_DENIED = ("AccessDeniedException", 400)


async def operation(model: ServiceModel, call: AwsRequest) -> str:
    """Returns the operation that a request names. Raises ``UnknownOperationException``."""
    prefix, _, name = call.headers.get("x-amz-target", "").rpartition(".")
    if name not in model.operation_names or prefix != model.metadata["targetPrefix"]:
        raise unknown(f"{prefix}.{name}")
    return name


async def parse(operation: OperationModel, call: AwsRequest) -> dict:
    """Returns the parameters of a request. Raises ``SerializationException``."""
    body = await body_of(operation, call)
    return json_values.read(operation.input_shape, json_values.load(body)) if operation.input_shape else {}


def serialise(operation: OperationModel, result: dict | None, request_id: str) -> Response:
    """Returns a result as a response. Omits members that are ``None`` or not in the model's shape."""
    version, shape = operation.service_model.metadata["jsonVersion"], operation.output_shape
    body = orjson.dumps(json_values.write_members(shape, result or {})) if shape else b"{}" if version == "1.0" else b""
    return Response(body, operation.http.get("responseCode", 200), media_type=f"application/x-amz-json-{version}")


def render(error: AwsError, head: RequestHead, service: str, request_id: str) -> Response:
    """Returns an error as a response."""
    version = "1.0" if head.headers.get("content-type", "").startswith("application/x-amz-json-1.0") else "1.1"
    body = {"__type": error.code, "message": error.message, **error.members}
    return Response(json.dumps(body), error.status, media_type=f"application/x-amz-json-{version}")


def unknown(what: str, status: int = 400) -> AwsError:
    """Returns the error for an operation that the service does not have."""
    return AwsError("UnknownOperationException", f"The service has no operation {what[:200]!r}.", status)
