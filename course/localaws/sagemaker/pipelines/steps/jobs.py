"""The steps that run a job: Processing, Training, Transform and Tuning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from course.localaws.core.resources import Document
from course.localaws.sagemaker.pipelines.steps.step_type import SUCCEEDED, Attempt, Outcome, StepType

ALREADY_THERE = ("ResourceInUse", "ValidationException")


@dataclass(frozen=True)
class JobStep(StepType):
    """Steps of a type that creates a job, and waits for its end.

    Parameters
    ----------
    noun : str
        As in the names of operations: ``"TrainingJob"``.
    kind : str
        The job's part of the ARN, e.g. ``"training-job"``.
    metadata : str
        The member of the step's ``Metadata``.
    """

    noun: str
    kind: str
    metadata: str

    def start(self, attempt: Attempt, arguments: dict) -> Outcome | None:
        client = attempt.client("sagemaker")
        if attempt.engine.find(attempt.context, self._kind(attempt), attempt.name) is None:
            _operation(client, f"Create{self.noun}")(**arguments | {f"{self.noun}Name": attempt.name})
        attempt.metadata[self.metadata] = {"Arn": self._document(attempt)[f"{self.noun}Arn"]}
        return None

    def check(self, attempt: Attempt) -> Outcome | None:
        document = self._document(attempt)
        status = document[f"{self.noun}Status"]
        if status in ("InProgress", "Stopping", "Deleting"):
            return None
        if status == "Completed":
            return SUCCEEDED
        if status == "Stopped":
            return Outcome("Stopped")
        return Outcome("Failed", f"ClientError: {document.get('FailureReason', '')}".removeprefix("ClientError: "))

    def stop(self, attempt: Attempt) -> None:
        try:
            _operation(attempt.client("sagemaker"), f"Stop{self.noun}")(**{f"{self.noun}Name": attempt.name})
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException":  # it has just ended
                raise

    def properties(self, attempt: Attempt) -> object:
        return _operation(attempt.client("sagemaker"), f"Describe{self.noun}")(**{f"{self.noun}Name": attempt.name})

    def _kind(self, attempt: Attempt) -> Any:
        return attempt.engine.kinds[self.kind]

    def _document(self, attempt: Attempt) -> Document:
        return attempt.engine.get(attempt.context, self._kind(attempt), attempt.name)


def _operation(client: Any, name: str) -> Any:
    """The method of a botocore client for an operation."""
    return getattr(client, next(method for method, operation in client.meta.method_to_api_mapping.items() if operation == name))


TYPES = {
    "Processing": JobStep("ProcessingJob", "processing-job", "ProcessingJob"),
    "Training": JobStep("TrainingJob", "training-job", "TrainingJob"),
    "Transform": JobStep("TransformJob", "transform-job", "TransformJob"),
    "Tuning": JobStep("HyperParameterTuningJob", "hyper-parameter-tuning-job", "TuningJob"),
}
