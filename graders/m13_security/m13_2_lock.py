"""A bucket that the learner's function has locked, and requests to it (m13_2_ex1)."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from course.grading import Answer, Report
from course.grading.short_repr import cut

from .m13_1_policies import allows, as_identity
from .m13_1_world import World, document, refused

SAID = 300  # characters of AWS's text
KMS = "aws:kms"
UPLOADS = {"Effect": "Allow", "Action": ["s3:PutObject", "kms:GenerateDataKey"], "Resource": "*"}


def judge_lock(answer: Answer, report: Report) -> None:
    """Lock a new bucket, and send it requests; reports the parts ``stored``, ``refused`` and ``transport``."""
    rng = answer.rng
    with World(answer) as world:
        s3, key, other = answer.client("s3"), world.key(), world.key()
        bucket = world.bucket(f"m13-{rng.choice(('passengers', 'bookings', 'claims'))}")
        answer.call("lock", bucket, key)
        name = f"{rng.choice(('in', 'raw', 'new'))}/{rng.randint(1, 999)}.csv"
        said = _stored(s3, bucket, key, name)
        report.part("stored", not said, said or "An upload that says nothing is stored under the key.")
        statements = _statements(s3, bucket)
        if said:
            report.part("refused", False, "Judged once the uploads that must pass do.")
        else:
            uploader = world.session(world.role("m13-uploader", document(UPLOADS)))("s3")  # no policy limits the keys of `course grade`
            through = [
                words
                for words, more in _wrong_uploads(other)
                if not refused(uploader.put_object, Bucket=bucket, Key=name, Body=b"1", **more)
            ]
            report.part(
                "refused", not through, f"The bucket takes an upload {' and one '.join(through)}." if through else "Both are refused."
            )
        if said := _transport(answer, statements, bucket, name):
            report.part("transport", False, said)
        else:
            report.part("transport", True, "Requests without TLS are refused.")


def _stored(s3: Any, bucket: str, key: str, name: str) -> str:
    """What is wrong with the uploads that must pass."""
    ways = {"that says nothing of encryption": {}, "that names the key": {"ServerSideEncryption": KMS, "SSEKMSKeyId": key}}
    for words, more in ways.items():
        try:
            s3.put_object(Bucket=bucket, Key=name, Body=b"1", **more)
            found = s3.head_object(Bucket=bucket, Key=name)
        except ClientError as error:
            return f"An upload {words} does not work: {cut(error.response['Error']['Message'], SAID)}"
        if found["ServerSideEncryption"] != KMS:
            return f"An upload {words} is stored under {found['ServerSideEncryption']}, not under a KMS key."
        if found.get("SSEKMSKeyId") != key:
            return f"An upload {words} is stored under another KMS key than `key`."
    return ""


def _wrong_uploads(other: str) -> list[tuple[str, dict[str, str]]]:
    return [
        ("under another KMS key", {"ServerSideEncryption": KMS, "SSEKMSKeyId": other}),
        ("with AES256", {"ServerSideEncryption": "AES256"}),
    ]


def _statements(s3: Any, bucket: str) -> list[dict]:
    try:
        policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    except ClientError:
        return []
    return policy if isinstance(policy, list) else [policy]


def _transport(answer: Answer, statements: list[dict], bucket: str, name: str) -> str:
    """What the policy lets through without TLS, or refuses with it."""
    if not statements:
        return "The bucket has no policy, so it takes requests without TLS."
    text, arn = as_identity(statements), f"arn:aws:s3:::{bucket}"
    calls = {"s3:GetObject": f"{arn}/{name}", "s3:PutObject": f"{arn}/{name}", "s3:DeleteObject": f"{arn}/{name}", "s3:ListBucket": arn}
    through = [
        action for action, where in calls.items() if allows(answer.client("iam"), text, action, where, {"aws:SecureTransport": "false"})
    ]
    denied = [
        action for action, where in calls.items() if not allows(answer.client("iam"), text, action, where, {"aws:SecureTransport": "true"})
    ]
    said = [f"Without TLS the bucket lets {', '.join(through)} through."] if through else []
    said += [f"With TLS it refuses {', '.join(denied)}."] if denied else []
    return " ".join(said)
