"""SageMaker's scalable dimensions, their resource ids, and the CloudWatch dimensions of these resources.

Source: ``RegisterScalableTarget`` of the Application Auto Scaling API reference, read 2026-11-26.
"""

from __future__ import annotations

from dataclasses import dataclass

from course.localaws.core.errors import invalid

INSTANCES, PROVISIONED = "sagemaker:variant:DesiredInstanceCount", "sagemaker:variant:DesiredProvisionedConcurrency"
COPIES = "sagemaker:inference-component:DesiredCopyCount"


@dataclass(frozen=True, slots=True)
class ScalableDimension:
    """A scalable dimension.

    Attributes
    ----------
    parts : tuple of (str, str)
        The parts of a resource id: the word before each name, and the CloudWatch dimension that has this name as its value.
    words : str
        The name of the scaled quantity in the texts of activities.
    kind : str
        The kind of its resources, for error messages.
    """

    parts: tuple[tuple[str, str], ...]
    words: str
    kind: str

    @property
    def form(self) -> str:
        return "/".join(f"{word}/<name>" for word, _ in self.parts)

    def names(self, resource: str) -> list[str] | None:
        """Returns the names in a resource id; None when the id has another form."""
        pieces = resource.split("/")
        if pieces[::2] != [word for word, _ in self.parts] or len(pieces) != 2 * len(self.parts) or not all(pieces):
            return None
        return pieces[1::2]

    def metric_dimensions(self, resource: str) -> list[dict]:
        """Returns the CloudWatch dimensions of the resource's metrics."""
        return [{"Name": name, "Value": value} for (_, name), value in zip(self.parts, self.names(resource) or (), strict=True)]


_VARIANT = (("endpoint", "EndpointName"), ("variant", "VariantName"))
DIMENSIONS = {
    INSTANCES: ScalableDimension(_VARIANT, "desired instance count", "endpoint variant"),
    PROVISIONED: ScalableDimension(_VARIANT, "desired provisioned concurrency", "endpoint variant"),
    COPIES: ScalableDimension((("inference-component", "InferenceComponentName"),), "desired copy count", "inference component"),
}


def dimension_of(params: dict) -> ScalableDimension:
    """Returns the scalable dimension of a request, and checks its resource id. Raises AwsError ``ValidationException``."""
    name, resource = params["ScalableDimension"], params["ResourceId"]
    if name not in DIMENSIONS:
        raise invalid(f"Unsupported service namespace, resource type or scalable dimension: {name}")
    if DIMENSIONS[name].names(resource) is None:
        raise invalid(f"Unsupported resource id {resource}: it must be {DIMENSIONS[name].form}.")
    return DIMENSIONS[name]
