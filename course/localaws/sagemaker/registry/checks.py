"""AWS's checks of CreateModelPackage and UpdateModelPackage requests.

Wording: for both names or none, and for a missing group, https://github.com/getmoto/moto/pull/7165, whose author compared it with AWS; for
missing model data and an environment, public programs that quote AWS's answers. Rules for a package without a group: API reference of
CreateModelPackage and InferenceSpecification. Read 2026-11-25.
"""

from __future__ import annotations

from collections.abc import Iterator

from course.localaws import images
from course.localaws.context import Context
from course.localaws.core import json_text
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.jobs.s3_data import split
from course.localaws.platform import Platform
from course.localaws.sagemaker.core import protection
from course.localaws.sagemaker.core.job_family import unsupported
from course.localaws.sagemaker.registry import model_package_groups

MOST_SPECIFICATIONS = 15
NOT_HERE = {
    "SourceAlgorithmSpecification": "it names an algorithm, of which none are kept here",
    "ManagedStorageType": "",
}
OF_MODEL = ("ContainerHostname", "Image", "ModelDataUrl", "ModelDataSource", "Environment")
ENVIRONMENT = "1 validation errors detected:Environment variable map cannot be specified when using non-versioned ModelPackages"
UNVERSIONED_NEEDS = ("SupportedTransformInstanceTypes", "SupportedRealtimeInferenceInstanceTypes")


def prepared(platform: Platform, engine: ResourceEngine, context: Context, params: dict) -> Document:
    """A new package's document, without the version number. Waits for moto. Raises AwsError."""
    for member, why in NOT_HERE.items():
        if member in params:
            raise unsupported(f"{member} of CreateModelPackage{': ' if why else ''}{why}")
    if "ValidationSpecification" in params and params.get("SkipModelValidation") != "All":
        raise unsupported("ValidationSpecification of CreateModelPackage (it asks for batch transform) unless SkipModelValidation is All")
    if "ModelPackageGroupName" in params and "ModelPackageName" in params:
        raise invalid("Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot determine which one to use.")
    if "SecurityConfig" in params:
        protection.key_arn(platform, context, params["SecurityConfig"]["KmsKeyId"])
    check_card(params)
    document = {"CertifyForMarketplace": False} | params
    document |= _of_source(engine, context, params)
    if "ModelPackageGroupName" in params:
        document |= _versioned(engine, context, params)
    elif "ModelPackageName" in params:
        document = _unversioned(document)
    else:
        raise invalid("Missing ARN.")
    return document | _specifications(platform, document)


def checked_update(platform: Platform, params: dict) -> dict:
    """The parameters of UpdateModelPackage, with the digests of images and data added. Waits for moto. Raises AwsError."""
    check_card(params)
    return params | _specifications(platform, params)


def group_of(engine: ResourceEngine, context: Context, params: dict) -> Document:
    """The group that a request names. Raises AwsError."""
    return engine.get(context, model_package_groups.MODEL_PACKAGE_GROUP, model_package_groups.name_of(params))


def next_name(engine: ResourceEngine, context: Context, document: Document) -> str:
    """Take the group's next version number for a package; returns the package's name in the `ResourceEngine`."""
    group = document["ModelPackageGroupName"]
    document["ModelPackageVersion"] = model_package_groups.next_version(engine, context, group)
    return f"{group}/{document['ModelPackageVersion']}"


def check_names(specifications: list[dict]) -> None:
    """Check that the names of additional inference specifications are unique. Raises AwsError."""
    names = [specification["Name"] for specification in specifications]
    if len(names) != len(set(names)):
        raise invalid(f"The names of AdditionalInferenceSpecifications must be unique within a model package; got {', '.join(names)}.")
    if len(names) > MOST_SPECIFICATIONS:
        raise invalid(f"A model package can have at most {MOST_SPECIFICATIONS} AdditionalInferenceSpecifications; got {len(names)}.")


def check_card(params: dict) -> None:
    """Check that a model card's content is JSON. Raises AwsError."""
    try:
        if not isinstance(json_text.load(params.get("ModelCard", {}).get("ModelCardContent") or "{}"), dict):
            raise ValueError("it is no object")
    except ValueError as error:
        raise invalid(f"ModelCardContent must be a JSON object: {error}.") from error


