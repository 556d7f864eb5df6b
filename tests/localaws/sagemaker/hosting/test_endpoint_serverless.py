"""Serverless endpoints: cold and warm starts, throttling, provisioned concurrency, idle containers, by boto3 against a real local AWS."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.leaked_processes import kill
from tests.localaws.sagemaker.hosting.endpoint_fixtures import SKLEARN, EndpointFixtures, booster_file, fixtures_of, script, until

# Answers with the number of requests to this process. "slow" waits until a file exists.
COUNTING = """
import os, time
def model_fn(model_dir): return {"calls": 0, "id": os.urandom(4).hex()}
def transform_fn(model, data, content_type, accept):
    model["calls"] += 1
    if data == "slow":
        time.sleep(1.5)
    if data == "large":
        model["ballast"] = bytearray(os.urandom(1 << 20)) * 2000
    return f"{model['id']}:{model['calls']}", "text/plain"
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    """A local AWS whose clock only these tests advance."""
    handle = launch.start(tmp_path_factory.mktemp("serverless") / "state")
    yield fixtures_of(handle)
    handle.stop()


def variant_of(model: str, most: int = 2, name: str = "AllTraffic", **more: object) -> dict:
    return {"VariantName": name, "ModelName": model, "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": most, **more}}


def serverless(aws: EndpointFixtures, model: str, most: int = 2, **more: object) -> str:
    config = aws.name("config")
    aws.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant_of(model, most, **more)])
    name = aws.create(config)
    described = aws.settled(name)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    return name


@pytest.fixture(scope="module")
def counting(aws) -> str:
    return serverless(aws, aws.model(script(COUNTING), SKLEARN))


def boxes(aws: EndpointFixtures) -> set[Path]:
    return set((aws.handle.state / "boxes").glob("endpoint.*"))


def rested(aws: EndpointFixtures) -> None:
    """Advance the clock until idle containers are stopped."""
    aws.handle.advance(301)
    until(lambda: not boxes(aws), "all containers are gone")


def setups(aws: EndpointFixtures, name: str) -> dict:
    dimensions = [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "AllTraffic"}]
    now = time.time()
    asked = {"Namespace": "AWS/SageMaker", "MetricName": "ModelSetupTime", "Dimensions": dimensions, "Statistics": ["Sum", "SampleCount"]}
    points = aws.cloudwatch.get_metric_statistics(**asked, Period=86400, StartTime=now - 86400, EndTime=now + 864000)["Datapoints"]
    return {key: sum(point[key] for point in points) for key in ("Sum", "SampleCount")}


def test_the_first_request_waits_for_a_container_and_the_next_does_not(aws, counting):
    rested(aws)
    before = setups(aws, counting)
    first, second = aws.invoke(counting), aws.invoke(counting)
    assert (first.endswith(":1"), second) == (True, first[:-1] + "2")
    after = setups(aws, counting)
    assert after["SampleCount"] == before["SampleCount"] + 1 and after["Sum"] > before["Sum"]


def test_idle_containers_are_stopped(aws, counting):
    first = aws.invoke(counting)
    rested(aws)
    second = aws.invoke(counting)
    assert second.endswith(":1") and second[:8] != first[:8]


def test_a_request_right_after_a_jump_of_the_clock_is_cold(aws, counting):
    first = aws.invoke(counting)
    aws.handle.advance(301)
    second = aws.invoke(counting)
    assert second.endswith(":1") and second[:8] != first[:8]


def test_concurrent_requests_get_a_container_each_up_to_the_maximum(aws, counting):
    rested(aws)

    def ask(_: int) -> str:
        try:
            return aws.invoke(counting, "slow")
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 429
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(ask, range(3)))
    answers.remove("ThrottlingException")
    assert len(set(answers)) == 2 and all(answer.endswith(":1") for answer in answers) and len(boxes(aws)) == 2


def test_it_is_described_as_aws_does(aws, counting):
    [variant] = aws.sagemaker.describe_endpoint(EndpointName=counting)["ProductionVariants"]
    assert variant["CurrentServerlessConfig"] == {"MemorySizeInMB": 1024, "MaxConcurrency": 2}
    assert variant["CurrentInstanceCount"] == 0 and "DesiredInstanceCount" not in variant


