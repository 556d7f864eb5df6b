"""An inference component in service: its instances are the copies of the model."""

from __future__ import annotations

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.hosting.servers.production_variant import ProductionVariant

# Wording: "Scale an endpoint to zero instances" of the developer guide.
NO_COPY = (
    "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress (if configured) or try to "
    "increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API."
)


class NoCopyInService(AwsError):
    """The inference component has no copies."""

    def __init__(self) -> None:
        super().__init__("ValidationError", NO_COPY)


class ComponentVariant(ProductionVariant):
    """An inference component on a variant. Each copy is one container on one of the variant's instances."""

    def grow(self) -> None:
        """Requests add no copies. Raises NoCopyInService when there are none."""
        if not self.instances:
            raise NoCopyInService
