"""The steps that deploy: EndpointConfig, Endpoint and InferenceComponent.

Source: `sagemaker.mlops.workflow.endpoint_step` and `inference_component_step` of SDK v3 3.27, and the description of
https://github.com/aws/sagemaker-python-sdk/pull/6224: an endpoint configuration's name gets a suffix, that of an endpoint or a component
does not; the latter two are created, or updated if they exist. Read 2026-11-28.
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from course.localaws.core.resources import Document
from course.localaws.sagemaker.pipelines.steps.calls import operation
from course.localaws.sagemaker.pipelines.steps.creation import CreationStep
from course.localaws.sagemaker.pipelines.steps.step_type import SUCCEEDED, Attempt, Outcome, StepType

CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack")


class DeploymentStep(StepType):
    """Creates something that answers requests, or updates it if it exists, and waits until it is in service.

    Parameters
    ----------
    noun : str
        As in the names of operations: ``"Endpoint"``.
    kind : str
        Its part of the ARN.
    updated : tuple of str
        The arguments that an update takes.
    """

    def __init__(self, noun: str, kind: str, updated: tuple[str, ...]) -> None:
        self.noun, self.kind, self.updated = noun, kind, updated
        self.operation = f"Create{noun}"

    def start(self, attempt: Attempt, arguments: dict) -> None:
        name = arguments[f"{self.noun}Name"]
        interrupted = self.noun in attempt.metadata
        kind = attempt.engine.kinds[self.kind]
        attempt.metadata[self.noun] = {"Arn": attempt.engine.arn_of(attempt.context, kind, name)}
        attempt.save()
        client, present = attempt.client("sagemaker"), attempt.find(self.kind, name)
        try:
            if present is None:
                operation(client, self.operation)(**attempt.tagged(arguments))
            elif not (interrupted and self._is_under_way(present, arguments)):
                request = {member: arguments[member] for member in self.updated if member in arguments}
                operation(client, f"Update{self.noun}")(**request)
        except ClientError:
            attempt.metadata.clear()
            raise

    def check(self, attempt: Attempt) -> Outcome | None:
        document = attempt.find(self.kind, self._name(attempt))
        if document is None:
            return Outcome("Failed", f"ClientError: {attempt.metadata[self.noun]['Arn']} was deleted.")
        status = document[f"{self.noun}Status"]
        if status in CHANGING:
            return None
        if status == "InService" and self._is_as_asked(document, self.arguments(attempt.step, attempt.scope)):
            return SUCCEEDED
        return Outcome("Failed", document.get("FailureReason") or f"ClientError: {attempt.metadata[self.noun]['Arn']} is {status}.")

    def properties(self, attempt: Attempt) -> object:
        return operation(attempt.client("sagemaker"), f"Describe{self.noun}")(**{f"{self.noun}Name": self._name(attempt)})

    def _name(self, attempt: Attempt) -> str:
        return attempt.metadata[self.noun]["Arn"].rpartition("/")[2]

    def _is_under_way(self, document: Document, arguments: dict) -> bool:
        """Whether a call that a crash interrupted had its effect."""
        return document[f"{self.noun}Status"] in CHANGING or "EndpointConfigName" in arguments and self._is_as_asked(document, arguments)

    def _is_as_asked(self, document: Document, arguments: dict) -> bool:
        """Whether an endpoint has the configuration that was asked for: an update that failed leaves the old one in service."""
        return document.get("EndpointConfigName") == arguments.get("EndpointConfigName", document.get("EndpointConfigName"))


TYPES = {
    "EndpointConfig": CreationStep("EndpointConfig", "endpoint-config"),
    "Endpoint": DeploymentStep("Endpoint", "endpoint", ("EndpointName", "EndpointConfigName")),
    "InferenceComponent": DeploymentStep(
        "InferenceComponent", "inference-component", ("InferenceComponentName", "Specification", "RuntimeConfig")
    ),
}
