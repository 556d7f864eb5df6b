"""Callback steps, which need no job and wait for an answer, for tests of operations and executions."""

from __future__ import annotations

import json
import uuid
from typing import Any

from tests.localaws.sagemaker.pipelines.definitions import step
from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines


def token() -> str:
    return uuid.uuid4().hex


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
