"""Asynchronous endpoints: queue, answers and failures in S3, notifications, expiry, scale to zero, and kills, by boto3."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.leaked_processes import kill
from tests.localaws.sagemaker.hosting.endpoint_fixtures import SKLEARN, EndpointFixtures, fixtures_of, script, until
from tests.localaws.subscribed_queues import subscribe

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
def aws(tmp_path_factory):
    """A local AWS whose clock only these tests advance."""
    handle = launch.start(tmp_path_factory.mktemp("async") / "state")
    yield fixtures_of(handle, Notified)
    handle.stop()


def deploy(aws: EndpointFixtures, most: int = 1, to: str = "out", notify: dict | None = None, **variant: object) -> str:
    output = {"S3OutputPath": f"s3://{aws.bucket}/{to}", "S3FailurePath": f"s3://{aws.bucket}/{to}-failed"}
    config = {
        "OutputConfig": output | ({"NotificationConfig": notify} if notify else {}),
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": most},
    }
    model = {"ModelName": aws.model(script(CAPITALS), SKLEARN), **variant}
    name = aws.create(aws.config(model, AsyncInferenceConfig=config))
    described = aws.settled(name)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    assert described["AsyncInferenceConfig"] == config
    return name


@pytest.fixture(scope="module")
def endpoint(aws) -> str:
    return deploy(aws)


def ask(aws: EndpointFixtures, name: str, body: str, **more: object) -> dict:
    key = aws.name("in")
    aws.s3.put_object(Bucket=aws.bucket, Key=key, Body=body.encode())
    location = f"s3://{aws.bucket}/{key}"
    return aws.runtime.invoke_endpoint_async(EndpointName=name, InputLocation=location, ContentType="text/csv", **more)


def read(aws: EndpointFixtures, location: str) -> str | None:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    try:
        return aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    except aws.s3.exceptions.NoSuchKey:
        return None


def result(aws: EndpointFixtures, location: str) -> str:
    return until(lambda: read(aws, location), f"{location} is there")


def inbox(aws: EndpointFixtures) -> tuple[str, Callable[[], list[dict]]]:
    """A topic, and the messages published to it."""
    name = aws.name("sagemaker-topic")  # the role may publish to topics of such names
    topic, queue = aws.sns.create_topic(Name=name)["TopicArn"], aws.sqs.create_queue(QueueName=name)["QueueUrl"]
    subscribe(aws.sns, aws.sqs, topic, queue, RawMessageDelivery="true")

    def messages() -> list[dict]:
        found = aws.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]

    return topic, messages


def test_an_answer_is_stored_at_the_promised_location(aws, endpoint):
    answer = ask(aws, endpoint, "hello", InferenceId="mine-1")
    assert answer["InferenceId"] == "mine-1" and answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert answer["OutputLocation"].startswith(f"s3://{aws.bucket}/out/") and answer["OutputLocation"].endswith(".out")
    assert result(aws, answer["OutputLocation"]) == "HELLO"


def test_the_type_of_the_input_is_that_of_the_request_or_else_of_the_object(aws, endpoint):
    place = {"Bucket": aws.bucket, "Key": aws.name("typed")}
    aws.s3.put_object(**place, Body=b"type", ContentType="application/json")
    asked = {"EndpointName": endpoint, "InputLocation": f"s3://{place['Bucket']}/{place['Key']}"}
    for request, wanted in (({}, "application/json"), ({"ContentType": "text/csv"}, "text/csv")):
        answer = aws.runtime.invoke_endpoint_async(**asked, **request)
        assert result(aws, answer["OutputLocation"]) == wanted


def test_the_caller_may_name_the_place(aws, endpoint):
    answer = ask(aws, endpoint, "named", S3OutputPathExtension="a/b", Filename="c.txt")
    assert answer["OutputLocation"] == f"s3://{aws.bucket}/out/a/b/c.txt" and result(aws, answer["OutputLocation"]) == "NAMED"


def test_a_small_input_comes_with_the_request(aws, endpoint):
    answer = aws.runtime.invoke_endpoint_async(EndpointName=endpoint, Body=b"inline", ContentType="text/csv")
    assert result(aws, answer["OutputLocation"]) == "INLINE"
    for both in ({}, {"Body": b"x", "InputLocation": f"s3://{aws.bucket}/x"}):
        with pytest.raises(ClientError, match="Provide exactly one of them"):
            aws.runtime.invoke_endpoint_async(EndpointName=endpoint, **both)


def test_a_refusal_of_the_model_goes_where_failures_go(aws, endpoint):
    answer = ask(aws, endpoint, "bad")
    assert answer["FailureLocation"].endswith("-error.out") and result(aws, answer["FailureLocation"]) == "not this"
    assert read(aws, answer["OutputLocation"]) is None


def test_an_input_that_is_not_there(aws, endpoint):
    answer = aws.runtime.invoke_endpoint_async(EndpointName=endpoint, InputLocation=f"s3://{aws.bucket}/none")
    assert "Failed to download the input" in result(aws, answer["FailureLocation"])


@pytest.mark.nightly  # waits for four containers
def test_a_request_that_ends_every_container_fails_after_retries_and_the_next_is_answered(aws, endpoint):
    answer, after = ask(aws, endpoint, "die"), ask(aws, endpoint, "after")
    assert "model process exited" in result(aws, answer["FailureLocation"])
    assert result(aws, after["OutputLocation"]) == "AFTER"


def test_topics_get_notifications(aws):
    (success, successes), (error, errors) = inbox(aws), inbox(aws)
    topics = {"SuccessTopic": success, "ErrorTopic": error, "IncludeInferenceResponseIn": ["SUCCESS_NOTIFICATION_TOPIC"]}
    name = deploy(aws, to="notified", notify=topics)
    good, bad = ask(aws, name, "good", InferenceId="g"), ask(aws, name, "bad", InferenceId="b")
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


def test_requests_wait_for_their_turn_and_each_is_answered_once(aws):
    (topic, messages) = inbox(aws)
    name = deploy(aws, most=2, to="turns", notify={"SuccessTopic": topic})
    began = time.monotonic()
    answers = [ask(aws, name, f"slow {number}") for number in range(4)]
    assert time.monotonic() - began < 3  # the call did not wait for an answer
    assert [result(aws, each["OutputLocation"]) for each in answers] == [f"SLOW {number}" for number in range(4)]
    assert time.monotonic() - began > 3  # one after the other: the model has one worker
    seen: list[dict] = []
    until(lambda: seen.extend(messages()) or len(seen) >= 4, "all are notified")
    assert sorted(message["inferenceId"] for message in seen) == sorted(each["InferenceId"] for each in answers)


def metric(aws: EndpointFixtures, name: str, metric: str) -> list[float]:
    now = aws.handle.now() if hasattr(aws.handle, "now") else time.time()
    asked = {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": [{"Name": "EndpointName", "Value": name}]}
    points = aws.cloudwatch.get_metric_statistics(
        **asked, StartTime=now - 86400, EndTime=now + 10 * 86400, Period=3600, Statistics=["Maximum"]
    )["Datapoints"]
    return [point["Maximum"] for point in points]


def test_without_an_instance_requests_wait_and_may_expire(aws):
    name = deploy(aws, to="zero")

    def scale(count: int) -> None:
        change = {"VariantName": "AllTraffic", "DesiredInstanceCount": count}
        aws.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=[change])
        assert aws.settled(name)["ProductionVariants"][0]["CurrentInstanceCount"] == count

    scale(0)
    short, patient = ask(aws, name, "short", RequestTTLSeconds=60), ask(aws, name, "patient")
    until(lambda: max(metric(aws, name, "ApproximateBacklogSize"), default=0) == 2, "the backlog is published")
    assert max(metric(aws, name, "HasBacklogWithoutCapacity")) == 1
    aws.handle.advance(120)
    assert "expired after 60 seconds" in result(aws, short["FailureLocation"])
    scale(1)
    assert result(aws, patient["OutputLocation"]) == "PATIENT"


def test_a_request_that_outlives_its_instance_is_measured(aws):
    name = deploy(aws, to="outlived")
    answer = ask(aws, name, "slow one")
    until(lambda: "asked slow one" in aws.log(name), "the container has it, for a second")
    change = {"VariantName": "AllTraffic", "DesiredInstanceCount": 0}
    aws.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=[change])
    assert result(aws, answer["OutputLocation"]) == "SLOW ONE"
    dimensions = [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "AllTraffic"}]
    found = aws.cloudwatch.list_metrics(Namespace="AWS/SageMaker", MetricName="InvocationsPerInstance", Dimensions=dimensions)["Metrics"]
    assert found


def test_an_operation_for_another_kind_of_endpoint_is_refused(aws, endpoint):
    real = aws.deploy(script(CAPITALS), SKLEARN)
    with pytest.raises(ClientError, match="is not an asynchronous endpoint"):
        ask(aws, real, "x")
    with pytest.raises(ClientError, match="takes requests by InvokeEndpointAsync"):
        aws.invoke(endpoint, "x")
    with pytest.raises(ClientError, match="must be at least 1"):
        change = {"VariantName": "AllTraffic", "DesiredInstanceCount": 0}
        aws.sagemaker.update_endpoint_weights_and_capacities(EndpointName=real, DesiredWeightsAndCapacities=[change])


@pytest.mark.nightly  # waits for the requests to end
def test_a_deleted_endpoint_takes_its_requests_with_it(aws):
    name = deploy(aws, to="deleted")
    answers = [ask(aws, name, f"slow {number}") for number in range(5)]
    aws.sagemaker.delete_endpoint(EndpointName=name)
    with pytest.raises(ClientError, match="not found"):
        ask(aws, name, "x")
    time.sleep(1.5)  # the duration of one of them
    assert read(aws, answers[-1]["OutputLocation"]) is None


@pytest.mark.nightly  # test_runtime.py covers a kill by day
def test_a_killed_local_aws_answers_what_it_acknowledged(tmp_path):
    handle = launch.start(tmp_path / "state")
    aws = fixtures_of(handle, Notified)
    topic, _ = inbox(aws)
    name = deploy(aws, notify={"SuccessTopic": topic})
    answers = [ask(aws, name, f"slow {number}") for number in range(3)]
    result(aws, answers[0]["OutputLocation"])
    kill(handle.pid)
    handle = launch.start(tmp_path / "state")
    try:
        bucket, again = aws.bucket, fixtures_of(handle, Notified)
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
