"""What a retried execution keeps of its first run.

Source: "Run a pipeline" of the developer guide, read 2026-11-28: it "resumes running from" the step that failed or was stopped, and an
execution that a Fail step ended cannot be retried. Steps that depend on a step that runs again, run again. A ForEach step goes on with
the iterations that have not succeeded.
"""

from __future__ import annotations

from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document
from course.localaws.sagemaker.pipelines.language.definition import Definition
from course.localaws.sagemaker.pipelines.selection import needs

RETRIED = ("Failed", "Stopped")  # statuses of executions


def kept(definition: Definition, execution: Document) -> dict[str, dict]:
    """The states of the steps that do not run again. Raises AwsError ``ValidationException`` if the execution cannot be retried."""
    arn, status, states = execution["PipelineExecutionArn"], execution["PipelineExecutionStatus"], execution["_steps"]
    if status not in RETRIED:
        raise invalid(f"Pipeline execution with ARN {arn} cannot be retried: its status is {status}, not one of {', '.join(RETRIED)}.")
    again = {name for name, state in states.items() if state["StepStatus"] != "Succeeded"}
    if stopper := next((name for name in again if definition.step(name).type == "Fail"), None):
        raise invalid(f"Pipeline execution with ARN {arn} cannot be retried: the Fail step {stopper} has ended it.")
    while more := {name for name in states if name not in again and needs(definition.step(name)) & again}:
        again |= more
    return {name: _resumed(state) if name in again else state for name, state in states.items() if name not in again or _is_loop(state)}


def _is_loop(state: dict) -> bool:
    """Whether it is the state of a ForEach step that has found its items."""
    return "items" in state.get("_memory", {})


def _resumed(state: dict) -> dict:
    ended = ("EndTime", "FailureReason")
    return {member: value for member, value in state.items() if member not in ended} | {"StepStatus": "Executing"}
