"""EventBridge events about executions and their steps.

Source: "SageMaker pipeline execution state change" and "SageMaker pipeline step state change" of the developer guide, read 2026-11-28.
The first event about an execution or a step has no previous status.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from course.localaws.context import Context
from course.localaws.sagemaker.core.state_events import SOURCE
from course.localaws.sagemaker.pipelines.kinds import EXECUTION, RUNNING

if TYPE_CHECKING:
    from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
    from course.localaws.platform import Platform

EXECUTION_CHANGE = "SageMaker Model Building Pipeline Execution Status Change"
STEP_CHANGE = "SageMaker Model Building Pipeline Execution Step Status Change"


class PipelineEvents:
    """Sends the events. `ResourceEngine` calls it after each change of an execution."""

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._platform, self._engine = platform, engine

    def follows(self, kind: ResourceKind) -> bool:
        return kind is EXECUTION

    def __call__(self, context: Context, kind: ResourceKind, before: Document | None, after: Document) -> None:
        previous = before["PipelineExecutionStatus"] if before else ""
        if previous != after["PipelineExecutionStatus"]:
            self._send(context, EXECUTION_CHANGE, after, _of_execution(after, previous))
        if before:
            for name, state in after["_steps"].items():
                previous = before["_steps"].get(name, {}).get("StepStatus", "")
                if previous != state["StepStatus"]:
                    self._send(context, STEP_CHANGE, after, _of_step(state, previous))

    def _send(self, context: Context, detail_type: str, execution: Document, detail: dict) -> None:
        arns = {"pipelineArn": execution["PipelineArn"], "pipelineExecutionArn": execution["PipelineExecutionArn"]}
        given = {member: value for member, value in (detail | arns).items() if value is not None}
        event = {
            "Source": SOURCE,
            "DetailType": detail_type,
            "Resources": list(arns.values()),
            "Time": self._engine.now(),
            "Detail": json.dumps(given),
        }
        self._platform.events.publish(context.region, event)


def _of_execution(document: Document, previous: str) -> dict:
    ended = document["PipelineExecutionStatus"] not in RUNNING
    return {
        "pipelineExecutionDisplayName": document["PipelineExecutionDisplayName"],
        "pipelineExecutionDescription": document.get("PipelineExecutionDescription"),
        "currentPipelineExecutionStatus": document["PipelineExecutionStatus"],
        "previousPipelineExecutionStatus": previous or None,
        "executionStartTime": _time(document["CreationTime"]),
        "executionEndTime": _time(document["_end"]) if ended else None,
    }


def _of_step(state: dict, previous: str) -> dict:
    return {
        "metadata": _camel(state["Metadata"]),
        "stepName": state["StepName"],
        "stepType": state["_type"],
        "currentStepStatus": state["StepStatus"],
        "previousStepStatus": previous or None,
        "stepStartTime": _time(state["StartTime"]),
        "stepEndTime": _time(state["EndTime"]) if "EndTime" in state else None,
        "failureReason": state.get("FailureReason"),
        "cacheHitResult": _camel(state["CacheHitResult"]) if "CacheHitResult" in state else None,
    }


def _camel(value: object) -> object:
    """A document with its members in camel case, as in events. The names in maps of ARNs are those of entities, and stay."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: inner if name.endswith("Arns") else _camel(inner) for name, inner in value.items()}
    return [_camel(inner) for inner in value] if isinstance(value, list) else value


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
