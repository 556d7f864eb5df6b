"""Creates the lineage of model packages: a context of the group, artifacts of packages, images and models, and actions of approvals.

Source: "Amazon SageMaker AI-Created Tracking Entities" of the developer guide, read 2026-11-25; types and associations as the lineage
tables of the SDK show them for a registration; sources of contexts as metadata-ingestion/tests/unit/sagemaker of DataHub has them, and the
property of a context as `ModelPackageGroup.pipeline_execution_arn` of the SDK reads it, read 2026-11-28. Our choices: the names; each
approval status that a version gets is an action; the property names the execution that created the group.
"""

from __future__ import annotations

from collections.abc import Iterator

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.experiments import lineage

EXECUTION_TAG = "sagemaker:pipeline-execution-arn"  # on what a pipeline makes; the SDK reads it


def record(engine: ResourceEngine, context: Context, package: Document, group: Document | None) -> None:
    """Create the lineage of a new package. ``group`` is its group, if it is a version.

    A package that is deleted with its group leaves its artifact. A new package of the same ARN takes it, without what made the earlier one.
    """
    metadata = package.get("MetadataProperties")
    whole = lineage.artifact(engine, context, package["ModelPackageArn"], "Model", metadata)
    lineage.unlink(engine, context, whole, ends=("Destination",))
    engine.update(context, lineage.ARTIFACT, whole.rpartition("/")[2], {"MetadataProperties": metadata})
    containers = package.get("InferenceSpecification", {}).get("Containers", ())
    for uri, kind in dict.fromkeys(part for container in containers for part in container_parts(container)):
        lineage.link(engine, context, lineage.artifact(engine, context, uri, kind), whole, "ContributedTo")
    if group:
        lineage.link(engine, context, whole, record_group(engine, context, group), "AssociatedWith")
        record_approval(engine, context, package)


def record_group(engine: ResourceEngine, context: Context, group: Document) -> str:
    """Create the context of a group, if it does not exist; returns its ARN."""
    arn, created = group["ModelPackageGroupArn"], group["CreationTime"]
    tags = {tag["Key"]: tag["Value"] for tag in engine.tags(arn)}
    name = f"{group['ModelPackageGroupName']}-{int(created)}-aws-model-package-group"
    params = {"ContextName": name, "ContextType": "ModelGroup", "Source": lineage.source_of(arn, created)}
    properties = {"PipelineExecutionArn": tags[EXECUTION_TAG]} if EXECUTION_TAG in tags else {}
    return lineage.ensure(engine, context, lineage.CONTEXT, params | {"Properties": properties})


def record_approval(engine: ResourceEngine, context: Context, package: Document) -> None:
    """Create the action of a version's approval status."""
    arn, status = package["ModelPackageArn"], package["ModelApprovalStatus"]
    changed = package.get("LastModifiedTime", package["CreationTime"])
    params = {
        "ActionName": f"{package['ModelPackageGroupName']}-{package['ModelPackageVersion']}-{status}-{int(changed)}-aws-model-package",
        "ActionType": "Approval",
        "Source": lineage.source_of(arn, package["CreationTime"]),
        "Status": "Completed",
        "Properties": {"ModelApprovalStatus": status},
    }
    action = lineage.ensure(engine, context, lineage.ACTION, params)
    lineage.link(engine, context, action, lineage.artifact(engine, context, arn, "Model"), "ContributedTo")


def container_parts(container: dict) -> Iterator[tuple[str, str]]:
    """The URIs and types of the image and the model of a container."""
    if "Image" in container:
        yield container["Image"], "Image"
    if data := container.get("ModelDataUrl") or container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri"):
        yield data, "Model"
