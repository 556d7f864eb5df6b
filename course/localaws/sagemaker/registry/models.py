"""Resolves model packages in a CreateModel request to their containers.

Source: API reference of ContainerDefinition (`ModelPackageName`, `InferenceSpecificationName`) and of CreateModelPackage, read 2026-11-25:
a version must be `Approved` to be deployed. AWS's error text for other versions is not known.
"""

from __future__ import annotations

from course.localaws.context import Context
from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.registry.model_packages import MODEL_PACKAGE, key_of

TAKEN = ("ContainerHostname", "Image", "ModelDataUrl", "ModelDataSource", "AdditionalModelDataSources", "Environment")
OWN = ("Image", "ModelDataUrl", "ModelDataSource")


def resolved(engine: ResourceEngine, context: Context, params: dict) -> dict:
    """A CreateModel request in which each container that names a package is replaced by the package's containers.

    Raises
    ------
    AwsError
        ``ValidationException``: the package does not exist or may not be deployed.
    """
    alone = "PrimaryContainer" in params
    given = [params["PrimaryContainer"]] if alone else params.get("Containers", [])
    if ("Containers" in params) == alone or not any("ModelPackageName" in container for container in given):
        return params
    found = [each for container in given for each in _expanded(engine, context, container)]
    rest = {member: value for member, value in params.items() if member not in ("PrimaryContainer", "Containers")}
    return rest | ({"PrimaryContainer": found[0]} if alone and len(found) == 1 else {"Containers": found})


def containers(package: Document, specification: str | None = None) -> list[dict]:
    """A package's containers in the form of CreateModel; ``specification`` names an additional inference specification.

    Raises
    ------
    AwsError
        ``ValidationException``
    """
    arn, found = package["ModelPackageArn"], package.get("InferenceSpecification")
    if specification is not None:
        named = {each["Name"]: each for each in package.get("AdditionalInferenceSpecifications", ())}
        found = named.get(specification)
    if found is None:
        wanted = "InferenceSpecification" if specification is None else f"additional inference specification named {specification}"
        raise invalid(f"Model package {arn} has no {wanted}.")
    return [_container(container) for container in found["Containers"]]


def _expanded(engine: ResourceEngine, context: Context, container: dict) -> list[dict]:
    if "ModelPackageName" not in container:
        return [container]
    if both := [member for member in OWN if member in container]:
        raise invalid(f"A container with ModelPackageName takes {both[0]} from the model package; it cannot have its own.")
    package = engine.get(context, MODEL_PACKAGE, key_of(context, container["ModelPackageName"]))
    _check_deployable(package)
    name = container.get("InferenceSpecificationName")
    return [_merged(each, container, package["ModelPackageArn"]) for each in containers(package, name)]


def _check_deployable(package: Document) -> None:
    arn, approval = package["ModelPackageArn"], package.get("ModelApprovalStatus")
    if package["ModelPackageStatus"] != "Completed":
        raise invalid(f"Model package {arn} cannot be used: its status is {package['ModelPackageStatus']}.")
    if "ModelPackageVersion" in package and approval != "Approved":
        raise invalid(f"Model package {arn} cannot be deployed: its ModelApprovalStatus is {approval}; it must be Approved.")


def _container(given: dict) -> dict:
    """A package's container, with the image digest that was found when the package was created."""
    taken = {member: given[member] for member in TAKEN if member in given}
    if "ImageDigest" in given:
        # A registry's host has no colon, so the text after the last colon is a tag.
        repository = taken["Image"].partition("@")[0].partition(":")[0]
        taken["Image"] = f"{repository}@{given['ImageDigest']}"
    return taken


def _merged(taken: dict, container: dict, arn: str) -> dict:
    environment = taken.get("Environment", {}) | container.get("Environment", {})
    return taken | container | {"ModelPackageName": arn} | ({"Environment": environment} if environment else {})
