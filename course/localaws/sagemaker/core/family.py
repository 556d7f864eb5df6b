"""The base of SageMaker's families. `course.localaws.sagemaker.service` lists them, and starts and stops them."""

from __future__ import annotations

from course.localaws.context import Operation
from course.localaws.core.resources import ResourceKind


class Family:
    """Some kinds of resources and the operations on them. By default a family runs nothing, so a start or a stop has no work for it."""

    kinds: tuple[ResourceKind, ...] = ()
    operations: dict[str, Operation]

    def recover(self) -> None:
        """After a start: fail or restart the work that was running when the last process ended."""

    def shutdown(self) -> None:
        """End every process that the family started."""
