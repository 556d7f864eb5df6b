"""Operations on multipart uploads: create, upload part, list, complete, abort."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from anyio import to_thread

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError
from course.localaws.s3 import attributes, checksums
from course.localaws.s3.bodies import BlobWriter
from course.localaws.s3.conditions import write_condition
from course.localaws.s3.integrity import DeclaredDigests, members, receive
from course.localaws.s3.objects import Change
from course.localaws.s3.operations.buckets import refuse_acl
from course.localaws.s3.operations.objects import DEFAULT_CHECKSUM
from course.localaws.s3.owner import owner
from course.localaws.s3.store import ObjectStore
from course.localaws.s3.tags import header_tags
from course.localaws.s3.uploads import Upload, UploadedPart, check_number, checksums_of, choose, etag_of

# Algorithm -> its checksum types; the first is the default. S3 User Guide, "Checking object integrity for data uploads".
TYPES = {
    "CRC32": ("COMPOSITE", "FULL_OBJECT"),
    "CRC32C": ("COMPOSITE", "FULL_OBJECT"),
    "CRC64NVME": ("FULL_OBJECT",),
    "SHA1": ("COMPOSITE",),
    "SHA256": ("COMPOSITE",),
}


def create_multipart_upload(context: Context, params: dict) -> dict:
    refuse_acl(context, params)
    stored = replace(attributes.requested(context, params), checksums=_checksum_plan(params))
    upload = context.platform.objects.uploads.create(params["Bucket"], params["Key"], stored, header_tags(params.get("Tagging")))
    encryption = attributes.encryption_members(stored)
    return {"Bucket": upload.bucket, "Key": upload.key, "UploadId": upload.id, **stored.checksums, **encryption}


def _checksum_plan(params: dict) -> dict[str, str]:
    algorithm, kind = params.get("ChecksumAlgorithm"), params.get("ChecksumType")
    if algorithm is None and kind is None:
        return {}
    if algorithm is None:
        raise AwsError("InvalidRequest", "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
    algorithm = algorithm.upper()
    if algorithm not in TYPES:
        message = f"Checksum algorithm provided is unsupported. Please try again with any of the valid types: [{', '.join(TYPES)}]"
        raise AwsError("InvalidRequest", message)
    if kind is not None and kind not in TYPES[algorithm]:
        raise AwsError("InvalidRequest", f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm.")
    return {"ChecksumAlgorithm": algorithm, "ChecksumType": kind or TYPES[algorithm][0]}


async def upload_part(context: Context, params: dict) -> dict:
    store = context.platform.objects
    upload = _upload(context, params)
    check_number(params["PartNumber"])
    declared = DeclaredDigests(context.call.headers, context.call.trailers)
    if upload.algorithm and declared.algorithm not in (None, upload.algorithm):
        expected, actual = upload.algorithm.lower(), declared.algorithm.lower()
        message = f"Checksum Type mismatch occurred, expected checksum Type: {expected}, actual checksum Type: {actual}"
        raise AwsError("InvalidRequest", message)
    with store.receive(upload.bucket, upload.key, upload.attributes, declared.running(upload.algorithm or DEFAULT_CHECKSUM)) as body:
        await receive(context.call, body)
        declared.verify(body.md5, body.checksums)
        sums = members(body.checksums)
        part = store.uploads.put_part(upload, params["PartNumber"], body, body.etag, sums)
    shown = sums if upload.algorithm or declared.algorithm else {}
    return {"ETag": f'"{part.etag}"', **shown, **attributes.encryption_members(upload.attributes)}


def list_parts(context: Context, params: dict) -> dict:
    upload = _upload(context, params)
    marker, limit = params.get("PartNumberMarker", 0), min(params.get("MaxParts", 1000), 1000)
    found = context.platform.objects.uploads.parts(upload, marker, limit + 1)
    page = found[:limit]
    shown = [
        {"PartNumber": part.number, "LastModified": part.modified, "ETag": f'"{part.etag}"', "Size": part.size}
        | (part.checksums if upload.algorithm else {})
        for part in page
    ]
    return {
        "Bucket": upload.bucket,
        "Key": upload.key,
        "UploadId": upload.id,
        "PartNumberMarker": marker,
        "NextPartNumberMarker": page[-1].number if page else 0,
        "MaxParts": limit,
        "IsTruncated": len(found) > limit,
        "Parts": shown,
        "Initiator": owner(context),
        "Owner": owner(context),
        "StorageClass": upload.attributes.properties.get("StorageClass", "STANDARD"),
        **upload.attributes.checksums,
    }


async def complete_multipart_upload(context: Context, params: dict) -> dict:
    store = context.platform.objects
    upload = _upload(context, params)
    parts = choose(store.uploads.parts(upload), params.get("MultipartUpload", {}).get("Parts", []))
    size = sum(part.size for part in parts)
    if params.get("MpuObjectSize", size) != size:
        message = f"The provided 'x-amz-mp-object-size' header value {params['MpuObjectSize']} does not match what was computed: {size}"
        raise AwsError("InvalidRequest", message)
    sums = _checksums(upload, parts, params)
    stored = replace(upload.attributes, checksums=sums, parts=tuple(_kept(part, upload) for part in parts))
    etag = etag_of(parts)
    condition = write_condition(params, upload.key)
    if condition:
        condition(store.objects.existing(upload.bucket, upload.key))  # check now, before joining the parts, and again in the commit
    with store.receive(upload.bucket, upload.key, upload.attributes) as body:
        await to_thread.run_sync(_join, store, upload, parts, body)
        forget = partial(store.uploads.forget, upload=upload)
        change = Change("Object Created", "CompleteMultipartUpload", context.call.id)
        done = store.objects.commit(upload.bucket, upload.key, body, etag, stored, upload.tags, condition, forget, change)
    location = f"{context.call.request.base_url}{upload.bucket}/{upload.key}"
    result = {"Location": location, "Bucket": upload.bucket, "Key": upload.key, "ETag": f'"{etag}"'}
    return result | sums | attributes.written(done)


def _checksums(upload: Upload, parts: list[UploadedPart], params: dict) -> dict[str, str]:
    """Computes the object's checksum and compares it with the client's. Raises ``BadDigest``, ``InvalidRequest``."""
    mixed = len({name for part in parts for name in part.checksums}) > 1
    if mixed:  # an upload without an algorithm accepts parts with different ones; the whole then has no checksum
        return {}
    algorithm = upload.algorithm or next(iter(parts[0].checksums)).removeprefix("Checksum")
    kind = params.get("ChecksumType") or upload.checksum_type or TYPES[algorithm][0]
    if upload.checksum_type and kind != upload.checksum_type:
        raise AwsError("InvalidRequest", f"The upload was created using the {upload.checksum_type} checksum type.")
    sums = checksums_of(parts, algorithm, kind)
    for name in checksums.ALGORITHMS:
        member = f"Checksum{name}"
        if member in params and params[member] != sums.get(member):
            raise AwsError("BadDigest", f"The {name} you specified did not match the calculated checksum.")
    return sums


def _kept(part: UploadedPart, upload: Upload) -> dict:
    """The stored description of a part: GetObjectAttributes returns it, and a GET by part number uses its size."""
    return {"PartNumber": part.number, "Size": part.size} | (part.checksums if upload.algorithm else {})


def _join(store: ObjectStore, upload: Upload, parts: list[UploadedPart], body: BlobWriter) -> None:
    try:
        for part in parts:
            with store.open(part) as one:
                body.copy(one)
    except AwsError as error:
        if error.code == "NoSuchKey":  # another request has aborted or completed the upload
            store.uploads.get(upload.bucket, upload.key, upload.id)
        raise


def abort_multipart_upload(context: Context, params: dict) -> None:
    context.platform.objects.uploads.abort(_upload(context, params))


def _upload(context: Context, params: dict) -> Upload:
    return context.platform.objects.uploads.get(params["Bucket"], params["Key"], params["UploadId"])


OPERATIONS: dict[str, Operation] = {
    "AbortMultipartUpload": abort_multipart_upload,
    "CompleteMultipartUpload": complete_multipart_upload,
    "CreateMultipartUpload": create_multipart_upload,
    "ListParts": list_parts,
    "UploadPart": upload_part,
}
