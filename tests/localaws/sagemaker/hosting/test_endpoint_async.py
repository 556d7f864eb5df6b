"""Asynchronous endpoints: queue, answers and failures in S3, notifications, expiry, scale to zero, and kills, by boto3."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.localaws.sagemaker.hosting.endpoint_fixtures import SKLEARN, EndpointFixtures, fixtures_of, script, until

# Answers in capitals. "slow" takes a while, "bad" gives an error, "die" ends the process.
CAPITALS = """
import os, time
from flask import Response
def model_fn(model_dir): return 0
def transform_fn(model, data, content_type, accept):
    print("asked", data, flush=True)
    if data.startswith("slow"):
        time.sleep(1)
    if data == "bad":
        return Response("not this", status=418)
    if data == "die":
        os._exit(1)
    if data == "type":
        return content_type, "text/plain"
    return data.upper(), "text/plain"
"""


class Notified(EndpointFixtures):
    """Creates topics, and queues that receive their messages."""

    def __init__(self, client: Callable[..., Any], handle: launch.Handle) -> None:
        super().__init__(client, handle)
        self.sns, self.sqs = client("sns"), client("sqs")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A local AWS whose clock only these tests advance."""
    handle = launch.start(tmp_path_factory.mktemp("async") / "state")
    yield fixtures_of(handle, Notified)
    handle.stop()


def deploy(world: EndpointFixtures, most: int = 1, to: str = "out", notify: dict | None = None, **variant: object) -> str:
    output = {"S3OutputPath": f"s3://{world.bucket}/{to}", "S3FailurePath": f"s3://{world.bucket}/{to}-failed"}
    config = {
        "OutputConfig": output | ({"NotificationConfig": notify} if notify else {}),
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": most},
    }
    model = {"ModelName": world.model(script(CAPITALS), SKLEARN), **variant}
    name = world.create(world.config(model, AsyncInferenceConfig=config))
    described = world.settled(name)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    assert described["AsyncInferenceConfig"] == config
    return name


@pytest.fixture(scope="module")
def endpoint(world) -> str:
    return deploy(world)


def ask(world: EndpointFixtures, name: str, body: str, **more: object) -> dict:
    key = world.name("in")
    world.s3.put_object(Bucket=world.bucket, Key=key, Body=body.encode())
    location = f"s3://{world.bucket}/{key}"
    return world.runtime.invoke_endpoint_async(EndpointName=name, InputLocation=location, ContentType="text/csv", **more)


def read(world: EndpointFixtures, location: str) -> str | None:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    try:
        return world.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    except world.s3.exceptions.NoSuchKey:
        return None


def result(world: EndpointFixtures, location: str) -> str:
    return until(lambda: read(world, location), f"{location} is there")


def inbox(world: EndpointFixtures) -> tuple[str, Callable[[], list[dict]]]:
    """A topic, and the messages published to it."""
    name = world.name("sagemaker-topic")  # the role may publish to topics of such names
    topic, queue = world.sns.create_topic(Name=name)["TopicArn"], world.sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = world.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    world.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})

    def messages() -> list[dict]:
        found = world.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]

    return topic, messages


def test_an_answer_comes_to_the_place_that_was_promised(world, endpoint):
    answer = ask(world, endpoint, "hello", InferenceId="mine-1")
    assert answer["InferenceId"] == "mine-1" and answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert answer["OutputLocation"].startswith(f"s3://{world.bucket}/out/") and answer["OutputLocation"].endswith(".out")
    assert result(world, answer["OutputLocation"]) == "HELLO"


def test_the_type_of_the_input_is_that_of_the_request_or_else_of_the_object(world, endpoint):
    place = {"Bucket": world.bucket, "Key": world.name("typed")}
    world.s3.put_object(**place, Body=b"type", ContentType="application/json")
    asked = {"EndpointName": endpoint, "InputLocation": f"s3://{place['Bucket']}/{place['Key']}"}
    for request, wanted in (({}, "application/json"), ({"ContentType": "text/csv"}, "text/csv")):
        answer = world.runtime.invoke_endpoint_async(**asked, **request)
        assert result(world, answer["OutputLocation"]) == wanted


