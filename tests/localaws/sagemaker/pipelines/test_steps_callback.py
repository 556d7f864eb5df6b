"""Callback steps: the message, the token, the two answers, and a stop meanwhile."""

from __future__ import annotations

import json
import uuid

import pytest

from tests.localaws.sagemaker.pipelines.definitions import get, step
from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines

NUMBER = {"Name": "number", "Type": "Integer", "DefaultValue": 5}


@pytest.fixture(params=["", ".fifo"])
def queue(pipelines: Pipelines, request: pytest.FixtureRequest) -> str:
    fifo = {"FifoQueue": "true"} if request.param else {}
    return pipelines.sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex}{request.param}", Attributes=fifo)["QueueUrl"]


def ask(queue: str, *outputs: tuple[str, str]) -> dict:
    declared = [{"OutputName": output, "OutputType": kind} for output, kind in outputs]
    arguments = {"number": get("Parameters.number"), "text": "some-arg", "null": None}
    return step("ask", "Callback", arguments, SqsQueueUrl=queue, OutputParameters=declared)


def received(pipelines: Pipelines, queue: str) -> dict:
    """The body of the next message."""
    client = pipelines.sqs
    messages = pipelines.until(lambda: client.receive_message(QueueUrl=queue).get("Messages"))
    client.delete_message(QueueUrl=queue, ReceiptHandle=messages[0]["ReceiptHandle"])
    return json.loads(messages[0]["Body"])


def test_the_answer_to_a_message_gives_the_outputs(pipelines: Pipelines, queue: str) -> None:
    outputs = [("words", "String"), ("count", "Integer"), ("share", "Float"), ("good", "Boolean"), ("more", "String")]
    shown = {"Std:Join": {"On": "|", "Values": [get(f"Steps.ask.OutputParameters['{name}']") for name, _ in outputs[:4]]}}
    arn = pipelines.start(ask(queue, *outputs), step("end", "Fail", {"ErrorMessage": shown}), parameters=(NUMBER,))
    message = received(pipelines, queue)
    token = message["token"]
    assert message == {
        "token": token, "pipelineExecutionArn": arn, "arguments": {"number": 5, "text": "some-arg"}, "status": "Executing"
    }  # fmt: skip
    assert pipelines.waiting(arn, "ask")["Metadata"] == {"Callback": {"CallbackToken": token, "SqsQueueUrl": queue}}
    given = {"words": "a b", "count": "3", "share": "0.5", "good": "True", "other": "ignored"}
    listed = [{"Name": name, "Value": value} for name, value in given.items()]
    answer = pipelines.sagemaker.send_pipeline_execution_step_success(CallbackToken=token, OutputParameters=listed)
    assert answer["PipelineExecutionArn"] == arn
    assert pipelines.ended(arn) == "Failed"
    found = pipelines.steps(arn)
    assert found["end"]["FailureReason"] == "a b|3|0.5|true"
    assert found["ask"]["Metadata"]["Callback"]["OutputParameters"] == listed[:4]


def test_an_answer_of_failure_is_the_reason(pipelines: Pipelines, queue: str) -> None:
    arn = pipelines.start(ask(queue), parameters=(NUMBER,))
    token = received(pipelines, queue)["token"]
    pipelines.sagemaker.send_pipeline_execution_step_failure(CallbackToken=token, FailureReason="no licence")
    assert pipelines.ended(arn) == "Failed"
    assert pipelines.steps(arn)["ask"]["FailureReason"] == "no licence"


def test_a_token_is_used_once(pipelines: Pipelines, queue: str, refused) -> None:
    arn = pipelines.start(ask(queue), parameters=(NUMBER,))
    request = {"CallbackToken": received(pipelines, queue)["token"], "ClientRequestToken": uuid.uuid4().hex}
    for _ in range(2):
        assert pipelines.sagemaker.send_pipeline_execution_step_success(**request)["PipelineExecutionArn"] == arn
    assert pipelines.ended(arn) == "Succeeded"
    assert pipelines.sagemaker.send_pipeline_execution_step_success(**request)["PipelineExecutionArn"] == arn
    with refused("ValidationException"):
        pipelines.sagemaker.send_pipeline_execution_step_failure(CallbackToken=request["CallbackToken"])
    with refused("ValidationException"):
        pipelines.sagemaker.send_pipeline_execution_step_success(CallbackToken="abcdefghij")


def test_an_output_of_another_type_fails_the_step(pipelines: Pipelines, queue: str) -> None:
    arn = pipelines.start(ask(queue, ("count", "Integer")), parameters=(NUMBER,))
    wrong = [{"Name": "count", "Value": "many"}]
    pipelines.sagemaker.send_pipeline_execution_step_success(CallbackToken=received(pipelines, queue)["token"], OutputParameters=wrong)
    assert pipelines.ended(arn) == "Failed"
    assert "count is of type Integer, and its value is 'many'" in pipelines.steps(arn)["ask"]["FailureReason"]


def test_an_execution_stops_when_the_second_message_is_answered(pipelines: Pipelines, queue: str) -> None:
    arn = pipelines.start(ask(queue), step("never", "Fail", {"ErrorMessage": "x"}, DependsOn=["ask"]), parameters=(NUMBER,))
    first = received(pipelines, queue)
    pipelines.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert received(pipelines, queue) == first | {"status": "Stopping"}
    assert pipelines.describe(arn)["PipelineExecutionStatus"] == "Stopping"
    assert pipelines.waiting(arn, "ask", "Stopping")
    pipelines.sagemaker.send_pipeline_execution_step_success(CallbackToken=first["token"])
    assert pipelines.ended(arn) == "Stopped"
    assert list(pipelines.steps(arn)) == ["ask"]


def test_a_queue_that_does_not_exist_fails_the_step(pipelines: Pipelines) -> None:
    found = pipelines.failed(ask("https://sqs.us-east-1.amazonaws.com/123456789012/no-such-queue"), parameters=(NUMBER,))
    assert found["ask"]["FailureReason"].startswith("ClientError: Failed to invoke sqs:SendMessage. Error Details: ")
