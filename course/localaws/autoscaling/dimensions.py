"""What of SageMaker can be scaled: the scalable dimensions, the resource ids that go with them, and what metrics call these resources.

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
        Of its resource ids: the word before each name, and the dimension by which CloudWatch's metrics have that name.
    words : str
        What is scaled, as activities call it.
    kind : str
        Of its resources, for error messages.
    """

    parts: tuple[tuple[str, str], ...]
    words: str
    kind: str

    @property
    def form(self) -> str:
        return "/".join(f"{word}/<name>" for word, _ in self.parts)

    def names(self, resource: str) -> list[str] | None:
        """The names in a resource id; None where it has another form."""
        pieces = resource.split("/")
        if pieces[::2] != [word for word, _ in self.parts] or len(pieces) != 2 * len(self.parts) or not all(pieces):
            return None
        return pieces[1::2]

    def metric_dimensions(self, resource: str) -> list[dict]:
        """CloudWatch's dimensions of the resource's metrics."""
        return [{"Name": name, "Value": value} for (_, name), value in zip(self.parts, self.names(resource) or (), strict=True)]


_VARIANT = (("endpoint", "EndpointName"), ("variant", "VariantName"))
DIMENSIONS = {
    INSTANCES: ScalableDimension(_VARIANT, "desired instance count", "endpoint variant"),
    PROVISIONED: ScalableDimension(_VARIANT, "desired provisioned concurrency", "endpoint variant"),
    COPIES: ScalableDimension((("inference-component", "InferenceComponentName"),), "desired copy count", "inference component"),
}


def dimension_of(params: dict) -> ScalableDimension:
    """The dimension of a request, whose resource id is checked. Raises AwsError ``ValidationException``."""
    name, resource = params["ScalableDimension"], params["ResourceId"]
    if name not in DIMENSIONS:
        raise invalid(f"Unsupported service namespace, resource type or scalable dimension: {name}")
    if DIMENSIONS[name].names(resource) is None:
        raise invalid(f"Unsupported resource id {resource}: it must be {DIMENSIONS[name].form}.")
    return DIMENSIONS[name]
