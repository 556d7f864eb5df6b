"""Model servers that answer with a redirect: the local AWS, which has a network that they do not have, follows none."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.localaws.sagemaker.hosting.endpoint_fixtures import ROLE, SCRIPT, SKLEARN, EndpointFixtures, archive, fixtures_of, script, until

# Answers with the status in the request, and sends its caller to another server.
ELSEWHERE = """
from flask import Response
def model_fn(model_dir): return 0
def transform_fn(model, data, content_type, accept):
    return Response("moved", status=int(data), headers={{"Location": "http://127.0.0.1:{port}/moved"}})
"""
STATUSES = (301, 302, 303, 307, 308)


class Elsewhere:
    """A server that nobody may ask. ``asked`` counts connections."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener, self.asked = listener, 0
        self.port = listener.getsockname()[1]

    def count(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.listener.accept()[0].close()
                self.asked += 1


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Elsewhere(listener)
        threading.Thread(target=server.count, daemon=True).start()
        yield server


@pytest.fixture(scope="module")
def aws() -> Iterator[EndpointFixtures]:
    with launch.temporary(sealed=True) as handle:
        yield fixtures_of(handle)


@pytest.fixture(scope="module")
def files(elsewhere: Elsewhere) -> dict[str, bytes]:
    return script(ELSEWHERE.format(port=elsewhere.port))


def test_real_time(aws: EndpointFixtures, files: dict[str, bytes], elsewhere: Elsewhere) -> None:
    endpoint = aws.deploy(files, SKLEARN)
    for status in STATUSES:
        with pytest.raises(ClientError, match=rf"server error \({status}\) from primary with message \"moved\""):
            aws.invoke(endpoint, str(status))
        with pytest.raises(ClientError, match=rf"server error \({status}\)"):
            aws.runtime.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=str(status), ContentType="text/csv")
    assert elsewhere.asked == 0


def test_asynchronous(aws: EndpointFixtures, files: dict[str, bytes], elsewhere: Elsewhere) -> None:
    output = {"S3OutputPath": f"s3://{aws.bucket}/out", "S3FailurePath": f"s3://{aws.bucket}/failed"}
    endpoint = aws.create(aws.config({"ModelName": aws.model(files, SKLEARN)}, AsyncInferenceConfig={"OutputConfig": output}))
    assert aws.settled(endpoint)["EndpointStatus"] == "InService"
    aws.s3.put_object(Bucket=aws.bucket, Key="in", Body=b"307")
    aws.runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=f"s3://{aws.bucket}/in", ContentType="text/csv")
    until(lambda: aws.s3.list_objects_v2(Bucket=aws.bucket, Prefix="failed/")["KeyCount"], "the failure is stored")
    assert elsewhere.asked == 0


def test_batch_transform(aws: EndpointFixtures, files: dict[str, bytes], elsewhere: Elsewhere) -> None:
    name = aws.name("transform")
    aws.s3.put_object(Bucket=aws.bucket, Key="batch/in", Body=b"307")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{aws.bucket}/batch/"}}
    aws.sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=aws.model(files, SKLEARN),
        TransformInput={"DataSource": source, "ContentType": "text/csv"},
        TransformOutput={"S3OutputPath": f"s3://{aws.bucket}/transformed"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    described = until(lambda: ended(aws, name), "the job has ended")
    assert (described["TransformJobStatus"], elsewhere.asked) == ("Failed", 0)


def ended(aws: EndpointFixtures, name: str) -> dict | None:
    described = aws.sagemaker.describe_transform_job(TransformJobName=name)
    return described if described["TransformJobStatus"] != "InProgress" else None


def test_multi_model(aws: EndpointFixtures, files: dict[str, bytes], elsewhere: Elsewhere) -> None:
    name = aws.name("many")
    aws.s3.put_object(Bucket=aws.bucket, Key=f"{name}/a.tar.gz", Body=archive(files))
    container = {"Image": SKLEARN, "Mode": "MultiModel", "ModelDataUrl": f"s3://{aws.bucket}/{name}/", "Environment": SCRIPT}
    aws.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    endpoint = aws.create(aws.config({"ModelName": name}))
    assert aws.settled(endpoint)["EndpointStatus"] == "InService"
    with pytest.raises(ClientError, match=r"server error \(308\)"):
        aws.invoke(endpoint, "308", TargetModel="a.tar.gz")
    assert elsewhere.asked == 0
