# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Which fault each call of m13_1_ex3 has, and the pool of their set-ups."""

from __future__ import annotations

import random

from course.exercises import broken_access, pools

EACH = 3  # set-ups of each fault
VERSION = "2012-10-17"
OTHER_KEY = "arn:aws:kms:{region}:{account}:key/0d9c6c1e-5f0b-4f43-9a51-2f7c3b1e8a64"
FOLDERS = {"scores": "score", "predictions": "prediction", "forecasts": "forecast"}  # a folder, and a word that is nearly its name
# In the order of the pool: the faults of each policy.
KINDS = (("header", "other-key", "reader", "transport"), ("encrypt", "folder", "put", "region"), ("colleague", "context", "decrypt", "via"))
PLACES = ("bucket", "boundary", "key")


def planted(rng: random.Random) -> dict[str, str]:
    """The policy at fault of each call."""
    picked = pools.picked(rng, broken_access.POOL, broken_access.TAKES)
    return {name: PLACES[number] for name, (number, _) in zip(broken_access.CALLS, picked, strict=True)}


def stored() -> dict[str, list]:
    rng = random.Random("m13_1 broken access")
    return {"course/exercises/broken_access.json": [[[setup(rng, fault) for _ in range(EACH)] for fault in kind] for kind in KINDS]}


def setup(rng: random.Random, fault: str = "") -> dict:
    """A set-up with a fault, or a sound one. Names and the order of statements are drawn, so that a comparison shows more than a fault."""
    folder = rng.choice(list(FOLDERS))
    written = {
        "identity": [_statement(rng.choice(["Work", "Broad"]), Action=["s3:*", "kms:*"], Resource="*")],
        "boundary": _boundary(rng, folder, fault),
        "bucket": _bucket(rng, fault),
        "key": _key(rng, folder, fault),
    }
    return {
        "object": f"{folder}/{rng.choice(['2013-12-31', '2013-11-30', '2013-10-31'])}.csv",
        **{name: {"Version": VERSION, "Statement": statements} for name, statements in written.items()},
    }


def _statement(sid: str, effect: str = "Allow", **members: object) -> dict:
    return {"Sid": sid, "Effect": effect, **members}


def _shuffled(rng: random.Random, statements: list[dict]) -> list[dict]:
    return rng.sample(statements, len(statements))


def _boundary(rng: random.Random, folder: str, fault: str) -> list[dict]:
    inside = FOLDERS[folder] if fault == "folder" else folder
    write = "s3:PutObjectAcl" if fault == "put" else "s3:PutObject"
    make = "kms:Encrypt" if fault == "encrypt" else "kms:GenerateDataKey"
    home = {"StringEquals": {"aws:RequestedRegion": "eu-north-1" if fault == "region" else "{region}"}}
    objects = _statement(rng.choice(["Objects", "Files"]), Action=["s3:GetObject", write], Resource=f"arn:aws:s3:::{{bucket}}/{inside}/*")
    use = _statement(rng.choice(["Key", "Encryption"]), Action=["kms:Decrypt", make], Resource="{key}", Condition=home)
    return _shuffled(rng, [objects, use])


def _bucket(rng: random.Random, fault: str) -> list[dict]:
    def deny(sids: list[str], action: str | list[str], condition: dict) -> dict:
        objects = "arn:aws:s3:::{bucket}/*"
        return _statement(rng.choice(sids), "Deny", Principal="*", Action=action, Resource=objects, Condition=condition)

    both, header = ["s3:GetObject", "s3:PutObject"], "s3:x-amz-server-side-encryption"
    secure = "true" if fault == "transport" else "false"
    algorithm = "AES256" if fault == "header" else "aws:kms"
    key = OTHER_KEY if fault == "other-key" else "{key}"
    reader = "{colleague}" if fault == "reader" else "{role}"
    return _shuffled(
        rng,
        [
            deny(["Transport", "Tls"], both, {"Bool": {"aws:SecureTransport": secure}}),
            deny(["Encryption", "Algorithm"], "s3:PutObject", {"StringNotEquals": {header: algorithm}}),
            deny(["WhichKey", "OwnKey"], "s3:PutObject", {"StringNotEquals": {f"{header}-aws-kms-key-id": key}}),
            deny(["Readers", "WhoReads"], "s3:GetObject", {"ArnNotEquals": {"aws:PrincipalArn": reader}}),
        ],
    )


def _key(rng: random.Random, folder: str, fault: str) -> list[dict]:
    inside = FOLDERS[folder] if fault == "context" else folder
    use = _statement(
        rng.choice(["Use", "ThroughS3"]),
        Principal={"AWS": "{colleague}" if fault == "colleague" else "{role}"},
        Action=["kms:DescribeKey" if fault == "decrypt" else "kms:Decrypt", "kms:GenerateDataKey"],
        Resource="*",
        Condition={
            "StringEquals": {"kms:ViaService": f"{'sagemaker' if fault == 'via' else 's3'}.{{region}}.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{{bucket}}/{inside}/*"},
        },
    )
    manage = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"]
    keep = _statement(rng.choice(["Manage", "Admin"]), Principal={"AWS": "arn:aws:iam::{account}:root"}, Action=manage, Resource="*")
    return _shuffled(rng, [keep, use])
