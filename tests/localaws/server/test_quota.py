"""The quota on the state folder, through boto3: what every service answers when it is reached, and what goes on."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from course.localaws.core import quota
from course.localaws.core.quota import QuotaReached, StateQuota
from course.localaws.protocol.quota_errors import COMMON
from course.localaws.server import launch
from course.sandbox.supervisor.tree import disk_used
from tests.leaked_processes import wait_for
from tests.localaws.boto_clients import client_factory
from tests.localaws.sagemaker.job_fixtures import BUCKET, SKLEARN, JobFixtures

QUOTA = 40_000_000
SMALL = 100_000
LOGS_AHEAD = 10_000_000  # SQLite's write-ahead logs of two databases, of about 4 MB each, which SQLite empties from time to time
ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"


@pytest.fixture(scope="module")
def limited(tmp_path_factory) -> Iterator[launch.Handle]:
    handle = launch.start(tmp_path_factory.mktemp("quota") / "state", quota=QUOTA)
    client = client_factory(handle)
    client("s3").create_bucket(Bucket=BUCKET)
    client("kinesis").create_stream(StreamName="stream", ShardCount=1)
    client("sqs").create_queue(QueueName="queue")
    client("logs").create_log_group(logGroupName="group")
    client("logs").create_log_stream(logGroupName="group", logStreamName="stream")
    key = {"AttributeName": "id", "KeyType": "HASH"}
    attribute = {"AttributeName": "id", "AttributeType": "S"}
    client("dynamodb").create_table(TableName="t", KeySchema=[key], AttributeDefinitions=[attribute], BillingMode="PAY_PER_REQUEST")
    yield handle
    handle.stop()


@pytest.fixture
def client(limited) -> Callable[..., Any]:
    return client_factory(limited)


def used(handle: launch.Handle) -> int:
    return disk_used([str(handle.state)])


def queue(client) -> str:
    return client("sqs").get_queue_url(QueueName="queue")["QueueUrl"]


def upload_part(client, size: int, key: str = "parts") -> None:
    upload = client("s3").create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    client("s3").upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=1, Body=os.urandom(size))


def put_log(client, size: int) -> None:
    events = [{"timestamp": int(time.time() * 1000), "message": os.urandom(size // 8).hex()} for _ in range(4)]
    client("logs").put_log_events(logGroupName="group", logStreamName="stream", logEvents=events)


# Each writes about so many bytes.
WRITES: dict[str, Callable[[Any, int], object]] = {
    "s3": lambda client, size: client("s3").put_object(Bucket=BUCKET, Key=f"o/{time.monotonic_ns()}", Body=os.urandom(size)),
    "multipart": upload_part,
    "kinesis": lambda client, size: client("kinesis").put_record(StreamName="stream", Data=os.urandom(size), PartitionKey="k"),
    "sqs": lambda client, size: client("sqs").send_message(QueueUrl=queue(client), MessageBody=os.urandom(size // 2).hex()),
    "logs": put_log,
    "dynamodb": lambda client, size: client("dynamodb").put_item(
        TableName="t", Item={"id": {"S": str(time.monotonic_ns())}, "data": {"B": os.urandom(size)}}
    ),
}
# What each service answers when nothing more may be kept. All are errors of the operation in AWS's own model, or of every operation.
ANSWERS = {
    "s3": ("InsufficientStorage", 507),
    "multipart": ("InsufficientStorage", 507),
    "kinesis": ("ProvisionedThroughputExceededException", 400),
    "sqs": ("RequestThrottled", 400),
    "logs": ("ServiceUnavailableException", 500),
    "dynamodb": ("ItemCollectionSizeLimitExceededException", 400),
}
OTHERS: dict[str, tuple[Callable[[Any], object], str]] = {
    "bucket": (lambda client: client("s3").create_bucket(Bucket="another"), "InsufficientStorage"),
    "model": (
        lambda client: client("sagemaker").create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE}),
        "ResourceLimitExceeded",
    ),
    "log group": (lambda client: client("logs").create_log_group(logGroupName="g"), "LimitExceededException"),
    "metric": (
        lambda client: client("cloudwatch").put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1}]),
        COMMON,
    ),
    "event": (lambda client: client("events").put_events(Entries=[{"Source": "s", "DetailType": "t", "Detail": "{}"}]), COMMON),
    "stream": (lambda client: client("kinesis").create_stream(StreamName="more", ShardCount=1), "LimitExceededException"),
    "user": (lambda client: client("iam").create_user(UserName="u"), "LimitExceeded"),
    "key": (lambda client: client("kms").create_key(), "LimitExceededException"),
}


def code_of(write: Callable[[], object]) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        write()
    response = caught.value.response
    assert f"{QUOTA:,}" in response["Error"]["Message"]
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def empty(client) -> None:
    for page in client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        if keys := [{"Key": each["Key"]} for each in page.get("Contents", [])]:
            client("s3").delete_objects(Bucket=BUCKET, Delete={"Objects": keys})


def writes(write: Callable[[], object]) -> bool:
    try:
        write()
    except ClientError:
        return False
    return True


def test_every_service_says_so_and_goes_on_when_there_is_space_again(client, limited):
    filler = limited.state / "filler"
    with filler.open("wb") as file:
        for _ in range(QUOTA // 1_000_000):
            file.write(os.urandom(1_000_000))
    wait_for(lambda: not writes(lambda: WRITES["s3"](client, 1)), "it is measured")
    assert {name: code_of(lambda write=write: write(client, SMALL)) for name, write in WRITES.items()} == ANSWERS
    assert {name: code_of(lambda write=write: write(client))[0] for name, (write, _) in OTHERS.items()} == {
        name: code for name, (_, code) in OTHERS.items()
    }
    # What keeps nothing, and what frees space, goes on.
    assert "KeyCount" in client("s3").list_objects_v2(Bucket=BUCKET)
    assert client("sqs").receive_message(QueueUrl=queue(client))
    assert client("logs").filter_log_events(logGroupName="group")["events"] == []
    empty(client)
    filler.unlink()
    wait_for(lambda: writes(lambda: WRITES["s3"](client, SMALL)), "it keeps objects again")
    for write in WRITES.values():
        write(client, SMALL)


@pytest.mark.nightly  # each service needs a local AWS of its own; S3's limit is met by day in the other tests
@pytest.mark.parametrize("service", WRITES)
def test_whatever_is_written_stays_within_the_quota(tmp_path, service):
    """Each service on a state folder of its own, since what is written to some of them is never deleted."""
    handle = launch.start(tmp_path / "state", quota=QUOTA // 2)
    try:
        client = client_factory(handle)
        client("s3").create_bucket(Bucket=BUCKET)
        client("logs").create_log_group(logGroupName="group")
        client("logs").create_log_stream(logGroupName="group", logStreamName="stream")
        client("kinesis").create_stream(StreamName="stream", ShardCount=1)
        client("sqs").create_queue(QueueName="queue")
        key, attribute = {"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "id", "AttributeType": "S"}
        client("dynamodb").create_table(TableName="t", KeySchema=[key], AttributeDefinitions=[attribute], BillingMode="PAY_PER_REQUEST")
        number = next(number for number in range(1000) if not writes(lambda: WRITES[service](client, 200_000)))
        assert number > 10
        assert used(handle) < QUOTA // 2 + LOGS_AHEAD
    finally:
        handle.stop()


def test_copies_count_once_and_joined_parts_when_they_are_joined(client, limited):
    empty(client)
    wait_for(lambda: writes(lambda: client("s3").put_object(Bucket=BUCKET, Key="one", Body=bytes(5_000_000))), "there is space")
    for number in range(20):
        client("s3").copy_object(Bucket=BUCKET, Key=f"copy-{number}", CopySource=f"{BUCKET}/one")
    assert used(limited) < QUOTA
    upload = client("s3").create_multipart_upload(Bucket=BUCKET, Key="joined")["UploadId"]
    span = {"Bucket": BUCKET, "Key": "joined", "UploadId": upload, "CopySource": f"{BUCKET}/one"}
    assert code_of(lambda: [client("s3").upload_part_copy(**span, PartNumber=number) for number in range(1, 21)])[0] == ANSWERS["s3"][0]
    client("s3").abort_multipart_upload(Bucket=BUCKET, Key="joined", UploadId=upload)
    assert used(limited) < QUOTA


def bomb(size: int) -> bytes:
    """An archive of a few kilobytes with a file of zeros."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        member = tarfile.TarInfo("train.py")
        member.size = size
        tar.addfile(member, io.BytesIO(bytes(size)))
    return gzip.compress(plain.getvalue())


