"""ListObjects (v1 and v2), ListObjectVersions, ListMultipartUploads."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable
from urllib.parse import quote_plus

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError
from course.localaws.s3.listing import Page, Position, after
from course.localaws.s3.objects import StoredObject
from course.localaws.s3.owner import owner
from course.localaws.s3.uploads import stored

LARGEST_PAGE = 1000


class _Request:
    """The parameters that all four operations share: prefix, delimiter, page size, and the encoding of names."""

    def __init__(self, context: Context, params: dict, size_member: str, size_name: str) -> None:
        context.platform.objects.buckets.get(params["Bucket"])
        self.stored = context.platform.objects.objects.stored
        self.prefix = params.get("Prefix", "")
        self.delimiter = params.get("Delimiter", "")
        encoding = params.get("EncodingType")
        if encoding not in (None, "url"):
            raise AwsError(
                "InvalidArgument", "Invalid Encoding Method specified in Request", ArgumentName="encoding-type", ArgumentValue=encoding
            )
        # As on AWS, a space becomes a plus and a slash is not encoded.
        self.name: Callable[[str], str] = (lambda text: quote_plus(text, safe="/")) if encoding else (lambda text: text)
        size = params.get(size_member, LARGEST_PAGE)
        if not 0 <= size < 1 << 31:
            message = f"Argument {size_name} must be an integer between 0 and {(1 << 31) - 1}"
            raise AwsError("InvalidArgument", message, ArgumentName=size_name, ArgumentValue=size)
        self.size = min(size, LARGEST_PAGE)
        self.echo = {"Prefix": self.name(self.prefix), size_member: self.size}
        if self.delimiter:
            self.echo["Delimiter"] = self.name(self.delimiter)
        if encoding:
            self.echo["EncodingType"] = encoding

    def after(self, marker: str) -> Position | None:
        return after(marker, self.prefix, self.delimiter)

    def answer(self, page: Page) -> dict:
        return self.echo | {
            "IsTruncated": page.next is not None,
            "CommonPrefixes": [{"Prefix": self.name(prefix)} for prefix in page.prefixes],
        }


def list_objects(context: Context, params: dict) -> dict:
    request = _Request(context, params, "MaxKeys", "max-keys")
    marker = params.get("Marker", "")
    listing = context.platform.objects.listing
    page = listing.objects(params["Bucket"], request.prefix, request.delimiter, request.after(marker), request.size)
    result = request.answer(page) | {
        "Name": params["Bucket"],
        "Marker": request.name(marker),
        "Contents": [_members(request.stored(row), request.name) | {"Owner": owner(context)} for row in page.rows],
    }
    # S3 returns NextMarker only with a delimiter. Without one, the last key is the marker.
    if page.next and request.delimiter:
        result["NextMarker"] = request.name(_last_name(page))
    return result


def list_objects_v2(context: Context, params: dict) -> dict:
    request = _Request(context, params, "MaxKeys", "max-keys")
    token = params.get("ContinuationToken")
    start = request.after(params.get("StartAfter", "")) if token is None else Position(_decode_token(token))
    page = context.platform.objects.listing.objects(params["Bucket"], request.prefix, request.delimiter, start, request.size)
    owned = {"Owner": owner(context)} if params.get("FetchOwner") else {}
    result = request.answer(page) | {
        "Name": params["Bucket"],
        "KeyCount": len(page.rows) + len(page.prefixes),
        "Contents": [_members(request.stored(row), request.name) | owned for row in page.rows],
    }
    if token is not None:
        result["ContinuationToken"] = token
    if "StartAfter" in params:
        result["StartAfter"] = request.name(params["StartAfter"])
    if page.next:
        result["NextContinuationToken"] = base64.urlsafe_b64encode(page.next.key.encode()).decode()
    return result


def list_object_versions(context: Context, params: dict) -> dict:
    listing = context.platform.objects.listing
    request = _Request(context, params, "MaxKeys", "max-keys")
    marker, version = params.get("KeyMarker", ""), params.get("VersionIdMarker")
    start = request.after(marker)
    if version and not marker:
        raise AwsError("InvalidArgument", "A version-id marker cannot be specified without a key marker.", ArgumentName="version-id-marker")
    if version:
        sequence = listing.sequence(params["Bucket"], marker, version)
        if sequence is None:
            raise AwsError("InvalidArgument", "Invalid version id specified", ArgumentName="version-id-marker", ArgumentValue=version)
        start = Position(marker, sequence)
    page = listing.versions(params["Bucket"], request.prefix, request.delimiter, start, request.size)
    entries = [(row["body"] is None, _version(context, request.stored(row), request.name)) for row in page.rows]
    result = request.answer(page) | {
        "Name": params["Bucket"],
        "KeyMarker": request.name(marker),
        "VersionIdMarker": version or "",
        "Versions": [entry for deleted, entry in entries if not deleted],
        "DeleteMarkers": [entry for deleted, entry in entries if deleted],
    }
    if page.next:
        result["NextKeyMarker"] = request.name(_last_name(page))
        if not isinstance(page.last, str):
            result["NextVersionIdMarker"] = page.last["version"]
    return result


def list_multipart_uploads(context: Context, params: dict) -> dict:
    request = _Request(context, params, "MaxUploads", "max-uploads")
    marker, upload_id = params.get("KeyMarker", ""), params.get("UploadIdMarker", "")
    start = Position(marker, upload_id) if marker and upload_id else request.after(marker)
    page = context.platform.objects.listing.uploads(params["Bucket"], request.prefix, request.delimiter, start, request.size)
    result = request.answer(page) | {
        "Bucket": params["Bucket"],
        "KeyMarker": request.name(marker),
        "UploadIdMarker": upload_id,
        "Uploads": [_upload(context, row, request.name) for row in page.rows],
    }
    if page.next:
        result["NextKeyMarker"] = request.name(_last_name(page))
        if not isinstance(page.last, str):
            result["NextUploadIdMarker"] = page.last["id"]
    return result


def _last_name(page: Page) -> str:
    return page.last if isinstance(page.last, str) else page.last["key"]


def _members(found: StoredObject, name: Callable[[str], str]) -> dict:
    sums = found.attributes.checksums
    entry = {
        "Key": name(found.key),
        "LastModified": found.modified,
        "ETag": f'"{found.etag}"',
        "Size": found.size,
        "StorageClass": found.attributes.properties.get("StorageClass", "STANDARD"),
    }
    if sums:
        algorithms = [member.removeprefix("Checksum") for member in sums if member != "ChecksumType"]
        entry |= {"ChecksumAlgorithm": algorithms, "ChecksumType": sums["ChecksumType"]}
    return entry


def _version(context: Context, found: StoredObject, name: Callable[[str], str]) -> dict:
    shared = {"VersionId": found.version, "IsLatest": found.latest, "Owner": owner(context)}
    if found.is_delete_marker:
        return {"Key": name(found.key), "LastModified": found.modified, **shared}
    return _members(found, name) | shared


def _upload(context: Context, row: sqlite3.Row, name: Callable[[str], str]) -> dict:
    upload = stored(row)
    return {
        "UploadId": upload.id,
        "Key": name(upload.key),
        "Initiated": upload.initiated,
        "StorageClass": upload.attributes.properties.get("StorageClass", "STANDARD"),
        "Owner": owner(context),
        "Initiator": owner(context),
        **upload.attributes.checksums,
    }


def _decode_token(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        message = "The continuation token provided is incorrect"
        raise AwsError("InvalidArgument", message, ArgumentName="continuation-token", ArgumentValue=token) from None


OPERATIONS: dict[str, Operation] = {
    "ListMultipartUploads": list_multipart_uploads,
    "ListObjectVersions": list_object_versions,
    "ListObjects": list_objects,
    "ListObjectsV2": list_objects_v2,
}
