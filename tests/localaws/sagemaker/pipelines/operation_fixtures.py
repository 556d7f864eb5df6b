"""Steps that need no job, for tests of what is around steps: a Condition, and a Callback step that waits for an answer."""

from __future__ import annotations

import json
import uuid
from typing import Any

from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines, step


def token() -> str:
    return uuid.uuid4().hex


def condition(name: str, holds: bool = True, then: tuple[dict, ...] = (), otherwise: tuple[dict, ...] = (), **members: object) -> dict:
    """A step that ends at once."""
    conditions = [{"Type": "Equals", "LeftValue": 1, "RightValue": 1 if holds else 2}]
    return step(name, "Condition", {"Conditions": conditions, "IfSteps": list(then), "ElseSteps": list(otherwise)}, **members)


def text_of(*steps: dict) -> str:
    """A definition with these steps."""
    return json.dumps({"Version": "2020-12-01", "Steps": list(steps)})


class Questions:
    """Callback steps that ask, and the answers to them."""

    def __init__(self, pipelines: Pipelines) -> None:
        self._pipelines, self._sagemaker = pipelines, pipelines.sagemaker
        self.queue = pipelines.sqs.create_queue(QueueName=f"questions-{token()}")["QueueUrl"]

    def ask(self, name: str, *outputs: str, **members: object) -> dict:
        """A step that waits for an answer with these outputs."""
        declared = [{"OutputName": output, "OutputType": "String"} for output in outputs]
        return step(name, "Callback", {}, SqsQueueUrl=self.queue, OutputParameters=declared, **members)

    def token_of(self, arn: str, name: str, status: str = "Executing") -> str:
        """The token of a step that waits."""
        return self._pipelines.waiting(arn, name, status)["Metadata"]["Callback"]["CallbackToken"]

    def succeed(self, arn: str, name: str, status: str = "Executing", **outputs: str) -> None:
        listed = [{"Name": output, "Value": value} for output, value in outputs.items()]
        token = self.token_of(arn, name, status)
        self._sagemaker.send_pipeline_execution_step_success(CallbackToken=token, OutputParameters=listed)

    def fail(self, arn: str, name: str, reason: str = "no") -> None:
        self._sagemaker.send_pipeline_execution_step_failure(CallbackToken=self.token_of(arn, name), FailureReason=reason)

    def asked(self) -> list[dict[str, Any]]:
        """The messages that have come so far."""
        found = self._pipelines.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]
