"""The wire protocols of AWS: which one a request speaks, what operation it asks for, and how an error looks in it.

Source: the Smithy specifications of the AWS protocols (awsJson1_0, awsJson1_1, restJson1, awsQuery, ec2Query, restXml,
rpcv2Cbor); https://smithy.io/2.0/aws/protocols/. A test holds `protocol_of` against botocore's service models.
"""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from starlette.responses import Response

from course.localaws.core.errors import AwsError
from course.localaws.gateway.sigv4 import RequestHead

# By signing name. Every other REST service speaks JSON.
REST_XML = frozenset({"s3", "s3control", "s3express", "s3-object-lambda", "s3-outposts", "cloudfront", "route53"})
_ACTION = re.compile(rb"(?:^|&)Action=")
_CBOR_PATH = re.compile(rb"/service/([^/]+)/operation/([^/]+)$")
_FORM = "application/x-www-form-urlencoded"


def service_of(head: RequestHead, signing_name: str) -> str:
    """The service behind a signing name: S3 Control signs as S3 does, and its requests alone name an account."""
    return "s3control" if signing_name == "s3" and "x-amz-account-id" in head.headers else signing_name


def protocol_of(head: RequestHead, service: str) -> str:
    """The protocol a request speaks, by botocore's names.

    Parameters
    ----------
    head : RequestHead
    service : str
        The signing name, empty when the request is unsigned.
    """
    headers = head.headers
    if headers.get("smithy-protocol") == "rpc-v2-cbor":
        return "smithy-rpc-v2-cbor"
    if "x-amz-target" in headers:
        return "json"
    if service in REST_XML:
        return "rest-xml"
    if headers.get("content-type", "").startswith(_FORM) or _ACTION.search(head.query):
        return "ec2" if service == "ec2" else "query"
    return "rest-json"


def operation_of(head: RequestHead, protocol: str, body: bytes = b"") -> str:
    """The operation a request names, e.g. ``"CreateQueue"``; empty for REST protocols, which name none."""
    if protocol == "json":
        return head.headers["x-amz-target"].rpartition(".")[2]
    if protocol == "smithy-rpc-v2-cbor" and (match := _CBOR_PATH.search(head.path)):
        return match[2].decode("latin-1")
    if protocol in ("query", "ec2"):
        form = parse_qs((body or head.query).decode("latin-1"))
        return form.get("Action", [""])[0]
    return ""


def render(error: AwsError, protocol: str, head: RequestHead, service: str, request_id: str) -> Response:
    """``error`` as the answer to a request."""
    return _RENDERERS[protocol](error, head, service, request_id)


def _json(error: AwsError, head: RequestHead, service: str, request_id: str) -> Response:
    version = "1.0" if head.headers.get("content-type", "").startswith("application/x-amz-json-1.0") else "1.1"
    body = {"__type": error.code, "message": error.message, **error.members}
    return Response(json.dumps(body), error.status, media_type=f"application/x-amz-json-{version}")


def _rest_json(error: AwsError, head: RequestHead, service: str, request_id: str) -> Response:
    body = {"message": error.message, **error.members}
    return Response(json.dumps(body), error.status, {"x-amzn-errortype": error.code}, media_type="application/json")


def _query(error: AwsError, head: RequestHead, service: str, request_id: str) -> Response:
    details = f"<Error><Type>{_fault(error)}</Type>{_elements(error)}</Error><RequestId>{request_id}</RequestId>"
    return Response(f"<ErrorResponse>{details}</ErrorResponse>", error.status, media_type="text/xml")


def _ec2(error: AwsError, head: RequestHead, service: str, request_id: str) -> Response:
    details = f"<Errors><Error>{_elements(error)}</Error></Errors><RequestID>{request_id}</RequestID>"
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n<Response>{details}</Response>', error.status, media_type="text/xml")


def _rest_xml(error: AwsError, head: RequestHead, service: str, request_id: str) -> Response:
    # S3's own form is the bare <Error>.
    if not service.startswith("s3") or service == "s3control":
        return _query(error, head, service, request_id)
    details = f"{_elements(error)}<RequestId>{request_id}</RequestId><HostId>{request_id}</HostId>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{details}</Error>'
    return Response(body, error.status, media_type="application/xml")


def _cbor(error: AwsError, head: RequestHead, service: str, request_id: str) -> Response:
    body = {"__type": error.code, "message": error.message, **error.members}
    return Response(cbor(body), error.status, {"smithy-protocol": "rpc-v2-cbor"}, media_type="application/cbor")


_RENDERERS = {
    "json": _json,
    "rest-json": _rest_json,
    "query": _query,
    "ec2": _ec2,
    "rest-xml": _rest_xml,
    "smithy-rpc-v2-cbor": _cbor,
}


def _fault(error: AwsError) -> str:
    return "Sender" if error.status < 500 else "Receiver"


def _elements(error: AwsError) -> str:
    fields = {"Code": error.code, "Message": error.message, **error.members}
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields.items())


def cbor(value: object) -> bytes:
    """RFC 8949 encoding of what an error holds: maps, lists, text, integers, booleans and null."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        return _cbor_head(0, value) if value >= 0 else _cbor_head(1, -1 - value)
    if isinstance(value, str):
        text = value.encode()
        return _cbor_head(3, len(text)) + text
    if isinstance(value, list):
        return _cbor_head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, dict):
        return _cbor_head(5, len(value)) + b"".join(cbor(part) for item in value.items() for part in item)
    raise TypeError(f"an error holds no {type(value).__name__}: {value!r}")


def _cbor_head(major: int, number: int) -> bytes:
    for code, size in ((None, 0), (24, 1), (25, 2), (26, 4), (27, 8)):
        if size == 0 and number < 24:
            return bytes([major << 5 | number])
        if size and number < 1 << 8 * size:
            return bytes([major << 5 | code]) + number.to_bytes(size, "big")
    raise OverflowError(f"{number} does not fit into 64 bits")
