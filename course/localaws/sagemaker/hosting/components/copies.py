"""Inference components in service: their copies, and which of them a request is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.hosting.runtime.routing import EndpointRouter, RoutingTable
from course.localaws.sagemaker.hosting.servers.fleets import ProductionVariant
from course.localaws.sagemaker.hosting.servers.instances import HostedInstance, new_stream
from course.localaws.sagemaker.hosting.servers.model_server import LogTarget, component_log_group

if TYPE_CHECKING:
    from course.localaws.core.context import Context
    from course.localaws.jobs.runner import JobRunner

# Wordings: https://github.com/aws-samples/amazon-kendra-langchain-extensions/issues/64 (no name), "Scale an endpoint to zero instances" of
# the developer guide (no copy); the twin of the first is quoted by users of chat clients.
NO_NAME = (
    "Inference Component Name header is required for endpoints to which you plan to deploy inference components. Please include Inference "
    "Component Name header or consider using SageMaker models."
)
NAME = (
    "Inference Component Name header is not allowed for endpoints to which you dont plan to deploy inference components. Please remove the "
    "Inference Component Name header and try again."
)
NO_COPY = (
    "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress (if configured) or try to "
    "increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API."
)


class NoCopyInService(AwsError):
    """A component that has no copies was called."""

    def __init__(self) -> None:
        super().__init__("ValidationError", NO_COPY)


class ComponentVariant(ProductionVariant):
    """An inference component on a variant: its instances are the copies, each a container on one of the variant's instances."""

    def __init__(self, runner: JobRunner, context: Context, endpoint: str, document: dict) -> None:
        super().__init__(runner, context, endpoint, document | {"InstanceCount": 0})
        caller, group = f"endpoint/{endpoint}", component_log_group(document["Component"])
        self._make = lambda: HostedInstance(runner, context, document, LogTarget(caller, group, new_stream(self.name)))
        self.instances = [self._make() for _ in range(document["InstanceCount"])]

    def grow(self) -> None:
        """None. Raises NoCopy when the component has none; they are scaled by whoever asks for it."""
        if not self.instances:
            raise NoCopyInService


class ComponentRoutingTable(RoutingTable):
    """The inference components that take requests, by region and name; each is called by the name of its endpoint."""

    kind = "Inference component"

    async def resolve(self, context: Context, endpoint: EndpointRouter, name: str | None) -> EndpointRouter:
        """What takes a request to an endpoint: the component that it names, or the endpoint itself where none is to be named.

        Raises
        ------
        AwsError
            ``ValidationError``: the name is missing, superfluous, or that of no component of the endpoint.
        """
        hosts = "ComponentRole" in endpoint.fleet.settings
        if hosts != (name is not None):
            raise AwsError("ValidationError", NO_NAME if hosts else NAME)
        if name is None:
            return endpoint
        component = self.get(context.region, name)
        if component is not None and component.name != endpoint.name:
            raise AwsError("ValidationError", f"Inference component {name} is not hosted by endpoint {endpoint.name}.")
        return await self.in_service(context, name)