def test_the_caller_may_name_the_place(world, endpoint):
    answer = ask(world, endpoint, "named", S3OutputPathExtension="a/b", Filename="c.txt")
    assert answer["OutputLocation"] == f"s3://{world.bucket}/out/a/b/c.txt" and result(world, answer["OutputLocation"]) == "NAMED"


def test_a_small_input_comes_with_the_request(world, endpoint):
    answer = world.runtime.invoke_endpoint_async(EndpointName=endpoint, Body=b"inline", ContentType="text/csv")
    assert result(world, answer["OutputLocation"]) == "INLINE"
    for both in ({}, {"Body": b"x", "InputLocation": f"s3://{world.bucket}/x"}):
        with pytest.raises(ClientError, match="Provide exactly one of them"):
            world.runtime.invoke_endpoint_async(EndpointName=endpoint, **both)


def test_a_refusal_of_the_model_goes_where_failures_go(world, endpoint):
    answer = ask(world, endpoint, "bad")
    assert answer["FailureLocation"].endswith("-error.out") and result(world, answer["FailureLocation"]) == "not this"
    assert read(world, answer["OutputLocation"]) is None


def test_an_input_that_is_not_there(world, endpoint):
    answer = world.runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=f"s3://{world.bucket}/none")
    assert "Failed to download the input" in result(world, answer["FailureLocation"])


def test_a_request_that_ends_every_container_fails_at_last_and_the_next_is_answered(world, endpoint):
    answer, after = ask(world, endpoint, "die"), ask(world, endpoint, "after")
    assert "model process exited" in result(world, answer["FailureLocation"])
    assert result(world, after["OutputLocation"]) == "AFTER"


def test_topics_get_notifications(world):
    (success, successes), (error, errors) = inbox(world), inbox(world)
    topics = {"SuccessTopic": success, "ErrorTopic": error, "IncludeInferenceResponseIn": ["SUCCESS_NOTIFICATION_TOPIC"]}
    name = deploy(world, to="notified", notify=topics)
    good, bad = ask(world, name, "good", InferenceId="g"), ask(world, name, "bad", InferenceId="b")
    [message] = until(successes, "the success is published")
    assert (message["invocationStatus"], message["inferenceId"], message["eventName"]) == ("Completed", "g", "InferenceResult")
    assert message["responseParameters"]["outputLocation"] == good["OutputLocation"]
    assert message["requestParameters"]["endpointName"] == name and message["requestParameters"]["contentType"] == "text/csv"
    assert base64.b64decode(message["responseBody"]["content"]) == b"GOOD"
    [message] = until(errors, "the failure is published")
    assert (message["invocationStatus"], message["inferenceId"]) == ("Failed", "b") and "responseBody" not in message
    assert message["failureReason"].startswith("ClientError: Received client error (418) from primary.")
    assert message["responseParameters"]["outputLocation"] == bad["FailureLocation"]
    assert successes() == errors() == []


def test_requests_wait_for_their_turn_and_each_is_answered_once(world):
    (topic, messages) = inbox(world)
    name = deploy(world, most=2, to="turns", notify={"SuccessTopic": topic})
    began = time.monotonic()
    answers = [ask(world, name, f"slow {number}") for number in range(4)]
    assert time.monotonic() - began < 3  # the call did not wait for an answer
    assert [result(world, each["OutputLocation"]) for each in answers] == [f"SLOW {number}" for number in range(4)]
    assert time.monotonic() - began > 3  # one after the other: the model has one worker
    seen: list[dict] = []
    until(lambda: seen.extend(messages()) or len(seen) >= 4, "all are notified")
    assert sorted(message["inferenceId"] for message in seen) == sorted(each["InferenceId"] for each in answers)


