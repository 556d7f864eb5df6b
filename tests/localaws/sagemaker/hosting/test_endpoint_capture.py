"""Data capture and shadow variants: captured requests and answers in S3, by boto3 against a real local AWS."""

from __future__ import annotations

import base64
import json

import pytest
from botocore.exceptions import ClientError

from tests.localaws.sagemaker.hosting.endpoint_fixtures import SKLEARN, EndpointFixtures, echo, script, until


@pytest.fixture(scope="module")
def aws(client):
    aws = EndpointFixtures(client)
    yield aws
    aws.close()


def capture(aws: EndpointFixtures, prefix: str, *modes: str, percentage: int = 100, **more: object) -> dict:
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": percentage,
        "DestinationS3Uri": f"s3://{aws.bucket}/{prefix}",
        "CaptureOptions": [{"CaptureMode": mode} for mode in modes or ("Input", "Output")],
        **more,
    }


TEXTS = {"CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]}}
MIRROR = script("""
def model_fn(model_dir): return 0
def transform_fn(model, data, content_type, accept):
    return ("1", accept) if accept == "text/csv" else ('{"score": 1}', 'application/json')
""")


def deploy(aws: EndpointFixtures, config: dict, files: dict[str, bytes] = MIRROR) -> str:
    name = aws.create(aws.config({"ModelName": aws.model(files, SKLEARN)}, DataCaptureConfig=config))
    described = aws.settled(name)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    return name


def lines(aws: EndpointFixtures, prefix: str, count: int) -> list[tuple[str, dict]]:
    """Keys and records of captured data, once there are ``count`` records."""

    def read() -> list[tuple[str, dict]]:
        found = []
        for item in aws.s3.list_objects_v2(Bucket=aws.bucket, Prefix=f"{prefix}/").get("Contents", []):
            body = aws.s3.get_object(Bucket=aws.bucket, Key=item["Key"])["Body"].read().decode()
            found += [(item["Key"], json.loads(line)) for line in body.splitlines()]
        return found if len(found) >= count else []

    return until(read, f"{count} records below {prefix}")


def test_requests_and_answers_are_captured_in_awss_format(aws):
    name = deploy(aws, capture(aws, "both", **TEXTS))
    aws.invoke(name, "1,2", CustomAttributes="trace-7", InferenceId="mine-1")
    aws.invoke(name, b"\x93NUMPY", content_type="application/x-npy")
    assert aws.invoke(name, "1,2", Accept="text/csv") == "1"
    (key, first), (_, second), (_, third) = lines(aws, "both", 3)
    assert key.startswith(f"both/{name}/AllTraffic/20") and key.endswith(".jsonl") and len(key.split("/")) == 8
    assert first["captureData"]["endpointInput"] == {"observedContentType": "text/csv", "mode": "INPUT", "data": "1,2", "encoding": "CSV"}
    answered = first["captureData"]["endpointOutput"]
    assert (answered["data"], answered["encoding"], answered["mode"]) == ('{"score": 1}', "JSON", "OUTPUT")
    assert answered["observedContentType"] == "application/json"
    text = {"observedContentType": "text/csv; charset=utf-8", "mode": "OUTPUT", "data": "1", "encoding": "CSV"}  # as in AWS's guide
    assert third["captureData"]["endpointOutput"] == text and third["captureData"]["endpointInput"]["observedContentType"] == "text/csv"
    assert first["eventVersion"] == "0" and first["eventMetadata"]["customAttributes"] == ["trace-7"]
    assert first["eventMetadata"]["inferenceId"] == "mine-1" and first["eventMetadata"]["inferenceTime"].endswith("Z")
    binary = second["captureData"]["endpointInput"]
    assert (binary["encoding"], base64.b64decode(binary["data"])) == ("BASE64", b"\x93NUMPY")
    described = aws.sagemaker.describe_endpoint(EndpointName=name)["DataCaptureConfig"]
    assert (described["EnableCapture"], described["CaptureStatus"]) == (True, "Started")


def test_without_named_content_types_all_is_in_base_64(aws):
    name = deploy(aws, capture(aws, "plain", "Input"))
    aws.invoke(name, "1,2")
    [(_, record)] = lines(aws, "plain", 1)
    assert record["captureData"].keys() == {"endpointInput"}
    assert record["captureData"]["endpointInput"]["encoding"] == "BASE64"


def test_nothing_is_captured_of_a_sample_of_nothing_and_failures_are_left_out(aws):
    refuse = script("from flask import Response\ndef model_fn(d): return 0\ndef transform_fn(*a): return Response('no', status=400)")
    none = deploy(aws, capture(aws, "none", percentage=0))
    failing = deploy(aws, capture(aws, "failing"), refuse)
    mark = deploy(aws, capture(aws, "mark"))
    aws.invoke(none)
    with pytest.raises(ClientError, match="ModelError"):
        aws.invoke(failing)
    aws.invoke(mark)
    lines(aws, "mark", 1)  # by now all earlier records are written too
    found = [aws.s3.list_objects_v2(Bucket=aws.bucket, Prefix=prefix)["KeyCount"] for prefix in ("none/", "failing/")]
    assert found == [0, 0]


def test_invocations_continue_when_the_bucket_is_deleted(aws):
    config = capture(aws, "x") | {"DestinationS3Uri": "s3://no-such-bucket-anywhere/x"}
    name = deploy(aws, config)
    assert aws.invoke(name) == aws.invoke(name) == '{"score": 1}'


def test_an_update_changes_what_is_captured(aws):
    name = deploy(aws, capture(aws, "first"))
    aws.invoke(name)
    lines(aws, "first", 1)
    off = capture(aws, "second") | {"EnableCapture": False}
    aws.sagemaker.update_endpoint(
        EndpointName=name, EndpointConfigName=aws.config({"ModelName": aws.model(MIRROR, SKLEARN)}, DataCaptureConfig=off)
    )
    assert aws.settled(name)["DataCaptureConfig"]["CaptureStatus"] == "Stopped"
    aws.invoke(name)
    assert len(lines(aws, "first", 1)) == 1


def test_a_shadow_gets_copies_and_its_answers_are_dropped(aws):
    production, shadow = (aws.model(echo(word), SKLEARN) for word in ("production", "shadow"))
    variant = {"InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    name = aws.create(
        aws.config(
            {"ModelName": production, "VariantName": "live"},
            ShadowProductionVariants=[variant | {"ModelName": shadow, "VariantName": "dark", "InitialVariantWeight": 1}],
            DataCaptureConfig=capture(aws, "shadowed", **TEXTS),
        )
    )
    described = aws.settled(name)
    assert described["EndpointStatus"] == "InService"
    [dark] = described["ShadowProductionVariants"]
    assert (dark["VariantName"], dark["CurrentInstanceCount"]) == ("dark", 1)
    assert {aws.invoke(name, str(number)) for number in range(4)} == {"production"}
    answers: dict[str, set] = {"live": set(), "dark": set()}
    for key, record in lines(aws, "shadowed", 8):
        answers[key.split("/")[2]].add(base64.b64decode(record["captureData"]["endpointOutput"]["data"]))
    assert answers == {"live": {b"production"}, "dark": {b"shadow"}}
    with pytest.raises(ClientError, match="Variant dark not found"):
        aws.invoke(name, TargetVariant="dark")


def test_a_broken_shadow_fails_the_endpoint_when_it_is_made_and_nothing_later(aws):
    production = aws.model(echo("production"), SKLEARN)
    dies = aws.model(script("import os\ndef model_fn(d): return 0\ndef transform_fn(*a): os._exit(1)"), SKLEARN)
    shadow = {"InitialInstanceCount": 1, "InstanceType": "ml.m5.large", "ModelName": dies, "VariantName": "dark"}
    name = aws.create(aws.config({"ModelName": production}, ShadowProductionVariants=[shadow]))
    assert aws.settled(name)["EndpointStatus"] == "InService"
    assert {aws.invoke(name) for _ in range(3)} == {"production"}
