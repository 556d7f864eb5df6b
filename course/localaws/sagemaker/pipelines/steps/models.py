"""The steps that make a model and a model package: Model and RegisterModel.

Source: `sagemaker.mlops.workflow.model_step`, and CloudTrail records of executions in public repositories, where RegisterModel creates the
group before the package; read 2026-11-28.
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from course.localaws.sagemaker.pipelines.steps.creation import CreationStep
from course.localaws.sagemaker.pipelines.steps.names import token_of
from course.localaws.sagemaker.pipelines.steps.step_type import SUCCEEDED, Attempt, Outcome, StepType


class RegisterModelStep(StepType):
    """Creates a model package: the next version of a group, which it creates first if there is none."""

    operation = "CreateModelPackage"

    def start(self, attempt: Attempt, arguments: dict) -> Outcome:
        client = attempt.client("sagemaker")
        if "ModelPackageGroupName" in arguments:
            _ensure_group(attempt, arguments)
            arguments = {name: value for name, value in arguments.items() if name != "Tags"}  # a version has the tags of its group
        else:
            arguments = attempt.tagged(arguments)
        made_by = {"GeneratedBy": attempt.execution} | arguments.get("MetadataProperties", {})
        # The token makes a second call return the package that the first one made.
        token = f"{attempt.execution.rpartition('/')[2]}-{token_of(attempt.name)}"
        request = arguments | {"ClientToken": token, "MetadataProperties": made_by}
        attempt.metadata["RegisterModel"] = {"Arn": client.create_model_package(**request)["ModelPackageArn"]}
        return SUCCEEDED

    def properties(self, attempt: Attempt) -> object:
        return attempt.client("sagemaker").describe_model_package(ModelPackageName=attempt.metadata["RegisterModel"]["Arn"])


def _ensure_group(attempt: Attempt, arguments: dict) -> None:
    name = arguments["ModelPackageGroupName"].rpartition("/")[2]
    request = {"ModelPackageGroupName": name} | ({"Tags": arguments["Tags"]} if "Tags" in arguments else {})
    if attempt.find("model-package-group", name) is None:
        try:
            attempt.client("sagemaker").create_model_package_group(**attempt.tagged(request))
        except ClientError as error:
            if "already exists" not in error.response["Error"]["Message"]:  # another step has just made it
                raise


TYPES = {"Model": CreationStep("Model", "model"), "RegisterModel": RegisterModelStep()}
