"""The encryption of objects: the request's, else that of the bucket, which is AES256 if nobody set another.

A body under a KMS key (``aws:kms``, and ``aws:kms:dsse`` alike) is encrypted on disk; one under ``AES256``, which needs no permission, is
plain. Source: "Setting default server-side encryption behavior for Amazon S3 buckets", "Using server-side encryption with AWS KMS keys" and
"Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys" of the S3 user guide, read 2026-11-30.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from course.localaws.core import json_text
from course.localaws.core.errors import AwsError
from course.localaws.kms import references
from course.localaws.kms.store import KeyStore
from course.localaws.s3 import table
from course.localaws.s3.buckets import ARN, Buckets

ALGORITHMS = ("AES256", "aws:kms", "aws:kms:dsse")
MEMBERS = ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled")
DEFAULT = {"ServerSideEncryption": "AES256"}
MANAGED = "alias/aws/s3"  # the key when a request or a bucket names none


def bucket_rule(buckets: Buckets, bucket: str) -> dict:
    """The rule for new objects of a bucket. Raises `AwsError` ``NoSuchBucket``."""
    document = buckets.configuration(bucket, "encryption") or table.configurations()["encryption"]["default"]
    return document["Rules"][0]


def described(request: Mapping, rule: dict, region: str, keys: KeyStore) -> dict:
    """The `MEMBERS` of an object, by the members of its request and by the bucket's ``rule``.

    Raises `AwsError` ``InvalidEncryptionAlgorithmError``, ``InvalidArgument``, ``KMS.NotFoundException``.
    """
    applied = rule.get("ApplyServerSideEncryptionByDefault", {"SSEAlgorithm": "AES256"})
    algorithm = request.get("ServerSideEncryption") or applied["SSEAlgorithm"]
    if algorithm not in ALGORITHMS:
        message = "The encryption method specified is not supported"
        raise AwsError("InvalidEncryptionAlgorithmError", message, ArgumentName="x-amz-server-side-encryption", ArgumentValue=algorithm)
    key = request.get("SSEKMSKeyId")
    if algorithm == "AES256":
        if key:
            message = "The x-amz-server-side-encryption-aws-kms-key-id header is only valid with aws:kms or aws:kms:dsse"
            raise AwsError("InvalidArgument", message)
        return {"ServerSideEncryption": algorithm}
    if "ServerSideEncryption" not in request:
        key = key or applied.get("KMSMasterKeyID")
    found = {"ServerSideEncryption": algorithm, "SSEKMSKeyId": _arn(key or MANAGED, region, keys)}
    if request.get("BucketKeyEnabled", rule.get("BucketKeyEnabled", False)):
        found["BucketKeyEnabled"] = True
    return found


def _arn(key: str, region: str, keys: KeyStore) -> str:
    try:
        return references.require(keys, region, key).arn
    except AwsError as error:
        raise references.of_kms(error) from None


def requested_context(text: str | None) -> dict[str, str]:
    """The pairs of ``SSEKMSEncryptionContext``, which is JSON in Base64. Raises `AwsError` ``InvalidArgument``."""
    if not text:
        return {}
    try:
        pairs = json_text.load(base64.b64decode(text, validate=True))
    except ValueError:
        pairs = None
    if not isinstance(pairs, dict) or not all(isinstance(value, str) for value in pairs.values()):
        message = "The header 'x-amz-server-side-encryption-context' must be the Base64 of a JSON map of strings to strings."
        raise AwsError("InvalidArgument", message, ArgumentName="x-amz-server-side-encryption-context", ArgumentValue=text)
    if "aws:s3:arn" in pairs:
        raise AwsError("InvalidArgument", "The encryption context must not have the key aws:s3:arn, which Amazon S3 sets.")
    return pairs


def context_of(bucket: str, key: str, properties: Mapping, own: Mapping[str, str]) -> dict[str, str]:
    """The encryption context of an object: S3's pair, which names the bucket alone with an S3 Bucket Key, and the client's ``own``."""
    arn = f"{ARN}{bucket}" if properties.get("BucketKeyEnabled") else f"{ARN}{bucket}/{key}"
    return {"aws:s3:arn": arn, **own}
