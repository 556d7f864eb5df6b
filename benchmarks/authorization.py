"""Measures what authorization adds to a request: S3, SageMaker, Logs, Secrets Manager, and SNS, which moto serves.

The caller has AWS's managed policy for SageMaker, and the bucket has a policy. In the policy of a topic is a condition, as AWS makes it.
"""

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


MEASURED = ("s3", "sagemaker", "logs", "sns", "secretsmanager")
LOG_GROUP, SECRET = "/aws/sagemaker/TrainingJobs", "AmazonSageMaker-benchmark"  # the managed policy allows them
TOPIC = f"arn:aws:sns:{systems.REGION}:123456789012:SageMaker-done"


def measure() -> list[Row]:
    with launch.temporary() as asked, _without_authorization() as free:
        for handle in (asked, free):
            s3 = systems.client_of(handle)("s3")
            s3.create_bucket(Bucket=systems.BUCKET)
            s3.put_bucket_policy(Bucket=systems.BUCKET, Policy=json.dumps(BUCKET_POLICY))
            _prepare(handle)
        s3, sagemaker, logs, sns, secrets = ([_client(handle, service) for handle in (asked, free)] for service in MEASURED)
        return [
            _row("PutObject of 1 KiB", lambda client: client.put_object(Bucket=systems.BUCKET, Key="small", Body=BODY), *s3),
            _row("GetObject of 1 KiB", lambda client: client.get_object(Bucket=systems.BUCKET, Key="small")["Body"].read(), *s3),
            _row("ListModels", lambda client: client.list_models(), *sagemaker),
            _row("DescribeLogStreams", lambda client: client.describe_log_streams(logGroupName=LOG_GROUP), *logs),
            _row("SNS Publish (moto)", lambda client: client.publish(TopicArn=TOPIC, Message="done"), *sns),
            _row("GetSecretValue", lambda client: client.get_secret_value(SecretId=SECRET), *secrets),
        ]


def _prepare(handle: launch.Handle) -> None:
    client = systems.client_of(handle)
    client("logs").create_log_group(logGroupName=LOG_GROUP)
    client("sns").create_topic(Name=TOPIC.rpartition(":")[2])
    client("secretsmanager").create_secret(Name=SECRET, SecretString="value", Tags=[{"Key": "SageMaker", "Value": "true"}])


@contextlib.contextmanager
def _without_authorization() -> Iterator[launch.Handle]:
    off = {STAGES: json.dumps(dict.fromkeys(("logs", "moto", "s3", "sagemaker", "secretsmanager"), ["audit"]))}
    with mock.patch.dict(os.environ, off), launch.temporary() as handle:
        yield handle


def _client(handle: launch.Handle, service: str) -> Any:
    keys = handle.issue(CALLER)
    session = boto3.Session(keys.principal.access_key, keys.secret, keys.token, systems.REGION)
    return session.client(service, endpoint_url=handle.endpoint)


def _row(name: str, ask: Callable[[Any], object], asked: Any, free: Any) -> Row:
    times = p50_in_turns(systems.sent(ask, asked), systems.sent(ask, free))
    return Row(f"{name} with authorization, p50", "ms", *times, "without it", "difference", LIMIT)
