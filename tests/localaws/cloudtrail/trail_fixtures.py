"""A local AWS with a trail, whose clock tests advance, and readers of what the trail delivers."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.localaws.boto_clients import client_factory

ACCOUNT = "123456789012"
SERVICE = {"Service": "cloudtrail.amazonaws.com"}
# The AlgorithmIdentifier of an RSA key (RFC 3279), which PKCS #1 leaves out.
_RSA = bytes.fromhex("300d06092a864886f70d0101010500")


def bucket_policy(bucket: str, prefix: str = "", **conditions: str) -> str:
    """AWS's policy of a bucket for trails ("Amazon S3 bucket policy for CloudTrail")."""
    folder = f"{prefix}/AWSLogs" if prefix else "AWSLogs"
    acl = {"s3:x-amz-acl": "bucket-owner-full-control", **conditions}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": SERVICE, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"},
                {
                    "Effect": "Allow",
                    "Principal": SERVICE,
                    "Action": "s3:PutObject",
                    "Resource": f"arn:aws:s3:::{bucket}/{folder}/{ACCOUNT}/*",
                    "Condition": {"StringEquals": acl},
                },
            ],
        }
    )


class TrailFixtures:
    """A local AWS, and what tests of trails need of it."""

    def __init__(self, handle: Any) -> None:
        self.handle, self.client = handle, client_factory(handle)
        self.s3, self.cloudtrail = self.client("s3"), self.client("cloudtrail")

    def bucket(self, name: str, prefix: str = "", **conditions: str) -> str:
        """Make a bucket that lets trails write."""
        self.s3.create_bucket(Bucket=name)
        self.s3.put_bucket_policy(Bucket=name, Policy=bucket_policy(name, prefix, **conditions))
        return name

    def logging(self, name: str, bucket: str, **settings: Any) -> str:
        """Make a trail that logs. Returns its ARN."""
        arn = self.cloudtrail.create_trail(Name=name, S3BucketName=bucket, **settings)["TrailARN"]
        self.cloudtrail.start_logging(Name=name)
        return arn

    def begin_interval(self) -> None:
        """Advance just past a delivery, so that none comes by itself for nearly five minutes."""
        self.handle.advance(300 - self.handle.advance(0) % 300 + 1)

    def pass_minutes(self, minutes: float) -> None:
        self.handle.advance(minutes * 60)

    def keys(self, bucket: str, part: str = "/CloudTrail/") -> list[str]:
        """The keys in a bucket that contain a part."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [each["Key"] for page in pages for each in page.get("Contents", []) if part in each["Key"]]

    def text(self, bucket: str, key: str) -> bytes:
        return gzip.decompress(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def records(self, bucket: str, part: str = "/CloudTrail/") -> list[dict]:
        """The records of all log files in a bucket."""
        return [record for key in self.keys(bucket, part) for record in json.loads(self.text(bucket, key))["Records"]]

    def names(self, bucket: str, part: str = "/CloudTrail/") -> list[str]:
        return [record["eventName"] for record in self.records(bucket, part)]

    def public_keys(self, region: str) -> dict[str, bytes]:
        """Fingerprint -> key, of a region."""
        found = self.client("cloudtrail", region_name=region).list_public_keys(StartTime=0, EndTime=4_000_000_000)
        return {each["Fingerprint"]: each["Value"] for each in found["PublicKeyList"]}

    def validate(self, bucket: str, key: str) -> dict:
        """Check a digest file and its log files, by the algorithm of ``aws cloudtrail validate-logs``. Returns the digest."""
        text = self.text(bucket, key)
        digest = json.loads(text)
        assert (digest["digestS3Bucket"], digest["digestS3Object"]) == (bucket, key)
        metadata = self.s3.head_object(Bucket=bucket, Key=key)["Metadata"]
        assert metadata["signature-algorithm"] == digest["digestSignatureAlgorithm"] == "SHA256withRSA"
        before = digest["previousDigestSignature"] or "null"
        signed = f"{digest['digestEndTime']}\n{bucket}/{key}\n{hashlib.sha256(text).hexdigest()}\n{before}".encode()
        region = key.partition("CloudTrail-Digest/")[2].partition("/")[0]
        public = rsa_key(self.public_keys(region)[digest["digestPublicKeyFingerprint"]])
        public.verify(bytes.fromhex(metadata["signature"]), signed, padding.PKCS1v15(), hashes.SHA256())
        for file in digest["logFiles"]:
            assert hashlib.sha256(self.text(file["s3Bucket"], file["s3Object"])).hexdigest() == file["hashValue"]
        if digest["previousDigestS3Object"]:
            previous = self.text(digest["previousDigestS3Bucket"], digest["previousDigestS3Object"])
            assert hashlib.sha256(previous).hexdigest() == digest["previousDigestHashValue"]
        return digest


def rsa_key(pkcs1: bytes) -> Any:
    """The public key of a DER document of PKCS #1, which ListPublicKeys answers, by way of X.509's form."""
    bits = b"\x03" + _length(len(pkcs1) + 1) + b"\x00" + pkcs1
    return load_der_public_key(b"\x30" + _length(len(_RSA) + len(bits)) + _RSA + bits)


def _length(size: int) -> bytes:
    return bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big") if size > 255 else b"\x81" + bytes([size])
