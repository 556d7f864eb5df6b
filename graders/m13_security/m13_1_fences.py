"""What the policies of a nightly call must keep out, asked of IAM's simulator (m13_1_ex3)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .m13_1_policies import allows

HEADER = "s3:x-amz-server-side-encryption"
EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
NOTHING = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}})


def opened(iam: Any, setup: dict, words: dict[str, str]) -> list[str]:
    """What the policies of a filled set-up let through and must not, in words."""
    return [*_through_boundary(iam, setup, words), *_through_bucket(iam, setup, words), *_through_key(iam, setup, words)]


def _through_boundary(iam: Any, setup: dict, words: dict[str, str]) -> Iterator[str]:
    inside, bucket = f"arn:aws:s3:::{words['bucket']}/{setup['object']}", f"arn:aws:s3:::{words['bucket']}"
    region = {"aws:RequestedRegion": words["region"]}
    cases = [
        ("s3:DeleteObject", inside, region, "deleting objects"),
        ("s3:GetObject", f"{bucket}/other/a.csv", region, "reading other folders"),
        ("s3:PutObject", f"{bucket}/other/a.csv", region, "writing into other folders"),
        ("s3:GetObject", f"{bucket}-2/{setup['object']}", region, "reading other buckets"),
        ("kms:Decrypt", f"{words['key'][:-4]}0000", region, "other keys"),
        ("kms:GenerateDataKey", words["key"], {"aws:RequestedRegion": "ap-south-2"}, "the key in other regions"),
        ("kms:ReEncryptFrom", words["key"], region, "other uses of the key"),
        ("sagemaker:CreateTrainingJob", "*", region, "other services"),
    ]
    for action, resource, context, said in cases:
        if allows(iam, EVERYTHING, action, resource, context, PermissionsBoundaryPolicyInputList=[_text(setup["boundary"])]):
            yield f"its boundary allows {said}"


def _through_bucket(iam: Any, setup: dict, words: dict[str, str]) -> Iterator[str]:
    inside = f"arn:aws:s3:::{words['bucket']}/{setup['object']}"
    good = {
        "aws:SecureTransport": "true",
        "aws:PrincipalArn": words["role"],
        HEADER: "aws:kms",
        f"{HEADER}-aws-kms-key-id": words["key"],
    }
    cases = [
        ("s3:GetObject", {"aws:SecureTransport": "false"}, "reading without TLS"),
        ("s3:PutObject", {"aws:SecureTransport": "false"}, "writing without TLS"),
        ("s3:PutObject", {HEADER: "AES256"}, "writing without KMS"),
        ("s3:PutObject", {f"{HEADER}-aws-kms-key-id": f"{words['key'][:-4]}0000"}, "writing under other keys"),
        ("s3:GetObject", {"aws:PrincipalArn": words["colleague"]}, "reading by other roles"),
    ]
    for action, other, said in cases:
        given = {"ResourcePolicy": _text(setup["bucket"]), "CallerArn": words["role"]}
        if allows(iam, EVERYTHING, action, inside, good | other, **given):
            yield f"its bucket policy allows {said}"


def _through_key(iam: Any, setup: dict, words: dict[str, str]) -> Iterator[str]:
    context, via = "kms:EncryptionContext:aws:s3:arn", f"s3.{words['region']}.amazonaws.com"
    good = {"kms:ViaService": via, context: f"arn:aws:s3:::{words['bucket']}/{setup['object']}"}
    cases = [
        ("kms:Decrypt", words["role"], {"kms:ViaService": f"sagemaker.{words['region']}.amazonaws.com"}, "use by other services"),
        ("kms:Decrypt", words["role"], {context: f"arn:aws:s3:::{words['bucket']}/other/a.csv"}, "use for other folders"),
        ("kms:GenerateDataKey", words["colleague"], {}, "use by other roles"),
        ("kms:ReEncryptFrom", words["role"], {}, "other uses"),
        ("kms:ScheduleKeyDeletion", words["role"], {}, "its deletion by the role"),
    ]
    for action, caller, other, said in cases:
        given = {"ResourcePolicy": _text(setup["key"]), "CallerArn": caller}
        if allows(iam, NOTHING, action, words["key"], good | other, **given):
            yield f"its key policy allows {said}"


def _text(policy: dict) -> str:
    return json.dumps(policy)
