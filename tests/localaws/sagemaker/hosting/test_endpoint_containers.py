"""Models of several containers: inference pipelines, and containers that are invoked by name."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.localaws.sagemaker.hosting.endpoint_fixtures import ROLE, SKLEARN, EndpointFixtures, archive, script, until

# Adds its name to the text that it got. "<name>!" makes it answer 400, "<name>?" makes the process end.
STATION = """
import os, signal
NAME = os.environ["STATION"]
def model_fn(model_dir): return 0
def input_fn(data, content_type): return data if isinstance(data, str) else data.decode(), content_type
def predict_fn(given, model):
    data, content_type = given
    if NAME + "?" in data:
        os.kill(os.getpid(), signal.SIGKILL)
    return f"{data}>{NAME}({content_type})"
def output_fn(answer, accept):
    if NAME + "!" in answer:
        from flask import Response
        return Response("not for me", status=400)
    return f"{answer}[{accept}]", "text/x-" + NAME
"""


@pytest.fixture(scope="module")
def aws(client):
    aws = EndpointFixtures(client)
    yield aws
    aws.close()


def model(aws: EndpointFixtures, *names: str, mode: str = "", hosts: bool = False) -> str:
    """A model with a container for each of ``names``."""
    data = f"s3://{aws.bucket}/station.tar.gz"
    aws.s3.put_object(Bucket=aws.bucket, Key="station.tar.gz", Body=archive(script(STATION)))
    containers = [
        {
            "Image": SKLEARN,
            "ModelDataUrl": data,
            "Environment": {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code", "STATION": name},
            **({"ContainerHostname": f"host-{name}"} if hosts else {}),
        }
        for name in names
    ]
    made = aws.name("model")
    more = {"InferenceExecutionConfig": {"Mode": mode}} if mode else {}
    aws.sagemaker.create_model(ModelName=made, ExecutionRoleArn=ROLE, Containers=containers, **more)
    return made


def deploy(aws: EndpointFixtures, made: str, **variant: object) -> str:
    name = aws.create(aws.config({"ModelName": made, **variant}))
    assert aws.settled(name)["EndpointStatus"] == "InService"
    return name


@pytest.fixture(scope="module")
def pipeline(aws) -> str:
    return deploy(aws, model(aws, "a", "b", "c"))


@pytest.fixture(scope="module")
def direct(aws) -> str:
    return deploy(aws, model(aws, "a", "b", mode="Direct", hosts=True))


def error(call, *arguments: object, **members: object) -> dict:
    with pytest.raises(ClientError) as raised:
        call(*arguments, **members)
    return raised.value.response


def test_what_one_container_of_a_pipeline_answers_is_the_request_to_the_next(aws, pipeline):
    answer = aws.runtime.invoke_endpoint(EndpointName=pipeline, Body=b"x", ContentType="text/csv", Accept="application/jsonlines")
    default = "application/json"  # the first two get no Accept header
    first = f"x>a(text/csv)[{default}]"
    second = f"{first}>b(text/x-a; charset=utf-8)[{default}]"
    assert answer["Body"].read().decode() == f"{second}>c(text/x-b; charset=utf-8)[application/jsonlines]"
    assert answer["ContentType"].startswith("text/x-c")
    [variant] = aws.sagemaker.describe_endpoint(EndpointName=pipeline)["ProductionVariants"]
    assert len(variant["DeployedImages"]) == 3


def test_a_container_of_a_pipeline_that_refuses_is_named_and_the_next_is_not_asked(aws, pipeline):
    refusal = error(aws.invoke, pipeline, "b!")
    assert (refusal["Error"]["Code"], refusal["OriginalStatusCode"], refusal["OriginalMessage"]) == ("ModelError", 400, "not for me")
    assert "Received client error (400) from container-2 with message" in refusal["Error"]["Message"]


def test_a_container_in_the_middle_that_ends_is_a_model_error_and_is_restarted(aws, pipeline):
    refusal = error(aws.invoke, pipeline, "b?")
    assert (refusal["Error"]["Code"], refusal["OriginalStatusCode"]) == ("ModelError", 0)
    until(lambda: "is started again" in aws.log(pipeline), "it is started again")

    def answers() -> bool:
        try:
            return ">c(" in aws.invoke(pipeline, "x")
        except aws.runtime.exceptions.ClientError:
            return False

    until(answers, "the pipeline answers again")


def test_each_container_of_a_pipeline_has_a_log_and_a_latency_of_its_own(aws, pipeline):
    aws.invoke(pipeline, "x")
    streams = aws.logs.describe_log_streams(logGroupName=f"/aws/sagemaker/Endpoints/{pipeline}")["logStreams"]
    assert [stream["logStreamName"].rpartition("/")[2] for stream in streams] == ["container-1", "container-2", "container-3"]
    assert len({stream["logStreamName"].rpartition("/")[0] for stream in streams}) == 1
    found = aws.cloudwatch.list_metrics(
        Namespace="AWS/SageMaker", MetricName="ContainerLatency", Dimensions=[{"Name": "EndpointName", "Value": pipeline}]
    )["Metrics"]
    names = {dimension["Value"] for metric in found for dimension in metric["Dimensions"] if dimension["Name"] == "ContainerName"}
    assert names == {"container-1", "container-2", "container-3"}


def test_a_container_is_called_by_its_name(aws, direct):
    assert aws.invoke(direct, "x", TargetContainerHostname="host-b").startswith("x>b(text/csv)")
    assert aws.invoke(direct, "x", TargetContainerHostname="host-a").startswith("x>a(text/csv)")


@pytest.mark.parametrize(
    ("asked", "words"),
    [({}, "is a multi-container endpoint and requires"), ({"TargetContainerHostname": "host-c"}, "host-c not found for Endpoint")],
)
def test_a_missing_or_unknown_container_name_is_refused(aws, direct, asked, words):
    refusal = error(aws.invoke, direct, "x", **asked)
    assert (refusal["Error"]["Code"], words in refusal["Error"]["Message"]) == ("ValidationError", True)


def test_a_pipeline_is_not_called_by_name(aws, pipeline):
    refusal = error(aws.invoke, pipeline, "x", TargetContainerHostname="container-1")
    assert "is not a multi-container endpoint" in refusal["Error"]["Message"]


def test_a_container_that_does_not_load_fails_the_endpoint_and_is_named(aws):
    made = model(aws, "a", "b")
    described = aws.sagemaker.describe_model(ModelName=made)["Containers"]
    described[1]["Environment"]["SAGEMAKER_PROGRAM"] = "missing.py"
    broken = aws.name("model")
    containers = [{key: container[key] for key in ("Image", "ModelDataUrl", "Environment")} for container in described]
    aws.sagemaker.create_model(ModelName=broken, ExecutionRoleArn=ROLE, Containers=containers)
    name = aws.create(aws.config({"ModelName": broken}))
    described = aws.settled(name)
    assert described["EndpointStatus"] == "Failed"
    assert "The container-2 container for production variant AllTraffic did not pass the ping health check" in described["FailureReason"]
    assert "missing.py" in aws.log(name)


def test_names_of_containers_are_given_to_all_or_none(aws):
    containers = [{"Image": SKLEARN, "ContainerHostname": "one"}, {"Image": SKLEARN}]
    refusal = error(aws.sagemaker.create_model, ModelName=aws.name("model"), ExecutionRoleArn=ROLE, Containers=containers)
    assert "ContainerHostname of every container" in refusal["Error"]["Message"]


def test_two_instances_of_a_pipeline_answer_both(aws):
    name = deploy(aws, model(aws, "a", "b"), InitialInstanceCount=2)
    assert all(">b(" in aws.invoke(name, json.dumps(number)) for number in range(8))
    streams = aws.logs.describe_log_streams(logGroupName=f"/aws/sagemaker/Endpoints/{name}")["logStreams"]
    assert len(streams) == 4
