"""An inference component in service: its instances are the copies of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.hosting.servers.instances import HostedInstance, new_stream
from course.localaws.sagemaker.hosting.servers.model_server import LogTarget, component_log_group
from course.localaws.sagemaker.hosting.servers.production_variant import ProductionVariant

if TYPE_CHECKING:
    from course.localaws.core.context import Context
    from course.localaws.jobs.runner import JobRunner

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

    def __init__(self, runner: JobRunner, context: Context, endpoint: str, document: dict) -> None:
        super().__init__(runner, context, endpoint, document | {"InstanceCount": 0})
        caller, group = f"endpoint/{endpoint}", component_log_group(document["Component"])
        self._make = lambda: HostedInstance(runner, context, document, LogTarget(caller, group, new_stream(self.name)))
        self.instances = [self._make() for _ in range(document["InstanceCount"])]

    def grow(self) -> None:
        """Requests add no copies. Raises NoCopyInService when there are none."""
        if not self.instances:
            raise NoCopyInService
