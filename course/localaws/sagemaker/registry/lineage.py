"""Creates the lineage of a model package: artifacts of the package, its images and its models, and their associations.

Source: "Amazon SageMaker AI-Created Tracking Entities" of the developer guide, read 2026-11-25; types and associations as the lineage
tables of the SDK show them for a registration. AWS also creates a context of the group and an action of the approval; they are missing
here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from course.localaws.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.experiments import lineage


def record(engine: ResourceEngine, context: Context, package: Document) -> None:
    """Create the lineage of a new package. Existing artifacts of an image or a model are used again."""
    whole = _artifact(engine, context, package["ModelPackageArn"], "Model", package.get("MetadataProperties"))
    for uri, kind in dict.fromkeys(_parts(package)):
        with contextlib.suppress(AwsError):  # an earlier package with the same ARN had it, before its group was deleted
            lineage.associate(engine, context, _artifact(engine, context, uri, kind), whole, "ContributedTo")


def _parts(package: Document) -> Iterator[tuple[str, str]]:
    for container in package.get("InferenceSpecification", {}).get("Containers", ()):
        data = container.get("ModelDataUrl") or container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri")
        if "Image" in container:
            yield container["Image"], "Image"
        if data:
            yield data, "Model"


def _artifact(engine: ResourceEngine, context: Context, uri: str, kind: str, metadata: dict | None = None) -> str:
    params = {"Source": {"SourceUri": uri}, "ArtifactType": kind} | ({"MetadataProperties": metadata} if metadata else {})
    try:
        return lineage.create(engine, context, lineage.ARTIFACT, params)
    except AwsError:  # another package has it
        return engine.arn_of(context, lineage.ARTIFACT, lineage.key_of(lineage.ARTIFACT, params))
