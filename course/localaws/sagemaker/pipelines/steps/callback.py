"""Callback steps: a message to a queue, and then a wait until a program answers with the message's token.

Source: "Callback step" of the developer guide, API reference of StopPipelineExecution and SendPipelineExecutionStepSuccess; read
2026-11-28. `course.localaws.sagemaker.pipelines.callbacks` receives the answers.
"""

from __future__ import annotations

import json

from course.localaws.sagemaker.pipelines.language.expressions import resolve, text
from course.localaws.sagemaker.pipelines.steps import outputs
from course.localaws.sagemaker.pipelines.steps.names import token_of
from course.localaws.sagemaker.pipelines.steps.step_type import SUCCEEDED, Attempt, Outcome, StepType


class CallbackStep(StepType):
    """Sends a message with a token and the step's arguments, and waits for the answer."""

    def start(self, attempt: Attempt, arguments: dict) -> None:
        queue = text(resolve(attempt.step.document["SqsQueueUrl"], attempt.scope))
        attempt.metadata["Callback"] = {"CallbackToken": token_of(attempt.name), "SqsQueueUrl": queue}
        attempt.save()  # first, because the answer may come before the call below returns
        _send(attempt, arguments, "Executing")

    def check(self, attempt: Attempt) -> Outcome | None:
        if not attempt.answer:
            return None
        if attempt.answer["Status"] == "Failed":
            return Outcome("Failed", attempt.answer.get("FailureReason", ""))
        given = {each["Name"]: each["Value"] for each in attempt.answer.get("OutputParameters", ())}
        attempt.metadata["Callback"]["OutputParameters"] = outputs.listed(attempt.step, given)
        return SUCCEEDED

    def stop(self, attempt: Attempt) -> None:
        """Say in a second message that the execution is stopping. The step goes on until it is answered, also if the queue is gone."""
        _send(attempt, self.arguments(attempt.step, attempt.scope), "Stopping")

    def properties(self, attempt: Attempt) -> object:
        return {"OutputParameters": outputs.typed(attempt.step, attempt.metadata["Callback"].get("OutputParameters", ()))}


def _send(attempt: Attempt, arguments: dict, status: str) -> None:
    callback = attempt.metadata["Callback"]
    queue, token = callback["SqsQueueUrl"], callback["CallbackToken"]
    body = {"token": token, "pipelineExecutionArn": attempt.execution, "arguments": arguments, "status": status}
    fifo = {"MessageGroupId": token, "MessageDeduplicationId": f"{token}-{status}"} if queue.endswith(".fifo") else {}
    attempt.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(body), **fifo)


TYPES = {"Callback": CallbackStep()}
