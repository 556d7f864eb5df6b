"""CopyObject and UploadPartCopy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import unquote

from anyio import to_thread

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError
from course.localaws.s3 import attributes, checksums, encryption, transfer
from course.localaws.s3.bodies import BlobWriter, UncommittedBlob, digests
from course.localaws.s3.conditions import ByteRange, check_copy_source, write_condition
from course.localaws.s3.integrity import MAX_PUT, members
from course.localaws.s3.objects import Change, StoredObject, check_key, no_such_key
from course.localaws.s3.operations.buckets import refuse_acl
from course.localaws.s3.operations.objects import DEFAULT_CHECKSUM
from course.localaws.s3.store import ObjectStore
from course.localaws.s3.tags import header_tags
from course.localaws.s3.uploads import check_number

# Members that change something when an object is copied onto itself.
CHANGES = ("StorageClass", "WebsiteRedirectLocation", "ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled", "ChecksumAlgorithm")


async def copy_object(context: Context, params: dict) -> dict:
    store = context.platform.objects
    check_key(params["Key"])
    store.buckets.get(params["Bucket"])
    refuse_acl(context, params)
    source = _source(context, params)
    _check_size(source.size)
    replaces = _directive(params, "MetadataDirective") == "REPLACE"
    onto_itself = (source.bucket, source.key) == (params["Bucket"], params["Key"]) and source.latest
    if onto_itself and not replaces and not params.keys() & {*CHANGES}:
        message = (
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, "
            "storage class, website redirect location or encryption attributes."
        )
        raise AwsError("InvalidRequest", message)
    new = _attributes(context, params, source, replaces)
    tags = header_tags(params.get("Tagging")) if _directive(params, "TaggingDirective") == "REPLACE" else source.tags
    with _still_there(source), _new_body(store, params, source, new) as body:
        etag, sums = await to_thread.run_sync(_filled, store, source, body, params.get("ChecksumAlgorithm"))
        condition = write_condition(params, params["Key"])
        change, new = Change("Object Created", "CopyObject", context.call.id), replace(new, checksums=sums)
        stored = store.objects.commit(params["Bucket"], params["Key"], body, etag, new, tags, condition, change=change)
    transfer.meter_copy(context, source, params["Bucket"], source.size)
    result = {"ETag": f'"{etag}"', "LastModified": stored.modified, **sums}
    return {"CopyObjectResult": result, **attributes.written(stored), **_source_version(source)}


def _attributes(context: Context, params: dict, source: StoredObject, replaces: bool) -> attributes.Attributes:
    """The source's content headers and metadata, or the request's. Storage class and encryption always come from the request."""
    new = attributes.requested(context, params)
    if replaces:
        return new
    kept = {name: value for name, value in source.attributes.properties.items() if name in (*attributes.STORED_AS_GIVEN, "ContentEncoding")}
    kept.pop("WebsiteRedirectLocation", None)
    own = {name: value for name, value in new.properties.items() if name in ("StorageClass", *encryption.MEMBERS)}
    if "WebsiteRedirectLocation" in params:
        own["WebsiteRedirectLocation"] = params["WebsiteRedirectLocation"]
    return replace(new, content_type=source.content_type, metadata=source.metadata, properties=kept | own)


def _directive(params: dict, name: str) -> str:
    value = params.get(name, "COPY")
    if value not in ("COPY", "REPLACE"):
        raise AwsError("InvalidArgument", f"Unknown {name}.", ArgumentName=name, ArgumentValue=value)
    return value


def _new_body(store: ObjectStore, params: dict, source: StoredObject, new: attributes.Attributes) -> UncommittedBlob:
    """The body of a copy: a hard link, unless it or the source is encrypted."""
    if source.seal is None and "SSEKMSKeyId" not in new.properties:
        return store.bodies.link(source.path)
    return store.receive(params["Bucket"], params["Key"], new, [checksums.new(_algorithm(source, params.get("ChecksumAlgorithm")))])


def _filled(store: ObjectStore, source: StoredObject, body: UncommittedBlob, wanted: str | None) -> tuple[str, dict[str, str]]:
    """ETag and checksum of a copy, whose bytes are written unless it is a hard link."""
    if not isinstance(body, BlobWriter):
        return _digests(store, source, wanted)
    with store.open(source) as original:
        body.copy(original)
    return body.etag, members(body.checksums) | {"ChecksumType": "FULL_OBJECT"}


def _algorithm(source: StoredObject, wanted: str | None) -> str:
    """The algorithm of a copy's checksum. Raises ``InvalidRequest``."""
    if wanted is not None and wanted not in checksums.ALGORITHMS:
        known = ", ".join(checksums.ALGORITHMS)
        raise AwsError(
            "InvalidRequest", f"Checksum algorithm provided is unsupported. Please try again with any of the valid types: {known}"
        )
    stored = source.attributes.checksums
    return wanted or next((name for name in checksums.ALGORITHMS if f"Checksum{name}" in stored), DEFAULT_CHECKSUM)


