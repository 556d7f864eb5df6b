"""The encryption that objects report: the request's, else that of the bucket, which is AES256 if nobody set another.

Source: "Setting default server-side encryption behavior for Amazon S3 buckets" of the S3 user guide, read 2026-11-28. Bodies are plain
files.
"""

from __future__ import annotations

from collections.abc import Mapping

from course.localaws.core.errors import AwsError
from course.localaws.s3 import table
from course.localaws.s3.buckets import Buckets

ALGORITHMS = ("AES256", "aws:kms", "aws:kms:dsse")
MEMBERS = ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled")
DEFAULT = {"ServerSideEncryption": "AES256"}


def bucket_rule(buckets: Buckets, bucket: str) -> dict:
    """The rule for new objects of a bucket. Raises `AwsError` ``NoSuchBucket``."""
    document = buckets.configuration(bucket, "encryption") or table.configurations()["encryption"]["default"]
    return document["Rules"][0]


def described(request: Mapping, rule: dict, region: str, account: str) -> dict:
    """The `MEMBERS` of an object, by the members of its request and by the bucket's ``rule``.

    Raises `AwsError` ``InvalidEncryptionAlgorithmError``, ``InvalidArgument``.
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
    arn = f"arn:aws:kms:{region}:{account}:"
    key = key or "alias/aws/s3"
    found = {"ServerSideEncryption": algorithm, "SSEKMSKeyId": key if key.startswith("arn:") else arn + _key_resource(key)}
    if request.get("BucketKeyEnabled", rule.get("BucketKeyEnabled", False)):
        found["BucketKeyEnabled"] = True
    return found


def _key_resource(key: str) -> str:
    return key if key.startswith("alias/") else f"key/{key}"
