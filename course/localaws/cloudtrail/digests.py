"""Digest files: what each log file of an hour contained, signed, and chained to the digest file before.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html. What is signed
is what ``aws cloudtrail validate-logs`` verifies (awscli/customizations/cloudtrail/validation.py in https://github.com/aws/aws-cli).
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from course.localaws.cloudtrail.log_files import folder
from course.localaws.cloudtrail.records import FORMAT
from course.localaws.cloudtrail.signing import SigningKeys

ALGORITHM = "SHA256withRSA"
SECONDS = 3600.0  # between two digest files
_NO_PREVIOUS = dict.fromkeys(
    (
        "previousDigestS3Bucket",
        "previousDigestS3Object",
        "previousDigestHashValue",
        "previousDigestHashAlgorithm",
        "previousDigestSignature",
    )
)


@dataclass(frozen=True, slots=True)
class DigestFile:
    """A digest file that is ready for delivery.

    Attributes
    ----------
    key : str
    compressed : bytes
    metadata : dict
        The user metadata of the object: signature and algorithm.
    chain : dict
        What the next digest file says of this one.
    """

    key: str
    compressed: bytes
    metadata: dict[str, str]
    chain: dict


def digest_file(
    keys: SigningKeys, trail: dict, account: str, region: str, period: tuple[float, float], entries: list[dict], previous: dict | None
) -> DigestFile:
    """A digest file of a trail in a region.

    Parameters
    ----------
    period : tuple of float
        Its first and last time, in Unix seconds.
    entries : list of dict
        What it says of the log files of this time (`LogFile.entry`).
    previous : dict or None
        The ``chain`` of the digest file before; ``None`` for the first.
    """
    bucket, last = trail["S3BucketName"], datetime.fromtimestamp(period[1], UTC)
    names = f"{trail['Name']}_{trail['HomeRegion']}_{last:%Y%m%dT%H%M%SZ}"
    key = f"{folder(trail, account, 'CloudTrail-Digest', region)}{last:%Y/%m/%d}/{account}_CloudTrail-Digest_{region}_{names}.json.gz"
    fingerprint = keys.current(region, period[1])
    document = {
        "awsAccountId": account,
        "digestStartTime": datetime.fromtimestamp(period[0], UTC).strftime(FORMAT),
        "digestEndTime": last.strftime(FORMAT),
        "digestS3Bucket": bucket,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": fingerprint,
        "digestSignatureAlgorithm": ALGORITHM,
        "newestEventTime": max((entry["newestEventTime"] for entry in entries), default=None),
        "oldestEventTime": min((entry["oldestEventTime"] for entry in entries), default=None),
        **(previous or _NO_PREVIOUS),
        "logFiles": entries,
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    hashed = hashlib.sha256(text).hexdigest()
    before = document["previousDigestSignature"] or "null"
    signature = keys.sign(region, fingerprint, f"{document['digestEndTime']}\n{bucket}/{key}\n{hashed}\n{before}")
    chain = {
        "previousDigestS3Bucket": bucket,
        "previousDigestS3Object": key,
        "previousDigestHashValue": hashed,
        "previousDigestHashAlgorithm": "SHA-256",
        "previousDigestSignature": signature,
    }
    return DigestFile(key, gzip.compress(text, mtime=0), {"signature": signature, "signature-algorithm": ALGORITHM}, chain)
