"""Operations on objects: put, get, head, delete, attributes, tags."""

from __future__ import annotations

from dataclasses import replace

from anyio import to_thread
from starlette.responses import Response

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError
from course.localaws.protocol import xml
from course.localaws.protocol.rest_xml import answer_headers
from course.localaws.s3 import attributes, transfer
from course.localaws.s3.buckets import ARN
from course.localaws.s3.conditions import ByteRange, NotModified, byte_range, check_read, write_condition
from course.localaws.s3.file_response import FileResponse
from course.localaws.s3.integrity import DeclaredDigests, members, receive
from course.localaws.s3.objects import Change, StoredObject, check_key
from course.localaws.s3.operations.buckets import refuse_acl
from course.localaws.s3.tags import checked_tags, header_tags, tag_set

# S3 computes this checksum if the client sends none.
DEFAULT_CHECKSUM = "CRC64NVME"
OVERRIDES = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Expires")
MOST_DELETES = 1000


async def put_object(context: Context, params: dict) -> dict:
    store, headers = context.platform.objects, context.call.headers
    check_key(params["Key"])
    stored_attributes = attributes.requested(context, params)
    refuse_acl(context, params)
    tags = header_tags(params.get("Tagging"))
    condition = write_condition(params, params["Key"])
    if condition:
        condition(store.objects.existing(params["Bucket"], params["Key"]))  # check now, before a long body arrives, and again in the commit
    declared = DeclaredDigests(headers, context.call.trailers)
    with store.receive(params["Bucket"], params["Key"], stored_attributes, declared.running(DEFAULT_CHECKSUM)) as body:
        await receive(context.call, body)
        declared.verify(body.md5, body.checksums)
        sums = members(body.checksums) | {"ChecksumType": "FULL_OBJECT"}
        stored_attributes = replace(stored_attributes, checksums=sums)
        change = Change("Object Created", "PutObject", context.call.id)
        stored = store.objects.commit(params["Bucket"], params["Key"], body, body.etag, stored_attributes, tags, condition, change=change)
    return {"ETag": f'"{stored.etag}"', **sums, **attributes.written(stored)}


def get_object(context: Context, params: dict) -> Response:
    with context.platform.objects.bodies.reading():
        return _read(context, params, with_body=True)


def head_object(context: Context, params: dict) -> Response:
    return _read(context, params, with_body=False)


def _read(context: Context, params: dict, with_body: bool) -> Response:
    found = find(context, params)
    try:
        check_read(params, found)
    except NotModified:
        kept = ("etag", "last-modified", "cache-control", "expires", "x-amz-version-id")
        headers = answer_headers("GetObject", attributes.described(found))
        return Response(b"", 304, {name: value for name, value in headers.items() if name in kept})
    if with_body:
        attributes.check_readable(found)
    span, count = _part(found, params["PartNumber"]) if "PartNumber" in params else (byte_range(params.get("Range"), found.size), None)
    result = attributes.described(found, checksums=params.get("ChecksumMode") == "ENABLED" and span is None)
    result |= {name: params[f"Response{name}"] for name in OVERRIDES if f"Response{name}" in params}
    result["ContentLength"] = span.length if span else found.size
    if span:
        result["ContentRange"] = span.content_range(found.size)
    if count:
        result["PartsCount"] = count
    headers = answer_headers("GetObject", result)
    status = 206 if span else 200
    if not with_body:
        return Response(b"", status, headers)
    body, sent = context.platform.objects.open(found), transfer.meter(context, found)
    return FileResponse(body, span or ByteRange(0, found.size), status, headers, sent)


def _part(found: StoredObject, number: int) -> tuple[ByteRange, int | None]:
    """The bytes of one part of a multipart upload, and the number of parts. An object put in one piece is its own part 1."""
    sizes = [part["Size"] for part in found.attributes.parts] or [found.size]
    if not 1 <= number <= len(sizes):
        raise AwsError("InvalidPartNumber", "The requested partnumber is not satisfiable", status=416, PartNumberRequested=number)
    start = sum(sizes[: number - 1])
    return ByteRange(start, sizes[number - 1]), len(sizes) if found.attributes.parts else None


def find(context: Context, params: dict) -> StoredObject:
    """The object, or the version of it, that the request names.

    Raises ``NoSuchKey`` and, for a version that is a delete marker, ``MethodNotAllowed``, both with S3's headers for the reason.
    """
    version = params.get("VersionId")
    found = context.platform.objects.objects.find(params["Bucket"], params["Key"], version)
    if not found.is_delete_marker:
        return found
    if version:
        message = "The specified method is not allowed against this resource."
        error = AwsError("MethodNotAllowed", message, status=405, ResourceType="DeleteMarker")
    else:
        error = AwsError("NoSuchKey", "The specified key does not exist.", status=404, Key=params["Key"])
    error.headers = {"x-amz-delete-marker": "true", "x-amz-version-id": found.version}
    if version:
        error.headers |= {"allow": "DELETE", **answer_headers("GetObject", {"LastModified": found.modified})}
    raise error


def delete_object(context: Context, params: dict) -> dict:
    version = params.get("VersionId")
    condition = write_condition(params, params["Key"])
    removed = context.platform.objects.objects.delete(params["Bucket"], params["Key"], version, condition, context.call.id)
    return _deletion(context, params, removed, version)


