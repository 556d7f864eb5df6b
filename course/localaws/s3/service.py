"""S3 behind the gateway: finds the operation, reads its parameters, runs it, writes its answer."""

from __future__ import annotations

import hashlib
import inspect

from starlette.responses import Response

from course.localaws.core.call import AwsRequest, Service
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.platform import Platform
from course.localaws.protocol import rest_xml, s3_routes
from course.localaws.s3 import table
from course.localaws.s3.exchange import Operation, S3Request
from course.localaws.s3.integrity import DeclaredDigests
from course.localaws.s3.operations import buckets, configurations, copies, lists, multipart, objects

OPERATIONS: dict[str, Operation] = {
    **buckets.OPERATIONS,
    **configurations.OPERATIONS,
    **copies.OPERATIONS,
    **lists.OPERATIONS,
    **multipart.OPERATIONS,
    **objects.OPERATIONS,
}


def s3_service(platform: Platform) -> Service:
    """S3's HTTP interface over the platform's `ObjectStore`. What is not in `operations.yaml` is refused and does nothing."""

    async def serve(call: AwsRequest) -> Response:
        request = call.request
        target = s3_routes.target(request.scope["raw_path"], request.scope["query_string"])
        call.resource = f"{target.bucket}/{target.key}" if target.key else target.bucket
        call.operation = s3_routes.find(request.method, target, call.headers)
        if call.operation not in table.supported():
            raise not_supported("s3", call.operation)
        params = rest_xml.parameters(call.operation, target, call.headers)
        _check_members(call, params)
        if params.get("ExpectedBucketOwner", call.principal.account) != call.principal.account:
            raise AwsError("AccessDenied", "Access Denied", status=403)
        if not rest_xml.form(call.operation).streams:
            params |= rest_xml.body_parameters(call.operation, await _body(call))
        result = OPERATIONS[call.operation](S3Request(platform.objects, call, params))
        if inspect.isawaitable(result):
            result = await result
        response = (
            result if isinstance(result, Response) else rest_xml.response(call.operation, result or {}, table.supported()[call.operation])
        )
        response.headers["x-amz-request-id"] = call.id
        return response

    return serve


def _check_members(call: AwsRequest, params: dict) -> None:
    if unknown := sorted(params.keys() - table.understood()):
        raise not_supported("s3", f"{call.operation} with {', '.join(unknown)}")


_REQUEST_CHECKSUM = {"requestAlgorithmMember", "requestChecksumRequired"}


async def _body(call: AwsRequest) -> bytes:
    """The body of an operation that takes a document, held against its digests; some operations do not go without one."""
    body = await call.body()
    checksum = rest_xml.form(call.operation).operation.http_checksum
    if not _REQUEST_CHECKSUM & checksum.keys():  # CompleteMultipartUpload's checksum headers are about the object, not about its body
        return body
    declared = DeclaredDigests(call.headers, call.trailers)
    if checksum.get("requestChecksumRequired") and not declared.any:
        raise AwsError("InvalidRequest", "Missing required header for this request: Content-MD5")
    running = declared.running()
    for each in running:
        each.update(body)
    declared.verify(hashlib.md5(body, usedforsecurity=False).hexdigest(), running)
    return body
