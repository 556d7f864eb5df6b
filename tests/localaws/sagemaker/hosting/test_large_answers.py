"""Large answers of models: each has AWS's limit, and all that the local AWS holds at once have one together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from course.localaws.core.held import LARGEST
from course.localaws.sagemaker.hosting.servers.payloads import longest
from course.localaws.server import launch
from tests.localaws.sagemaker.hosting.endpoint_fixtures import SKLEARN, EndpointFixtures, fixtures_of, script, until

# Answers with as many bytes as the request says.
LARGE = """
from flask import Response
PIECE = b"x" * (1 << 16)
def model_fn(model_dir): return 0
def pieces(size):
    while size > 0:
        yield PIECE[:size]
        size -= len(PIECE)
def transform_fn(model, data, content_type, accept):
    return Response(pieces(int(data)), content_type="text/plain")
"""
MOST = 2 * LARGEST  # bytes of memory for answers: those that count, and copies of one of them


@pytest.fixture(scope="module")
def aws() -> Iterator[EndpointFixtures]:
    with launch.temporary(sealed=True) as handle:
        yield fixtures_of(handle)


def memory(aws: EndpointFixtures) -> int:
    """Bytes of the local AWS itself; its model servers are processes of their own."""
    return psutil.Process(aws.handle.pid).memory_info().rss


def unread(aws: EndpointFixtures, endpoint: str, size: int) -> Any:
    """The answer's stream, of which nobody has read anything yet."""
    return aws.runtime.invoke_endpoint(EndpointName=endpoint, Body=str(size), ContentType="text/csv")["Body"]


@pytest.fixture(scope="module")
def realtime(aws: EndpointFixtures) -> str:
    return aws.deploy(script(LARGE), SKLEARN)


@pytest.fixture(scope="module")
def serverless(aws: EndpointFixtures) -> str:
    settings = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 1}}
    name = aws.name("config")
    model = aws.model(script(LARGE), SKLEARN)
    variant = {"VariantName": "AllTraffic", "ModelName": model, **settings}
    aws.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    endpoint = aws.create(name)
    assert aws.settled(endpoint)["EndpointStatus"] == "InService"
    return endpoint


@pytest.mark.parametrize("kind", ["realtime", "serverless"])
def test_an_answer_may_have_as_many_bytes_as_on_aws(aws: EndpointFixtures, kind: str, request: pytest.FixtureRequest) -> None:
    endpoint, most = request.getfixturevalue(kind), longest(kind)
    assert unread(aws, endpoint, most).read() == b"x" * most
    with pytest.raises(ClientError, match=rf"\(0\) from primary with message \"The container's answer has more than {most:,} bytes"):
        unread(aws, endpoint, most + 1)


def test_answers_that_nobody_reads_share_the_memory(aws: EndpointFixtures, realtime: str) -> None:
    before, size, streams = memory(aws), longest("realtime"), []
    with pytest.raises(ClientError, match="ServiceUnavailable.*the local AWS holds no more at once"):
        while len(streams) * size <= 2 * LARGEST:  # clients and the network hold a part of each
            streams.append(unread(aws, realtime, size))
    assert memory(aws) - before < MOST
    assert unread(aws, realtime, 1000).read() == b"x" * 1000  # small ones always have room
    for stream in streams:
        stream.close()
    assert until(lambda: _answered(aws, realtime, size), "there is room again")


def _answered(aws: EndpointFixtures, endpoint: str, size: int) -> bool:
    try:
        return len(unread(aws, endpoint, size).read()) == size
    except ClientError:
        return False


def test_asynchronous_requests_wait_for_room(aws: EndpointFixtures) -> None:
    """Three answers at once need more than the memory that all have. Each is stored all the same."""
    size, output = 2 * LARGEST // 5, {"S3OutputPath": f"s3://{aws.bucket}/out", "S3FailurePath": f"s3://{aws.bucket}/failed"}
    settings = {"OutputConfig": output, "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 3}}
    endpoint = aws.create(aws.config({"ModelName": aws.model(script(LARGE), SKLEARN)}, AsyncInferenceConfig=settings))
    assert aws.settled(endpoint)["EndpointStatus"] == "InService"
    aws.s3.put_object(Bucket=aws.bucket, Key="in", Body=str(size).encode())
    before, seen = memory(aws), []
    for _ in range(3):
        aws.runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=f"s3://{aws.bucket}/in", ContentType="text/csv")

    def answered() -> bool:
        seen.append(memory(aws))
        return len(sizes(aws, "out")) == 3 or bool(sizes(aws, "failed"))

    until(answered, "all are answered")
    assert sizes(aws, "out") == [size] * 3
    assert max(seen) - before < 2 * MOST  # the queue's file and S3 copy what they store


def sizes(aws: EndpointFixtures, prefix: str) -> list[int]:
    return [item["Size"] for item in aws.s3.list_objects_v2(Bucket=aws.bucket, Prefix=f"{prefix}/").get("Contents", ())]