def _deletion(context: Context, params: dict, removed: StoredObject | None, version: str | None) -> dict:
    versioned = context.platform.objects.buckets.get(params["Bucket"]).versioning
    result: dict = {}
    if version:
        result["VersionId"] = version
    elif removed and versioned:
        result["VersionId"] = removed.version
    if removed and removed.is_delete_marker:
        result["DeleteMarker"] = True
    return result


async def delete_objects(context: Context, params: dict) -> dict:
    request = params["Delete"]
    if not 1 <= len(request["Objects"]) <= MOST_DELETES:
        raise xml.malformed(f"between 1 and {MOST_DELETES} objects can be deleted at once")
    context.platform.objects.buckets.get(params["Bucket"])
    deleted, errors = await to_thread.run_sync(_delete_each, context, params, request["Objects"])
    return {"Errors": errors} | ({} if request.get("Quiet") else {"Deleted": deleted})


def deletion(bucket: str, key: str, version: str | None) -> tuple[str, str]:
    """The action and the resource of the deletion of an object, or of a version of it, in policies."""
    return f"s3:DeleteObject{'Version' if version else ''}", f"{ARN}{bucket}/{key}"


def _delete_each(context: Context, params: dict, objects: list[dict]) -> tuple[list[dict], list[dict]]:
    deleted, errors = [], []
    for entry in objects:
        key, version = entry["Key"], entry.get("VersionId")
        named = {"Key": key} | ({"VersionId": version} if version else {})
        try:
            if refusal := context.call.refused.get(deletion(params["Bucket"], key, version)):
                raise AwsError("AccessDenied", refusal, status=403)
            if {"LastModifiedTime", "Size"} & entry.keys():
                raise AwsError("NotImplemented", "LastModifiedTime and Size are conditions of directory buckets only", status=501)
            condition = write_condition({"IfMatch": entry.get("ETag")}, key)
            removed = context.platform.objects.objects.delete(params["Bucket"], key, version, condition, context.call.id)
            outcome = _deletion(context, params, removed, version)
        except AwsError as error:
            errors.append(named | {"Code": error.code, "Message": error.message})
            continue
        if outcome.get("DeleteMarker"):
            named |= {"DeleteMarker": True, "DeleteMarkerVersionId": outcome["VersionId"]}
        deleted.append(named)
    return deleted, errors


def get_object_attributes(context: Context, params: dict) -> dict:
    wanted = params["ObjectAttributes"]
    known = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")
    if unknown := [name for name in wanted if name not in known]:
        raise AwsError(
            "InvalidArgument", "Invalid attribute name specified.", ArgumentName="x-amz-object-attributes", ArgumentValue=unknown[0]
        )
    found = find(context, params)
    stored = found.attributes
    answers = {
        "ETag": found.etag,
        "Checksum": stored.checksums or None,
        "ObjectParts": _object_parts(stored.parts, params) if stored.parts else None,
        "StorageClass": stored.properties.get("StorageClass", "STANDARD"),
        "ObjectSize": found.size,
    }
    return {name: answers[name] for name in wanted} | {"LastModified": found.modified, **attributes.version_member(found)}


def _object_parts(parts: tuple[dict, ...], params: dict) -> dict:
    """A page of the parts. If the parts have no checksums, S3 returns only their number."""
    if not any(name.startswith("Checksum") for part in parts for name in part):
        return {"TotalPartsCount": len(parts)}
    marker, limit = params.get("PartNumberMarker", 0), min(params.get("MaxParts", 1000), 1000)
    rest = [part for part in parts if part["PartNumber"] > marker]
    page = rest[:limit]
    return {
        "TotalPartsCount": len(parts),
        "PartNumberMarker": marker,
        "NextPartNumberMarker": page[-1]["PartNumber"] if page else 0,
        "MaxParts": limit,
        "IsTruncated": len(rest) > limit,
        "Parts": page,
    }


def get_object_tagging(context: Context, params: dict) -> dict:
    found = find(context, params)
    return {"TagSet": tag_set(found.tags), **attributes.version_member(found)}


def put_object_tagging(context: Context, params: dict) -> dict:
    tagging = params.get("Tagging")
    if tagging is None:
        raise AwsError("MissingRequestBodyError", "Request Body is empty")
    return _set_tags(context, params, checked_tags(tagging["TagSet"]))


def delete_object_tagging(context: Context, params: dict) -> dict:
    return _set_tags(context, params, {})


def _set_tags(context: Context, params: dict, tags: dict[str, str]) -> dict:
    found = context.platform.objects.objects.set_tags(params["Bucket"], params["Key"], params.get("VersionId"), tags, context.call.id)
    return attributes.version_member(found)


OPERATIONS: dict[str, Operation] = {
    "DeleteObject": delete_object,
    "DeleteObjectTagging": delete_object_tagging,
    "DeleteObjects": delete_objects,
    "GetObject": get_object,
    "GetObjectAttributes": get_object_attributes,
    "GetObjectTagging": get_object_tagging,
    "HeadObject": head_object,
    "PutObject": put_object,
    "PutObjectTagging": put_object_tagging,
}
