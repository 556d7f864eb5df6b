"""Turns the specification of an inference component into the variant that hosting runs and the answer of Describe."""

from __future__ import annotations

from collections.abc import Mapping

from course.localaws.context import Context
from course.localaws.core.errors import invalid, not_supported
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.hosting.components.placement import STRATEGIES
from course.localaws.sagemaker.hosting.models import MODEL
from course.localaws.sagemaker.hosting.servers.model_data import multi_model
from course.localaws.sagemaker.hosting.variants import containers_of

# Members that are supported, or that only affect AWS's caches and zones.
MEMBERS = {"ModelName", "Container", "StartupParameters", "ComputeResourceRequirements", "DataCacheConfig", "SchedulingConfig"}
CONTAINER_MEMBERS = {"Image", "ArtifactUrl", "Environment"}
REQUIREMENTS = {"NumberOfCpuCoresRequired", "NumberOfAcceleratorDevicesRequired", "MinMemoryRequiredInMb", "MaxMemoryRequiredInMb"}
HEALTH_CHECK = "ContainerStartupHealthCheckTimeoutInSeconds"


def check(params: dict, operation: str) -> None:
    """Check a request's specification, as far as that needs no other resource.

    Raises
    ------
    AwsError
        ``ValidationException``, ``NotSupportedByLocalAws``.
    """
    if "Specifications" in params:
        raise not_supported("sagemaker", f"{operation} with Specifications")
    specification = params["Specification"]
    _refuse(specification, MEMBERS, f"{operation} with Specification.")
    _refuse(specification.get("Container", {}), CONTAINER_MEMBERS, f"{operation} with Specification.Container.")
    requirements = specification.get("ComputeResourceRequirements")
    if requirements is None:
        raise invalid("Specification needs ComputeResourceRequirements; only that of an adapter inference component has none.")
    _refuse(requirements, REQUIREMENTS, f"{operation} with Specification.ComputeResourceRequirements.")
    least = requirements["MinMemoryRequiredInMb"]
    if requirements.get("MaxMemoryRequiredInMb", least) < least:
        raise invalid("MaxMemoryRequiredInMb must not be less than MinMemoryRequiredInMb.")
    if ("ModelName" in specification) == ("Container" in specification):
        raise invalid("Specification needs either a ModelName or a Container, and not both.")
    if "Container" in specification and "Image" not in specification["Container"]:
        raise invalid("The Container of an inference component needs an Image.")


def variant_of(engine: ResourceEngine, context: Context, host: dict, role: str, name: str, specification: dict, operation: str) -> dict:
    """The document of a `ComponentVariant`, as plain JSON, without its ``InstanceCount``.

    Parameters
    ----------
    host : dict
        The variant on which it runs, one of `variants.variants_of`.
    role : str
        The endpoint's role. A model has its own.
    name : str
        The component's name.

    Raises
    ------
    AwsError
        ``ValidationException`` for a model or an image that does not exist, ``NotSupportedByLocalAws``.
    """
    if "ModelName" in specification:
        model = engine.get(context, MODEL, specification["ModelName"])
    else:
        model = {"PrimaryContainer": _container(specification["Container"]), "ExecutionRoleArn": role}
    containers = containers_of(model, operation)
    if len(containers) > 1 or multi_model(containers[0]):
        raise not_supported("sagemaker", f"{operation} with a model of several containers or of many models")
    requirements = specification["ComputeResourceRequirements"]
    planned = {
        "VariantName": host["VariantName"],
        "Component": name,
        "Weight": 1.0,
        "RoutingStrategy": host["RoutingStrategy"],
        "RoleArn": model["ExecutionRoleArn"],
        "Mode": "Serial",
        "Containers": containers,
        "InstanceType": host["InstanceType"],
        "Needs": requirements,
        "Strategy": specification.get("SchedulingConfig", {}).get("PlacementStrategy", STRATEGIES[0]),
    }
    if "MaxMemoryRequiredInMb" in requirements:
        planned["MemoryBytes"] = requirements["MaxMemoryRequiredInMb"] << 20
    startup = specification.get("StartupParameters", {})
    return planned | ({HEALTH_CHECK: startup[HEALTH_CHECK]} if HEALTH_CHECK in startup else {})


def described(specification: dict, variant: dict, now: float) -> Document:
    """A specification as Describe shows it; ``variant`` comes from `variant_of`."""
    if "Container" not in specification:
        return specification
    [container] = variant["Containers"]
    deployed = {"SpecifiedImage": container["Image"], "ResolvedImage": container.get("ResolvedImage"), "ResolutionTime": now}
    kept = {member: value for member, value in specification["Container"].items() if member != "Image"}
    image = {member: value for member, value in deployed.items() if value is not None}
    return specification | {"Container": kept | {"DeployedImage": image}}


def _container(specified: dict) -> dict:
    """A ``ContainerDefinition``."""
    names = {"Image": "Image", "ArtifactUrl": "ModelDataUrl", "Environment": "Environment"}
    return {names[member]: value for member, value in specified.items()}


def _refuse(document: Mapping, known: set[str], prefix: str) -> None:
    for member in document:
        if member not in known:
            raise not_supported("sagemaker", f"{prefix}{member}")