def metric(world: EndpointFixtures, name: str, metric: str) -> list[float]:
    now = world.handle.now() if hasattr(world.handle, "now") else time.time()
    asked = {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": [{"Name": "EndpointName", "Value": name}]}
    points = world.cloudwatch.get_metric_statistics(
        **asked, StartTime=now - 86400, EndTime=now + 10 * 86400, Period=3600, Statistics=["Maximum"]
    )["Datapoints"]
    return [point["Maximum"] for point in points]


def test_without_an_instance_requests_wait_and_may_expire(world):
    name = deploy(world, to="zero")

    def scale(count: int) -> None:
        change = {"VariantName": "AllTraffic", "DesiredInstanceCount": count}
        world.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=[change])
        assert world.settled(name)["ProductionVariants"][0]["CurrentInstanceCount"] == count

    scale(0)
    short, patient = ask(world, name, "short", RequestTTLSeconds=60), ask(world, name, "patient")
    until(lambda: max(metric(world, name, "ApproximateBacklogSize"), default=0) == 2, "the backlog is published")
    assert max(metric(world, name, "HasBacklogWithoutCapacity")) == 1
    world.handle.advance(120)
    assert "expired after 60 seconds" in result(world, short["FailureLocation"])
    scale(1)
    assert result(world, patient["OutputLocation"]) == "PATIENT"


def test_a_request_that_outlives_its_instance_is_measured(world):
    name = deploy(world, to="outlived")
    answer = ask(world, name, "slow one")
    until(lambda: "asked slow one" in world.log(name), "the container has it, for a second")
    change = {"VariantName": "AllTraffic", "DesiredInstanceCount": 0}
    world.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=[change])
    assert result(world, answer["OutputLocation"]) == "SLOW ONE"
    dimensions = [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "AllTraffic"}]
    found = world.cloudwatch.list_metrics(Namespace="AWS/SageMaker", MetricName="InvocationsPerInstance", Dimensions=dimensions)["Metrics"]
    assert found


def test_what_kind_of_endpoint_it_is_not(world, endpoint):
    real = world.deploy(script(CAPITALS), SKLEARN)
    with pytest.raises(ClientError, match="is not an asynchronous endpoint"):
        ask(world, real, "x")
    with pytest.raises(ClientError, match="takes requests by InvokeEndpointAsync"):
        world.invoke(endpoint, "x")
    with pytest.raises(ClientError, match="must be at least 1"):
        change = {"VariantName": "AllTraffic", "DesiredInstanceCount": 0}
        world.sagemaker.update_endpoint_weights_and_capacities(EndpointName=real, DesiredWeightsAndCapacities=[change])


def test_a_deleted_endpoint_takes_its_requests_with_it(world):
    name = deploy(world, to="deleted")
    answers = [ask(world, name, f"slow {number}") for number in range(5)]
    world.sagemaker.delete_endpoint(EndpointName=name)
    with pytest.raises(ClientError, match="not found"):
        ask(world, name, "x")
    time.sleep(1.5)  # the duration of one of them
    assert read(world, answers[-1]["OutputLocation"]) is None


def test_a_killed_local_aws_answers_what_it_acknowledged(tmp_path):
    handle = launch.start(tmp_path / "state")
    world = fixtures_of(handle, Notified)
    topic, _ = inbox(world)
    name = deploy(world, notify={"SuccessTopic": topic})
    answers = [ask(world, name, f"slow {number}") for number in range(3)]
    result(world, answers[0]["OutputLocation"])
    psutil.Process(handle.pid).kill()
    handle = launch.start(tmp_path / "state")
    try:
        bucket, again = world.bucket, fixtures_of(handle, Notified)
        assert [result(again, each["OutputLocation"]) for each in answers] == [f"SLOW {number}" for number in range(3)]
        queue = again.sqs.list_queues()["QueueUrls"][0]
        seen: list[str] = []

        def all_notified() -> bool:
            found = again.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
            seen.extend(json.loads(message["Body"])["inferenceId"] for message in found)
            return len(seen) >= 3

        until(all_notified, "all are notified")
        assert sorted(seen) == sorted(each["InferenceId"] for each in answers) and bucket
    finally:
        handle.stop()
