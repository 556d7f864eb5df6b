"""Model packages: versions of a model in a group, and packages without a group.

Source: "Model Registration Deployment with Model Registry" of the SageMaker developer guide and the API reference, read 2026-11-25. Public
programs quote the wording for a missing package; `checks` has the checks of a request. A package is `Completed` at once, because image and
data are looked up before the answer.
"""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass

from course.localaws.context import Context, Operation
from course.localaws.core import paging
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind, arn_of
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family
from course.localaws.sagemaker.experiments.experiments import by
from course.localaws.sagemaker.registry import checks, lineage

UPDATED = (
    "ModelApprovalStatus", "ModelPackageRegistrationType", "ApprovalDescription", "InferenceSpecification", "SourceUri", "ModelLifeCycle",
)  # fmt: skip
SUMMARY = (
    "ModelPackageName", "ModelPackageGroupName", "ModelPackageVersion", "ModelPackageArn", "ModelPackageDescription", "CreationTime",
    "ModelPackageStatus", "ModelApprovalStatus", "ModelLifeCycle", "ModelPackageRegistrationType",
)  # fmt: skip
BATCH_SUMMARY = (*SUMMARY[1:8], "InferenceSpecification", "ModelPackageRegistrationType")
MOST_PROPERTIES = 50
# The API reference says that SortOrder is Ascending by default. But AWS's own programs take the first package of a list by creation time,
# without SortOrder, as "the latest": get_approved_package in build.py of the MLOps project templates, also in pytorch-demo/utils.py of
# aws-samples/amazon-sagemaker-pipelines-serial-batch-inference-sklearn-pytorch. So do many other public programs. Read 2026-11-28. We found
# no recorded answer of AWS with several versions. For SortBy Name nothing contradicts the reference.
DEFAULT_ORDER = "Descending"


@dataclass(frozen=True)
class PackageKind(ResourceKind):
    """A version has no name: `ResourceEngine` names it by its group and number, and no answer shows that name."""

    @property
    def name_member(self) -> str:
        return "_name"


MODEL_PACKAGE = PackageKind(
    name="ModelPackage",
    arn="model-package",
    missing="ModelPackage {arn} does not exist.",
    exists="Model Package already exists: {arn}",
    status="ModelPackageStatus",
    event="SageMaker Model Package State Change",
    event_members=(*UPDATED, "CustomerMetadataProperties", "AdditionalInferenceSpecifications", "ModelCard"),
)