def _of_source(engine: ResourceEngine, context: Context, params: dict) -> dict:
    """The inference specification of the model or package whose ARN is the SourceUri; for a request without its own one."""
    part, _, name = params.get("SourceUri", "").partition(f"arn:aws:sagemaker:{context.region}:{context.account}:")[2].partition("/")
    if "InferenceSpecification" in params or part not in ("model", "model-package"):
        return {}
    source = engine.get(context, engine.kinds[part], name)
    if part == "model-package":
        return {"InferenceSpecification": source["InferenceSpecification"]} if "InferenceSpecification" in source else {}
    containers = source.get("Containers") or [source["PrimaryContainer"]]
    return {"InferenceSpecification": {"Containers": [_of_model(container) for container in containers]}}


def _of_model(container: dict) -> dict:
    """A model's container in the form of a package. DescribeModel shows an archive in two members; a package takes one."""
    left = "ModelDataSource" if "ModelDataUrl" in container else ""
    return {member: container[member] for member in OF_MODEL if container.get(member) and member != left}


def _versioned(engine: ResourceEngine, context: Context, params: dict) -> dict:
    try:
        group = group_of(engine, context, params)
    except AwsError:
        raise invalid("Model Package Group does not exist.") from None
    if params.get("Tags"):
        raise invalid("Tags cannot be given with ModelPackageGroupName: a version uses the tags of its model package group.")
    if params.get("CertifyForMarketplace"):
        raise invalid("CertifyForMarketplace does not apply to versioned model packages.")
    if "InferenceSpecification" not in params and "SourceUri" not in params:
        raise invalid("A versioned model package needs an InferenceSpecification, a SourceAlgorithmSpecification or a SourceUri.")
    approval = params.get("ModelApprovalStatus", "PendingManualApproval")
    return {"ModelPackageGroupName": group["ModelPackageGroupName"], "ModelApprovalStatus": approval}


def _unversioned(document: Document) -> Document:
    specification = document.get("InferenceSpecification")
    if specification is None:
        raise invalid("An unversioned model package needs an InferenceSpecification or a SourceAlgorithmSpecification.")
    missing = [member for member in UNVERSIONED_NEEDS if member not in specification]
    if missing:
        raise invalid(f"An unversioned model package needs {' and '.join(missing)} in its InferenceSpecification.")
    for container in specification["Containers"]:
        if "Environment" in container:
            raise invalid(ENVIRONMENT)
        if "ModelDataSource" in container:
            raise invalid("An unversioned model package cannot be created with ModelDataSource; give ModelDataUrl.")
        if "Image" not in container:
            raise invalid("A container of an unversioned model package needs an Image.")
    # "This parameter [...] does not apply to unversioned models", but the SDK always sends it.
    return {member: value for member, value in document.items() if member != "ModelApprovalStatus"}


def _specifications(platform: Platform, params: dict) -> dict:
    """The inference specifications of a request, with the digests of images and the entity tags of data."""
    found = {}
    if "InferenceSpecification" in params:
        found["InferenceSpecification"] = _specification(platform, params["InferenceSpecification"])
    for member in ("AdditionalInferenceSpecifications", "AdditionalInferenceSpecificationsToAdd"):
        if member in params:
            check_names(params[member])
            found[member] = [_specification(platform, each) for each in params[member]]
    return found


def _specification(platform: Platform, specification: dict) -> dict:
    containers = [container | dict(_found(platform, container)) for container in specification["Containers"]]
    return specification | {"Containers": containers}


def _found(platform: Platform, container: dict) -> Iterator[tuple[str, str]]:
    if "ModelDataUrl" in container and "ModelDataSource" in container:
        raise invalid("Specify either ModelDataUrl or ModelDataSource of a container, and not both.")
    if "Image" in container and (digest := images.find(container["Image"]).resolved.partition("@")[2]):
        yield "ImageDigest", digest
    if "ModelDataUrl" in container:
        bucket, key = split(container["ModelDataUrl"])
        try:
            yield "ModelDataETag", platform.objects.head(bucket, key).etag
        except AwsError:
            raise _no_data(bucket, key) from None
    if source := container.get("ModelDataSource", {}).get("S3DataSource"):
        bucket, key = split(source["S3Uri"])
        if next(iter(platform.objects.list(bucket, key) if platform.objects.bucket_exists(bucket) else ()), None) is None:
            raise _no_data(bucket, key)


def _no_data(bucket: str, key: str) -> AwsError:
    return invalid(
        f"Cannot find S3 object: {key} in bucket {bucket}. Please check if your S3 object exists and has proper permissions for SageMaker."
    )
