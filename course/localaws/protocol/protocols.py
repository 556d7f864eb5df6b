"""AWS's wire protocols by botocore's names, and the detection of a request's protocol.

A protocol is a module or object with four functions (`Codec`). A protocol whose services all belong to moto has only ``render``.

Source: the Smithy specifications of the AWS protocols, https://smithy.io/2.0/aws/protocols/. A test compares `protocol_of` with
botocore's service models.
"""

from __future__ import annotations

import re
from types import ModuleType
from typing import Protocol
from urllib.parse import parse_qs

from botocore.model import OperationModel, ServiceModel
from starlette.responses import Response

from course.localaws.core.call import AwsRequest
from course.localaws.gateway.sigv4 import RequestHead
from course.localaws.protocol import aws_json, ec2, query, rest_json, rest_xml, rpc_v2_cbor

# By signing name. Every other REST service speaks JSON.
REST_XML = frozenset({"s3", "s3control", "s3express", "s3-object-lambda", "s3-outposts", "cloudfront", "route53"})
_ACTION = re.compile(rb"(?:^|&)Action=")
_FORM = "application/x-www-form-urlencoded"


class Codec(Protocol):
    """Reads requests and writes responses of one protocol. ``ACCESS_DENIED`` is its error code and status for missing permissions."""

    ACCESS_DENIED: tuple[str, int]

    async def operation(self, model: ServiceModel, call: AwsRequest) -> str: ...

    async def parse(self, operation: OperationModel, call: AwsRequest) -> dict: ...

    def serialise(self, operation: OperationModel, result: dict | None, request_id: str) -> Response: ...


CODECS: dict[str, ModuleType] = {
    "json": aws_json,
    "rest-json": rest_json,
    "query": query,
    "ec2": ec2,
    "rest-xml": rest_xml,
    "smithy-rpc-v2-cbor": rpc_v2_cbor,
}


def codec_of(model: ServiceModel, call: AwsRequest) -> Codec:
    """Returns the codec for a request to a service. A service with one protocol always uses it."""
    spoken = model.metadata.get("protocols", [model.metadata["protocol"]])
    return CODECS[spoken[0] if len(spoken) == 1 else _rpc(call.headers) or "query"]


def service_of(head: RequestHead, signing_name: str) -> str:
    """Returns the service of a signing name. S3 Control signs as ``s3`` too, but only its requests name an account."""
    return "s3control" if signing_name == "s3" and "x-amz-account-id" in head.headers else signing_name


def protocol_of(head: RequestHead, service: str) -> str:
    """Returns the protocol of a request by botocore's names.

    Parameters
    ----------
    head : RequestHead
    service : str
        The signing name; empty when the request is unsigned.
    """
    if found := _rpc(head.headers):
        return found
    if service in REST_XML:
        return "rest-xml"
    if head.headers.get("content-type", "").startswith(_FORM) or _ACTION.search(head.query):
        return "ec2" if service == "ec2" else "query"
    return "rest-json"


def _rpc(headers: dict[str, str]) -> str:
    """Returns the protocol of a request whose headers name it; ``""`` for other requests."""
    if headers.get("smithy-protocol") == "rpc-v2-cbor":
        return "smithy-rpc-v2-cbor"
    return "json" if "x-amz-target" in headers else ""


def operation_of(head: RequestHead, protocol: str, body: bytes = b"") -> str:
    """Returns the operation that a request names, e.g. ``"CreateQueue"``; ``""`` for REST protocols, whose requests name none."""
    if protocol == "json":
        return head.headers["x-amz-target"].rpartition(".")[2]
    if protocol == "smithy-rpc-v2-cbor" and (match := rpc_v2_cbor.PATH.search(head.path)):
        return match[2].decode("latin-1")
    if protocol in ("query", "ec2"):
        form = parse_qs((body or head.query).decode("latin-1"))
        return form.get("Action", [""])[0]
    return ""
