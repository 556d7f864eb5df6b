"""Steps that create a resource under the name of the attempt."""

from __future__ import annotations

from course.localaws.sagemaker.pipelines.steps.calls import operation
from course.localaws.sagemaker.pipelines.steps.names import Names
from course.localaws.sagemaker.pipelines.steps.step_type import SUCCEEDED, Attempt, Outcome, StepType


class CreationStep(StepType):
    """Creates a resource, and has succeeded then.

    Parameters
    ----------
    noun : str
        As in the names of operations, e.g. ``"Model"``.
    kind : str
        The resource's part of the ARN, e.g. ``"model"``.
    names : Names, optional
    """

    def __init__(self, noun: str, kind: str, names: Names | None = None) -> None:
        self.noun, self.kind = noun, kind
        self.operation = f"Create{noun}"
        self.names = names or Names(f"{noun}Name")

    def start(self, attempt: Attempt, arguments: dict) -> Outcome | None:
        self.create(attempt, arguments)
        attempt.metadata[self.noun] = {"Arn": self.properties(attempt)[f"{self.noun}Arn"]}
        return SUCCEEDED

    def create(self, attempt: Attempt, arguments: dict) -> None:
        """Create the resource, unless the call that a crash interrupted has created it."""
        if attempt.find(self.kind, attempt.name) is None:
            operation(attempt.client("sagemaker"), self.operation)(**attempt.tagged(arguments) | self.named(attempt))

    def named(self, attempt: Attempt) -> dict[str, str]:
        """The parameter that names the resource."""
        return {f"{self.noun}Name": attempt.name}

    def properties(self, attempt: Attempt) -> dict:
        return operation(attempt.client("sagemaker"), f"Describe{self.noun}")(**self.named(attempt))
