"""S3 behind the gateway. Operations that are not in `operations.yaml` are refused."""

from __future__ import annotations

import hashlib

from botocore.model import OperationModel
from starlette.responses import Response

from course.localaws.context import Operation
from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.platform import Platform
from course.localaws.protocol import rest_xml
from course.localaws.protocol.service import Service, Stages
from course.localaws.s3 import table
from course.localaws.s3.events import BucketEvents
from course.localaws.s3.integrity import DeclaredDigests
from course.localaws.s3.operations import buckets, configurations, copies, lists, multipart, objects
from course.localaws.s3.permissions import S3Permissions

OPERATIONS: dict[str, Operation] = {
    **buckets.OPERATIONS,
    **configurations.OPERATIONS,
    **copies.OPERATIONS,
    **lists.OPERATIONS,
    **multipart.OPERATIONS,
    **objects.OPERATIONS,
}
_REQUEST_CHECKSUM = {"requestAlgorithmMember", "requestChecksumRequired"}


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``s3``, which uses the platform's `ObjectStore`."""
    permissions = S3Permissions(platform.objects, platform.account, platform.identity.services)
    platform.identity.services["s3"] = permissions.of_service
    platform.objects.objects.listeners.append(BucketEvents(platform.objects, platform.events, platform.account))
    return Service(
        "s3",
        platform,
        {name: OPERATIONS[name] for name in table.supported()},
        codec=rest_xml.RestXml(table.supported()),
        invalid=None,
        prepare=_prepare,
        finish=_add_request_id,
        permissions=permissions.required,
        stages=stages,
    )


async def _prepare(operation: OperationModel, call: AwsRequest, params: dict) -> None:
    """Refuses unknown members and a wrong bucket owner, then parses the document in the body if the operation has one."""
    if unknown := sorted(params.keys() - table.understood()):
        raise not_supported("s3", f"{operation.name} with {', '.join(unknown)}")
    if params.get("ExpectedBucketOwner", call.principal.account) != call.principal.account:
        raise AwsError("AccessDenied", "Access Denied", status=403)
    if not operation.has_streaming_input:
        params |= rest_xml.body_parameters(operation.name, await _body(operation, call))


async def _body(operation: OperationModel, call: AwsRequest) -> bytes:
    """Reads the body of an operation that takes a document and verifies its digests. Some operations require a digest."""
    body = await call.body()
    checksum = operation.http_checksum
    if not _REQUEST_CHECKSUM & checksum.keys():  # CompleteMultipartUpload's checksum headers describe the object, not the body
        return body
    declared = DeclaredDigests(call.headers, call.trailers)
    if checksum.get("requestChecksumRequired") and not declared.any:
        raise AwsError("InvalidRequest", "Missing required header for this request: Content-MD5")
    running = declared.running()
    for each in running:
        each.update(body)
    declared.verify(hashlib.md5(body, usedforsecurity=False).hexdigest(), running)
    return body


def _add_request_id(call: AwsRequest, response: Response) -> None:
    response.headers["x-amz-request-id"] = call.id
