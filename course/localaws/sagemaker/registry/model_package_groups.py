"""Model package groups: each holds the versions of one model.

Wording: programs recognise AWS's `Model Package Group already exists` and `does not exist`; texts about policies come from the handler of
the CloudFormation resource AWS::SageMaker::ModelPackageGroup, read 2026-11-25. AWS's text for deleting a group with versions is not known.
A group's policy is checked and stored, but has no effect: it gives access to other accounts, and there are none here.
"""

from __future__ import annotations

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.iam import policy
from course.localaws.iam.policy import PolicyError
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family
from course.localaws.sagemaker.core.job_family import unsupported
from course.localaws.sagemaker.experiments.experiments import by
from course.localaws.sagemaker.registry import lineage

MODEL_PACKAGE_GROUP = ResourceKind(
    name="ModelPackageGroup",
    arn="model-package-group",
    missing="ModelPackageGroup {arn} does not exist.",
    exists="Model Package Group already exists: {arn}",
    status="ModelPackageGroupStatus",
    summary=("ModelPackageGroupDescription",),
    order="Ascending",
    mutable=False,
)


class ModelPackageGroups(Family):
    """Create, Describe, List and Delete of groups; Get, Put and Delete of their policies."""

    kinds = (MODEL_PACKAGE_GROUP,)

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._engine = engine
        self.operations: dict[str, Operation] = {
            "CreateModelPackageGroup": self.create,
            "DescribeModelPackageGroup": lambda context, params: engine.get(context, MODEL_PACKAGE_GROUP, name_of(params)),
            "ListModelPackageGroups": self.list,
            "DeleteModelPackageGroup": self.delete,
            "GetModelPackageGroupPolicy": self.get_policy,
            "PutModelPackageGroupPolicy": self.put_policy,
            "DeleteModelPackageGroupPolicy": self.delete_policy,
        }

    def create(self, context: Context, params: dict) -> dict:
        if "ManagedConfiguration" in params:
            raise unsupported("ManagedConfiguration of CreateModelPackageGroup")
        document = params | {"ModelPackageGroupStatus": "Completed"} | by(context, "CreatedBy")
        name = params["ModelPackageGroupName"]
        arn = self._engine.create(context, MODEL_PACKAGE_GROUP, name, document, params.get("Tags", ()))
        lineage.record_group(self._engine, context, self._engine.get(context, MODEL_PACKAGE_GROUP, name))
        return {"ModelPackageGroupArn": arn}

    def list(self, context: Context, params: dict) -> dict:
        if params.get("CrossAccountFilterOption") == "CrossAccount":
            return {"ModelPackageGroupSummaryList": []}
        groups, token = self._engine.page(context, MODEL_PACKAGE_GROUP, params)
        return {"ModelPackageGroupSummaryList": groups, "NextToken": token}

    def delete(self, context: Context, params: dict) -> None:
        group = self._engine.get(context, MODEL_PACKAGE_GROUP, name_of(params))
        kept = [
            package["ModelPackageArn"]
            for package in self._engine.documents(context, self._engine.kinds["model-package"])
            if package.get("ModelPackageGroupName") == group["ModelPackageGroupName"]
        ]
        if kept:
            raise AwsError(
                "ConflictException",
                f"Model Package Group {group['ModelPackageGroupArn']} cannot be deleted while it contains model packages: "
                f"{', '.join(kept[:5])}{', ...' if len(kept) > 5 else ''}.",
            )
        self._engine.delete(context, MODEL_PACKAGE_GROUP, group["ModelPackageGroupName"])

    def get_policy(self, context: Context, params: dict) -> dict:
        return {"ResourcePolicy": self._with_policy(context, params)["_policy"]}

    def put_policy(self, context: Context, params: dict) -> dict:
        group = self._found(context, params)
        try:
            policy.parse(params["ModelPackageGroupName"], params["ResourcePolicy"])
        except PolicyError as error:
            raise invalid(f"Invalid resource policy: {error}") from error
        self._engine.update(context, MODEL_PACKAGE_GROUP, group["ModelPackageGroupName"], {"_policy": params["ResourcePolicy"]})
        return {"ModelPackageGroupArn": group["ModelPackageGroupArn"]}

    def delete_policy(self, context: Context, params: dict) -> None:
        group = self._with_policy(context, params)
        self._engine.update(context, MODEL_PACKAGE_GROUP, group["ModelPackageGroupName"], {"_policy": None})

    def _found(self, context: Context, params: dict) -> Document:
        name = params["ModelPackageGroupName"]
        group = self._engine.find(context, MODEL_PACKAGE_GROUP, name)
        if group is None:
            raise invalid(f"Cannot find Model Package Group: {self._engine.arn_of(context, MODEL_PACKAGE_GROUP, name)}")
        return group

    def _with_policy(self, context: Context, params: dict) -> Document:
        group = self._found(context, params)
        if "_policy" not in group:
            raise invalid(f"Cannot find resource policy for: {group['ModelPackageGroupArn']}")
        return group


def name_of(params: dict) -> str:
    """The name of a group, given its name or ARN."""
    return params["ModelPackageGroupName"].rpartition("/")[2]


def next_version(engine: ResourceEngine, context: Context, name: str) -> int:
    """The next unused version number of a group. Numbers are never used again."""
    group = engine.update(context, MODEL_PACKAGE_GROUP, name, lambda group: {"_versions": group.get("_versions", 0) + 1})
    return group["_versions"]