def _digests(store: ObjectStore, source: StoredObject, wanted: str | None) -> tuple[str, dict[str, str]]:
    """ETag and checksum of a copy, which has one piece. Computed from the bytes only if the source's values do not apply to the copy."""
    stored, algorithm = source.attributes.checksums, _algorithm(source, wanted)
    if "-" not in source.etag and stored.get("ChecksumType") == "FULL_OBJECT" and f"Checksum{algorithm}" in stored:
        return source.etag, stored
    with store.open(source) as body:
        etag, checksum = digests(body, checksums.new(algorithm))
    return etag, members([checksum]) | {"ChecksumType": "FULL_OBJECT"}


async def upload_part_copy(context: Context, params: dict) -> dict:
    store = context.platform.objects
    upload = store.uploads.get(params["Bucket"], params["Key"], params["UploadId"])
    check_number(params["PartNumber"])
    source = _source(context, params)
    span = _source_range(params.get("CopySourceRange"), source)
    _check_size(span.length)
    running = [checksums.new(upload.algorithm or DEFAULT_CHECKSUM)]
    with (
        _still_there(source),
        store.receive(upload.bucket, upload.key, upload.attributes, running) as body,
        store.open(source) as original,
    ):
        await to_thread.run_sync(body.copy, original, span.start, span.length)
        sums = members(body.checksums)
        part = store.uploads.put_part(upload, params["PartNumber"], body, body.etag, sums)
    transfer.meter_copy(context, source, upload.bucket, span.length)
    shown = sums if upload.algorithm else {}
    return {"CopyPartResult": {"ETag": f'"{part.etag}"', "LastModified": part.modified, **shown}, **_source_version(source)}


def source_of(params: dict) -> tuple[str, str | None]:
    """``bucket/key`` and the version that ``x-amz-copy-source`` names, as ``bucket/key`` or ``bucket/key?versionId=id``, URL-encoded."""
    path, _, version = params["CopySource"].partition("?versionId=")
    return unquote(path.removeprefix("/"), errors="strict"), version or None


def _source(context: Context, params: dict) -> StoredObject:
    """The object that is copied."""
    path, version = source_of(params)
    bucket, _, key = path.partition("/")
    if not bucket or not key or bucket.startswith("arn:"):
        message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        raise AwsError("InvalidArgument", message, ArgumentName="x-amz-copy-source", ArgumentValue=params["CopySource"])
    if params.get("ExpectedSourceBucketOwner", context.account) != context.account:
        raise AwsError("AccessDenied", "Access Denied", status=403)
    found = context.platform.objects.objects.find(bucket, key, version)
    if found.is_delete_marker:
        if version:
            raise AwsError("InvalidRequest", "The source of a copy request may not specifically refer to a delete marker by version id.")
        raise no_such_key(key)
    attributes.check_readable(found)
    check_copy_source(params, found)
    return found


def _check_size(size: int) -> None:
    if size > MAX_PUT:
        message = f"The specified copy source is larger than the maximum allowable size for a copy source: {MAX_PUT}"
        raise AwsError("InvalidRequest", message)


@contextmanager
def _still_there(source: StoredObject) -> Iterator[None]:
    """Raises ``NoSuchKey`` if the source is deleted or overwritten while it is copied."""
    try:
        yield
    except FileNotFoundError:
        raise no_such_key(source.key) from None


def _source_version(source: StoredObject) -> dict:
    shown = attributes.version_member(source).get("VersionId")
    return {"CopySourceVersionId": shown} if shown else {}


def _source_range(header: str | None, source: StoredObject) -> ByteRange:
    """The range of the source to copy. Unlike the range of a read, it must have both ends and be within the source."""
    if header is None:
        return ByteRange(0, source.size)
    match = re.fullmatch(r"bytes=(\d+)-(\d+)", header)
    if match is None or int(match[1]) > int(match[2]):
        message = (
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the "
            "first and last bytes to copy"
        )
        raise AwsError("InvalidArgument", message, ArgumentName="x-amz-copy-source-range", ArgumentValue=header)
    first, last = int(match[1]), int(match[2])
    if last >= source.size:
        message = f"Range specified is not valid for source object of size: {source.size}"
        raise AwsError("InvalidArgument", message, ArgumentName="x-amz-copy-source-range", ArgumentValue=header)
    return ByteRange(first, last - first + 1)


OPERATIONS: dict[str, Operation] = {"CopyObject": copy_object, "UploadPartCopy": upload_part_copy}
