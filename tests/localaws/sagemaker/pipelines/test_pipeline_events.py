"""EventBridge receives events about executions and their steps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.localaws.sagemaker.pipelines.definitions import condition
from tests.localaws.sagemaker.pipelines.operation_fixtures import Questions, token
from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines
from tests.localaws.subscribed_queues import queue_for_rules

EXECUTION = "SageMaker Model Building Pipeline Execution Status Change"
STEP = "SageMaker Model Building Pipeline Execution Step Status Change"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class Heard:
    """What a rule of EventBridge has sent to a queue."""

    def __init__(self, pipelines: Pipelines) -> None:
        self._sqs, self._events, self.name = pipelines.sqs, pipelines.client("events"), f"heard-{token()}"
        self._url, arn = queue_for_rules(self._sqs, self.name)
        pattern = {"source": ["aws.sagemaker"], "detail-type": [EXECUTION, STEP]}
        self._events.put_rule(Name=self.name, EventPattern=json.dumps(pattern))
        self._events.put_targets(Rule=self.name, Targets=[{"Id": "queue", "Arn": arn}])
        self._got: list[dict] = []

    def about(self, arn: str) -> list[dict]:
        """All events about an execution so far."""
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                self._got.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [event for event in self._got if event["detail"]["pipelineExecutionArn"] == arn]

    def close(self) -> None:
        self._events.remove_targets(Rule=self.name, Ids=["queue"])
        self._events.delete_rule(Name=self.name)


@pytest.fixture
def heard(pipelines: Pipelines) -> Iterator[Heard]:
    made = Heard(pipelines)
    yield made
    made.close()


def test_each_change_of_an_execution_and_of_a_step_is_an_event(pipelines: Pipelines, heard: Heard) -> None:
    questions = Questions(pipelines)
    arn = pipelines.start(questions.ask("ask"), condition("after") | {"DependsOn": ["ask"]})
    questions.fail(arn, "ask", "no licence")
    assert pipelines.ended(arn) == "Failed"
    events = pipelines.until(lambda: heard.about(arn), lambda found: len(found) >= 5)
    described = pipelines.describe(arn)
    assert all(event["resources"] == [described["PipelineArn"], arn] for event in events)

    executions = [event["detail"] for event in events if event["detail-type"] == EXECUTION]
    assert [detail["currentPipelineExecutionStatus"] for detail in executions] == ["Executing", "Failed"]
    first, last = executions
    assert "previousPipelineExecutionStatus" not in first and last["previousPipelineExecutionStatus"] == "Executing"
    assert last["pipelineExecutionDisplayName"] == described["PipelineExecutionDisplayName"] and "executionEndTime" not in first
    assert TIME.fullmatch(last["executionStartTime"]) and TIME.fullmatch(last["executionEndTime"])

    steps = [event["detail"] for event in events if event["detail-type"] == STEP]
    assert [detail["currentStepStatus"] for detail in steps] == ["Starting", "Executing", "Failed"]
    assert [detail.get("previousStepStatus") for detail in steps] == [None, "Starting", "Executing"]
    assert {(detail["stepName"], detail["stepType"]) for detail in steps} == {("ask", "Callback")}
    shown = pipelines.steps(arn)["ask"]["Metadata"]["Callback"]
    assert steps[-1]["metadata"] == {"callback": {"callbackToken": shown["CallbackToken"], "sqsQueueUrl": shown["SqsQueueUrl"]}}
    assert steps[-1]["failureReason"] == "no licence" and TIME.fullmatch(steps[-1]["stepEndTime"]) and "stepEndTime" not in steps[0]


def test_a_stop_and_a_retry_are_events(pipelines: Pipelines, heard: Heard) -> None:
    questions = Questions(pipelines)
    arn = pipelines.start(questions.ask("ask"))
    questions.token_of(arn, "ask")
    pipelines.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
    questions.succeed(arn, "ask", "Stopping")
    assert pipelines.ended(arn) == "Stopped"
    pipelines.sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
    assert pipelines.ended(arn) == "Succeeded"
    wanted = ["Executing", "Stopping", "Stopped", "Executing", "Succeeded"]

    def statuses() -> list[str]:
        return [each["detail"]["currentPipelineExecutionStatus"] for each in heard.about(arn) if each["detail-type"] == EXECUTION]

    assert pipelines.until(statuses, lambda found: len(found) >= len(wanted)) == wanted