class ModelPackages(Family):
    """Create, Describe, List, Update and Delete of model packages."""

    kinds = (MODEL_PACKAGE,)

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._platform, self._engine = platform, engine
        self._creating = threading.Lock()
        self.operations: dict[str, Operation] = {
            "CreateModelPackage": self.create,
            "DescribeModelPackage": self.describe,
            "BatchDescribeModelPackage": self.batch_describe,
            "ListModelPackages": self.list,
            "UpdateModelPackage": self.update,
            "DeleteModelPackage": self.delete,
        }

    async def create(self, context: Context, params: dict) -> dict:
        # This waits for images and KMS, so it must not run in the event loop.
        return await asyncio.to_thread(self._create, context, params)

    def describe(self, context: Context, params: dict) -> dict:
        package = self._engine.get(context, MODEL_PACKAGE, key_of(context, params["ModelPackageName"]))
        if params.get("IncludedData") == "MetadataOnly" and "ModelCard" in package:
            return package | {"ModelCard": sanitized(package["ModelCard"])}
        return package

    def batch_describe(self, context: Context, params: dict) -> dict:
        found, errors = {}, {}
        for arn in params["ModelPackageArnList"]:
            try:
                package = self._engine.get(context, MODEL_PACKAGE, key_of(context, arn))
                if not {"ModelPackageVersion", "InferenceSpecification"} <= package.keys():
                    raise invalid(f"ModelPackage {arn} is no version of a group, or has no InferenceSpecification.")
                found[arn] = {member: package[member] for member in BATCH_SUMMARY if member in package}
            except AwsError as error:
                errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
        return {"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": errors}

    def list(self, context: Context, params: dict) -> dict:
        found = [package for package in self._engine.documents(context, MODEL_PACKAGE) if asked_for(package, params)]
        if "ModelPackageGroupName" in params:
            group = checks.group_of(self._engine, context, params)["ModelPackageGroupName"]
            found = [package for package in found if package.get("ModelPackageGroupName") == group]
        sorted_by, order = ("_name", "Ascending") if params.get("SortBy") == "Name" else ("CreationTime", DEFAULT_ORDER)
        placed = [package | {"_place": place(package)} for package in found]
        shown, token = paging.page(placed, "_place", lambda package: package[sorted_by], {"SortOrder": order} | params)
        summaries = [{member: package[member] for member in SUMMARY if member in package} for package in shown]
        return {"ModelPackageSummaryList": summaries} | ({"NextToken": token} if token else {})

    async def update(self, context: Context, params: dict) -> dict:
        return await asyncio.to_thread(self._update, context, params)

    def delete(self, context: Context, params: dict) -> None:
        name = key_of(context, params["ModelPackageName"])
        self._engine.update(context, MODEL_PACKAGE, name, {"ModelPackageStatus": "Deleting"})
        self._engine.delete(context, MODEL_PACKAGE, name)

    def _create(self, context: Context, params: dict) -> dict:
        with self._creating:
            token = params.pop("ClientToken", None)
            for package in self._engine.documents(context, MODEL_PACKAGE) if token else ():
                if package.get("_token") == token:
                    return {"ModelPackageArn": package["ModelPackageArn"]}
            document = checks.prepared(self._platform, self._engine, context, params) | {"_token": token}
            name = params.get("ModelPackageName") or checks.next_name(self._engine, context, document)
            document |= {
                "ModelPackageStatus": "Completed",
                "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            }
            arn = self._engine.create(context, MODEL_PACKAGE, name, document | by(context, "CreatedBy"), params.get("Tags", ()))
        package = self._engine.get(context, MODEL_PACKAGE, name)
        lineage.record(self._engine, context, package, checks.group_of(self._engine, context, package) if versioned(package) else None)
        return {"ModelPackageArn": arn}

    def _update(self, context: Context, params: dict) -> dict:
        checked = checks.checked_update(self._platform, params)

        def changes(package: Document) -> dict:
            if not versioned(package):
                raise invalid(f"ModelPackage {package['ModelPackageArn']} is not versioned; only a version of a group can be updated.")
            members = {member: checked[member] for member in UPDATED if member in checked}
            members |= {"CustomerMetadataProperties": properties(package, checked) or None}
            if added := checked.get("AdditionalInferenceSpecificationsToAdd"):
                specifications = [*package.get("AdditionalInferenceSpecifications", ()), *added]
                checks.check_names(specifications)
                members["AdditionalInferenceSpecifications"] = specifications
            if "ModelCard" in checked:
                members["ModelCard"] = package.get("ModelCard", {}) | checked["ModelCard"]
            return members | by(context, "LastModifiedBy")

        name = key_of(context, params["ModelPackageArn"])
        status = self._engine.get(context, MODEL_PACKAGE, name).get("ModelApprovalStatus")
        package = self._engine.update(context, MODEL_PACKAGE, name, changes)
        if package.get("ModelApprovalStatus") != status:
            lineage.record_approval(self._engine, context, package)
        return {"ModelPackageArn": package["ModelPackageArn"]}


def key_of(context: Context, name: str) -> str:
    """The engine's name of a package, given its name or ARN, versioned or not. Raises AwsError for any other ARN."""
    own = arn_of("sagemaker", context, MODEL_PACKAGE, "")
    if name.startswith("arn:") and not name.startswith(own):
        raise invalid(f"ModelPackage {name} does not exist.")
    key = name.removeprefix(own)
    if context.call is not None and not context.call.resource:
        context.call.resource = f"{MODEL_PACKAGE.arn}/{key}"
    return key


def asked_for(package: Document, params: dict) -> bool:
    """Whether a package matches the filters of ListModelPackages. With a group, only versions match."""
    kind = params.get("ModelPackageType", "Versioned" if "ModelPackageGroupName" in params else "Unversioned")
    after, before = params.get("CreationTimeAfter", float("-inf")), params.get("CreationTimeBefore", float("inf"))
    return (
        (kind == "Both" or versioned(package) == (kind == "Versioned"))
        and after <= package["CreationTime"] < before
        and params.get("NameContains", "").lower() in package["_name"].lower()
        and params.get("ModelApprovalStatus", package.get("ModelApprovalStatus")) == package.get("ModelApprovalStatus")
    )


def place(package: Document) -> str:
    """Sorts packages of the same millisecond: versions of a group by their number, all others by ARN."""
    arn = package["ModelPackageArn"]
    return f"{arn.rpartition('/')[0]}/{package['ModelPackageVersion']:09}" if versioned(package) else arn


def versioned(package: Document) -> bool:
    """Whether a package is a version of a group."""
    return "ModelPackageVersion" in package


def properties(package: Document, params: dict) -> dict[str, str]:
    """The CustomerMetadataProperties after an update."""
    merged = package.get("CustomerMetadataProperties", {}) | params.get("CustomerMetadataProperties", {})
    kept = {name: value for name, value in merged.items() if name not in params.get("CustomerMetadataPropertiesToRemove", ())}
    if len(kept) > MOST_PROPERTIES:
        raise invalid(f"A model package can have at most {MOST_PROPERTIES} CustomerMetadataProperties; this would make {len(kept)}.")
    return kept


def sanitized(card: dict) -> dict:
    """A model card without content that a key may protect; by the API reference, only the risk rating stays."""
    rating = json.loads(card.get("ModelCardContent") or "{}").get("intended_uses", {}).get("risk_rating")
    return card | {"ModelCardContent": json.dumps({"intended_uses": {"risk_rating": rating}} if rating else {})}
