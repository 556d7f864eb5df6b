"""The base of SageMaker's families, and the handlers that several of them have. `course.localaws.sagemaker.service` lists the families."""

from __future__ import annotations

from typing import Any

from course.localaws.context import Context, Operation
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind


class Family:
    """Some kinds of resources and the operations on them. By default a family runs nothing, so a start or a stop has no work for it."""

    needs: tuple[type[Family], ...] = ()
    """The families that its constructor gets."""
    kinds: tuple[ResourceKind, ...] = ()
    parts: tuple[ResourceKind, ...] = ()
    """Kinds of parts of its resources, whose ARNs begin like those of one of `kinds`."""
    operations: dict[str, Operation]
    listeners: tuple[Any, ...] = ()
    """Called by the engine after changes of the kinds that their method ``follows`` accepts."""

    def recover(self) -> None:
        """After a start: fail or restart the work that was running when the last process ended."""

    def shutdown(self) -> None:
        """End every process that the family started."""

    def reset(self) -> None:
        """End all running work, and delete what the family keeps outside the engine."""
        self.shutdown()


def describe(engine: ResourceEngine, kind: ResourceKind) -> Operation:
    """The Describe operation of a kind whose document is the answer."""

    def handler(context: Context, params: dict) -> Document:
        return engine.get(context, kind, params[kind.name_member])

    return handler


def list_page(engine: ResourceEngine, kind: ResourceKind, member: str) -> Operation:
    """The List operation of a kind. ``member`` is the member of the answer that has the summaries."""

    def handler(context: Context, params: dict) -> dict:
        summaries, token = engine.page(context, kind, params)
        return {member: summaries, "NextToken": token}

    return handler
