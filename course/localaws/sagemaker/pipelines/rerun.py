"""What a retried execution keeps of its first run.

Source: "Run a pipeline" of the developer guide, read 2026-11-28: it "resumes running from" the step that failed or was stopped, and an
execution that a Fail step ended cannot be retried. Steps that depend on a step that runs again, run again. A ForEach step goes on with
the child steps that have not succeeded, unless it depends on a step that runs again.
"""

from __future__ import annotations

from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document
from course.localaws.sagemaker.pipelines.language.definition import Definition, Step

RETRIED = ("Failed", "Stopped")  # statuses of executions


def kept(definition: Definition, execution: Document) -> dict[str, dict]:
    """The states of the steps that do not run again. Raises AwsError ``ValidationException`` if the execution cannot be retried."""
    arn, status, states = execution["PipelineExecutionArn"], execution["PipelineExecutionStatus"], execution["_steps"]
    if status not in RETRIED:
        raise invalid(f"Pipeline execution with ARN {arn} cannot be retried: its status is {status}, not one of {', '.join(RETRIED)}.")
    steps = {name: definition.step(name) for name in states}
    failed = {name for name, state in states.items() if state["StepStatus"] != "Succeeded" and "SelectiveExecutionResult" not in state}
    if stopper := next((name for name in failed if steps[name].type == "Fail"), None):
        raise invalid(f"Pipeline execution with ARN {arn} cannot be retried: the Fail step {stopper} has ended it.")
    failed |= {iteration.loop for name in failed if (iteration := steps[name].iteration)}
    dependent: set[str] = set()
    while more := {name for name in states.keys() - dependent if _depends(steps[name], failed, dependent)}:
        dependent |= more
    resumed = {name for name in failed - dependent if _is_loop(states[name])}
    again = (failed | dependent) - resumed
    return {name: _resumed(state) if name in resumed else state for name, state in states.items() if name not in again}


def _depends(step: Step, failed: set[str], dependent: set[str]) -> bool:
    """Whether a step runs again because another one does."""
    return bool(step.needs & (failed | dependent)) or step.iteration is not None and step.iteration.loop in dependent


def _is_loop(state: dict) -> bool:
    """Whether it is the state of a ForEach step that has found its items."""
    return "items" in state.get("_memory", {})


def _resumed(state: dict) -> dict:
    ended = ("EndTime", "FailureReason")
    return {member: value for member, value in state.items() if member not in ended} | {"StepStatus": "Executing"}
