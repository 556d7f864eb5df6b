"""The answers to Callback steps: SendPipelineExecutionStepSuccess and SendPipelineExecutionStepFailure.

Source: API reference of these operations, read 2026-11-28. AWS's text for a token that is not known, or that was used, is not public.
"""

from __future__ import annotations

from collections.abc import Iterator

from course.localaws.context import Context, Operation
from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.pipelines.kinds import ENDED, EXECUTION, RUNNING
from course.localaws.sagemaker.pipelines.runs.runner import ExecutionRunner

WAITING = ("Starting", "Executing", "Stopping")


class Callbacks:
    """Takes the answers, and stores each in the state of its step. The execution's thread finds it there."""

    def __init__(self, engine: ResourceEngine, runner: ExecutionRunner) -> None:
        self._engine, self._runner = engine, runner
        self.operations: dict[str, Operation] = {
            "SendPipelineExecutionStepSuccess": lambda context, params: self._answer(context, params, "Succeeded"),
            "SendPipelineExecutionStepFailure": lambda context, params: self._answer(context, params, "Failed"),
        }

    def _answer(self, context: Context, params: dict, status: str) -> dict:
        token = params["CallbackToken"]
        answer = {"Status": status} | {name: value for name, value in params.items() if name != "CallbackToken"}

        def changes(document: Document) -> dict:
            step, state = _step_of(document, token)
            if "_answer" not in state and state["StepStatus"] in WAITING:
                return {"_steps": document["_steps"] | {step: state | {"_answer": answer}}}
            if state.get("_answer") == answer and "ClientRequestToken" in params:
                return {}  # the same request again
            raise invalid(f"The callback token {token} was already used, or its step has ended.")

        for document in self._executions(context):
            if _step_of(document, token)[0]:
                self._engine.update(context, EXECUTION, document["_name"], changes)
                self._runner.wake(document["PipelineExecutionArn"])
                return {"PipelineExecutionArn": document["PipelineExecutionArn"]}
        raise invalid(f"The callback token {token} does not exist.")

    def _executions(self, context: Context) -> Iterator[Document]:
        """All executions of the region. Those that run come first: a token that was used is rarely asked for."""
        for statuses in (RUNNING, ENDED):
            yield from (document for own, document in self._engine.every(EXECUTION, statuses) if own.region == context.region)


def _step_of(document: Document, token: str) -> tuple[str, dict]:
    """The step that waits for a token, and its state; ``("", {})`` if there is none in this execution."""
    for name, state in document["_steps"].items():
        if state["Metadata"].get("Callback", {}).get("CallbackToken") == token:
            return name, state
    return "", {}
