"""Measures what authorization adds to a request: S3 and SageMaker, for a caller with AWS's managed policy, and a bucket with a policy."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import boto3

from benchmarks import systems
from benchmarks.rows import Row, p50_in_turns
from course.localaws.server import launch
from course.localaws.services import STAGES

CALLER = "arn:aws:sts::123456789012:assumed-role/SageMakerRole/benchmark"
BODY = bytes(1024)
LIMIT = 0.5  # ms
BUCKET_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{systems.BUCKET}/secret/*",
            "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
        },
    ],
}


def measure() -> list[Row]:
    with launch.temporary() as asked, _without_authorization() as free:
        for handle in (asked, free):
            s3 = systems.client_of(handle)("s3")
            s3.create_bucket(Bucket=systems.BUCKET)
            s3.put_bucket_policy(Bucket=systems.BUCKET, Policy=json.dumps(BUCKET_POLICY))
        s3, sagemaker = ([_client(handle, service) for handle in (asked, free)] for service in ("s3", "sagemaker"))
        return [
            _row("PutObject of 1 KiB", lambda client: client.put_object(Bucket=systems.BUCKET, Key="small", Body=BODY), *s3),
            _row("GetObject of 1 KiB", lambda client: client.get_object(Bucket=systems.BUCKET, Key="small")["Body"].read(), *s3),
            _row("ListModels", lambda client: client.list_models(), *sagemaker),
        ]


@contextlib.contextmanager
def _without_authorization() -> Iterator[launch.Handle]:
    off = {STAGES: json.dumps({"s3": [], "sagemaker": []})}
    with mock.patch.dict(os.environ, off), launch.temporary() as handle:
        yield handle


def _client(handle: launch.Handle, service: str) -> Any:
    keys = handle.issue(CALLER)
    session = boto3.Session(keys.principal.access_key, keys.secret, keys.token, systems.REGION)
    return session.client(service, endpoint_url=handle.endpoint)


def _row(name: str, ask: Callable[[Any], object], asked: Any, free: Any) -> Row:
    times = p50_in_turns(systems.sent(ask, asked), systems.sent(ask, free))
    return Row(f"{name} with authorization, p50", "ms", *times, "without it", "difference", LIMIT)
