"""The document of one execution, which holds all that its thread knows. Each change is one transaction."""

from __future__ import annotations

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.pipelines.kinds import EXECUTION


class ExecutionRecord:
    """Reads and changes the document of an execution.

    Attributes
    ----------
    context : Context
    engine : ResourceEngine
    """

    def __init__(self, engine: ResourceEngine, context: Context, name: str) -> None:
        self.engine, self.context, self._name = engine, context, name

    def read(self) -> Document:
        return self.engine.get(self.context, EXECUTION, self._name)

    def change_step(self, name: str, members: dict) -> None:
        """Replace members of a step's state, or begin one. ``None`` removes a member."""

        def changed(document: Document) -> dict:
            state = document["_steps"].get(name, {}) | members
            return {"_steps": document["_steps"] | {name: {member: value for member, value in state.items() if value is not None}}}

        self.engine.update(self.context, EXECUTION, self._name, changed)

    def end(self, seen: str, status: str, reason: str = "") -> bool:
        """End the execution, unless its status is not ``seen`` any more. Returns whether it has ended."""
        ended = {"PipelineExecutionStatus": status, "FailureReason": reason or None, "_end": self.engine.now()}
        document = self.engine.update(
            self.context, EXECUTION, self._name, lambda document: ended if document["PipelineExecutionStatus"] == seen else {}
        )
        return document["PipelineExecutionStatus"] == status