@pytest.mark.nightly  # an endpoint of its own
def test_the_concurrency_can_be_changed(aws):
    name = serverless(aws, aws.model(script(COUNTING), SKLEARN), most=1)
    change = {"VariantName": "AllTraffic", "ServerlessUpdateConfig": {"MaxConcurrency": 3, "ProvisionedConcurrency": 1}}
    aws.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=[change])
    [variant] = aws.settled(name)["ProductionVariants"]
    assert variant["CurrentServerlessConfig"] == {"MemorySizeInMB": 1024, "MaxConcurrency": 3, "ProvisionedConcurrency": 1}
    before = setups(aws, name)
    assert aws.invoke(name).endswith(":1")
    assert setups(aws, name) == before  # the container was there
    with pytest.raises(ClientError, match="is serverless: it has a ServerlessUpdateConfig and no DesiredInstanceCount"):
        aws.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=name, DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}]
        )
    aws.sagemaker.delete_endpoint(EndpointName=name)


def test_provisioned_containers_are_warm_and_stay(aws):
    name = serverless(aws, aws.model(script(COUNTING), SKLEARN), ProvisionedConcurrency=1)
    first = aws.invoke(name)
    assert setups(aws, name)["SampleCount"] == 0
    aws.handle.advance(3600)
    time.sleep(1)  # long enough for two looks at the clock
    assert aws.invoke(name) == first[:-1] + "2"
    aws.sagemaker.delete_endpoint(EndpointName=name)


@pytest.mark.nightly  # the limit of a box by day in tests/sandbox
def test_a_container_has_the_memory_that_was_asked_for(aws):
    name = serverless(aws, aws.model(script(COUNTING), SKLEARN))
    with pytest.raises(ClientError) as error:
        aws.invoke(name, "large")
    assert error.value.response["Error"]["Code"] == "ModelError"
    until(lambda: "memory" in aws.log(name), "the log says why")
    aws.sagemaker.delete_endpoint(EndpointName=name)


def test_a_model_that_cannot_be_served_fails_the_endpoint(aws):
    config = aws.name("config")
    model = aws.model(script("raise RuntimeError('broken')"), SKLEARN)
    variant = variant_of(model)
    aws.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
    described = aws.settled(aws.create(config))
    assert described["EndpointStatus"] == "Failed" and "ping health check" in described["FailureReason"]


@pytest.mark.nightly  # updates by day in test_endpoints.py
def test_from_serverless_to_instances_and_back_no_request_is_lost(aws):
    model = aws.model(booster_file(0.3))
    name = serverless(aws, model, most=4)
    real = aws.config({"ModelName": model})
    back = aws.name("config")
    variant = variant_of(model, 4)
    aws.sagemaker.create_endpoint_config(EndpointConfigName=back, ProductionVariants=[variant])
    for config in (real, back):
        aws.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)
        while aws.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Updating":
            assert float(aws.invoke(name)) == pytest.approx(0.3, abs=0.01)
        assert float(aws.invoke(name)) == pytest.approx(0.3, abs=0.01)
    aws.sagemaker.delete_endpoint(EndpointName=name)


def test_configurations_that_no_serverless_endpoint_has(aws):
    model = aws.model(booster_file())

    def refused(*variants: dict, **more: object) -> str:
        with pytest.raises(ClientError) as error:
            aws.sagemaker.create_endpoint_config(EndpointConfigName=aws.name("config"), ProductionVariants=variants, **more)
        return str(error.value)

    assert "ProvisionedConcurrency of variant AllTraffic is 2; it must not exceed" in refused(
        variant_of(model, 1, ProvisionedConcurrency=2)
    )
    assert "has one production variant" in refused(variant_of(model), variant_of(model, name="other"))
    assert "cannot have AsyncInferenceConfig" in refused(
        variant_of(model), AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://b/o"}}
    )


@pytest.mark.nightly  # test_runtime.py covers a kill by day
def test_a_killed_local_aws_brings_it_back_cold(tmp_path):
    handle = launch.start(tmp_path / "state")
    aws = fixtures_of(handle)
    name = serverless(aws, aws.model(script(COUNTING), SKLEARN))
    aws.invoke(name)
    kill(handle.pid)
    handle = launch.start(tmp_path / "state")
    try:
        assert fixtures_of(handle).invoke(name).endswith(":1")
    finally:
        handle.stop()