def test_archives_are_not_unpacked_beyond_it(client, limited):
    empty(client)
    aws = JobFixtures(limited, "", fresh=False)
    wait_for(lambda: writes(lambda: client("s3").put_object(Bucket=BUCKET, Key="bomb.tar.gz", Body=bomb(QUOTA))), "there is space")
    code = {"sagemaker_program": '"train.py"', "sagemaker_submit_directory": f'"s3://{BUCKET}/bomb.tar.gz"'}
    reason = aws.trained(aws.train("bomb", HyperParameters=code))["FailureReason"]
    assert "No space left on device" in reason
    container = {"Image": SKLEARN, "ModelDataUrl": f"s3://{BUCKET}/bomb.tar.gz"}
    client("sagemaker").create_model(ModelName="bomb", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variant = {"VariantName": "v", "ModelName": "bomb", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    client("sagemaker").create_endpoint_config(EndpointConfigName="bomb", ProductionVariants=[variant])
    client("sagemaker").create_endpoint(EndpointName="bomb", EndpointConfigName="bomb")
    describe = client("sagemaker").describe_endpoint
    wait_for(lambda: describe(EndpointName="bomb")["EndpointStatus"] == "Failed", "the endpoint has failed")
    assert "No space left on device" in describe(EndpointName="bomb")["FailureReason"]
    assert used(limited) < QUOTA


@pytest.mark.nightly  # a job that runs long enough to be measured
def test_a_job_that_fills_it_fails_and_its_space_is_free_again(client, limited):
    empty(client)
    aws = JobFixtures(limited, "", fresh=False)
    script = "head -c 30000000 /dev/zero > /opt/ml/model/large; head -c 30000000 /dev/urandom > /opt/ml/model/larger; sleep 3"
    wait_for(lambda: writes(lambda: WRITES["s3"](client, 1000)), "there is space")
    job = aws.trained(aws.train("fills", entrypoint=["/bin/sh", "-c", script]))
    assert job["TrainingJobStatus"] == "Failed" and "InsufficientStorage" in job["FailureReason"]
    wait_for(lambda: writes(lambda: WRITES["s3"](client, SMALL)), "there is space again")


def test_without_a_quota_nothing_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(quota, "disk_used", lambda folders: pytest.fail("the folder was measured"))
    free = StateQuota(tmp_path)
    for _ in range(3):
        free.admit(1 << 50)
    free.reset()


def test_no_request_measures_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(quota, "PAUSE_SECONDS", 3600.0)
    Path(tmp_path, "file").write_bytes(bytes(50_000))
    one = StateQuota(tmp_path, 200_000)
    monkeypatch.setattr(quota, "disk_used", lambda folders: pytest.fail("the folder was measured"))
    for _ in range(100):
        one.admit(1000)
    with pytest.raises(QuotaReached, match="200,000"):
        one.admit(100_000)
    one.admit_request("DeleteObject", 1 << 30)
    with pytest.raises(QuotaReached):
        one.admit_request("PutRecord", 1 << 30)
    one.shutdown()


def test_a_tree_that_nobody_can_measure_counts_as_full_until_it_is_gone(tmp_path):
    folder = tmp_path
    for _ in range(510):
        folder = folder / "d"
        folder.mkdir()
    one = StateQuota(tmp_path, 1_000_000)
    with pytest.raises(QuotaReached):
        one.admit(1)
    folder.rmdir()
    for _ in range(509):
        folder = folder.parent
        folder.rmdir()
    one.reset()
    one.admit(1)
    one.shutdown()
