"""The attributes of objects: read from requests and checked, and written as members of responses."""

from __future__ import annotations

from course.localaws.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.s3 import encryption
from course.localaws.s3.objects import DEFAULT_CONTENT_TYPE, UNVERSIONED, Attributes, StoredObject

STORED_AS_GIVEN = ("CacheControl", "ContentDisposition", "ContentLanguage", "Expires", "WebsiteRedirectLocation")
STORAGE_CLASSES = (
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
)
ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")
METADATA_LIMIT = 2048


def requested(context: Context, params: dict) -> Attributes:
    """Checks and returns the attributes that a PutObject, CopyObject or CreateMultipartUpload requests.

    These are content headers, metadata, storage class and encryption.

    Raises ``NoSuchBucket``, ``MetadataTooLarge``, ``InvalidStorageClass``, ``InvalidArgument``, ``KMS.NotFoundException``.
    """
    encrypted = context.platform.objects.encryption(params["Bucket"], params)
    metadata = params.get("Metadata", {})
    if sum(len(name.encode()) + len(text.encode()) for name, text in metadata.items()) > METADATA_LIMIT:
        message = "Your metadata headers exceed the maximum allowed metadata size"
        raise AwsError("MetadataTooLarge", message, MaxSizeAllowed=METADATA_LIMIT)
    properties = {name: params[name] for name in STORED_AS_GIVEN if params.get(name)}
    # aws-chunked describes the transfer of the body, not the body.
    encodings = [part.strip() for part in params.get("ContentEncoding", "").split(",")]
    if encoding := ",".join(part for part in encodings if part and part != "aws-chunked"):
        properties["ContentEncoding"] = encoding
    return Attributes(
        params.get("ContentType") or DEFAULT_CONTENT_TYPE,
        metadata,
        properties | storage_class(params) | encrypted,
        encryption_context=encryption.requested_context(params.get("SSEKMSEncryptionContext")) if "SSEKMSKeyId" in encrypted else {},
    )


def storage_class(params: dict) -> dict[str, str]:
    """The storage class as a stored property. ``STANDARD``, the default, is not stored. Raises ``InvalidStorageClass``."""
    name = params.get("StorageClass", "STANDARD")
    if name not in STORAGE_CLASSES:
        raise AwsError("InvalidStorageClass", "The storage class you specified is not valid", StorageClassRequested=name)
    return {} if name == "STANDARD" else {"StorageClass": name}


def described(found: StoredObject, checksums: bool = False) -> dict:
    """An object as members of GetObject's and HeadObject's responses."""
    members = {
        "ETag": f'"{found.etag}"',
        "LastModified": found.modified,
        "AcceptRanges": "bytes",
        "ContentType": found.content_type,
        "Metadata": found.metadata,
        **encryption.DEFAULT,  # services of earlier releases stored objects without it
        **found.attributes.properties,
        **version_member(found),
    }
    if found.tags:
        members["TagCount"] = len(found.tags)
    return members | (found.attributes.checksums if checksums else {})


def written(found: StoredObject) -> dict:
    """The members that all responses to writes share."""
    return encryption_members(found.attributes) | version_member(found)


def encryption_members(attributes: Attributes) -> dict:
    return {name: value for name, value in attributes.properties.items() if name in encryption.MEMBERS}


def version_member(found: StoredObject) -> dict:
    """The ``VersionId`` member. Empty for an object of a bucket that never had versioning."""
    return {} if found.version == UNVERSIONED else {"VersionId": found.version}


def check_readable(found: StoredObject) -> None:
    """Raises ``InvalidObjectState`` for an archived object: reading it needs RestoreObject, which is not supported here."""
    storage = found.attributes.properties.get("StorageClass")
    if storage in ARCHIVES:
        message = "The operation is not valid for the object's storage class"
        raise AwsError("InvalidObjectState", message, status=403, StorageClass=storage)
