"""The steps that make a model and a model package: Model and RegisterModel."""

from __future__ import annotations

from course.localaws.sagemaker.pipelines.steps.step_type import SUCCEEDED, Attempt, Outcome, StepType


class ModelStep(StepType):
    """Creates a model."""

    def start(self, attempt: Attempt, arguments: dict) -> Outcome:
        answer = attempt.client("sagemaker").create_model(**arguments | {"ModelName": attempt.name})
        attempt.metadata["Model"] = {"Arn": answer["ModelArn"]}
        return SUCCEEDED

    def properties(self, attempt: Attempt) -> object:
        return attempt.client("sagemaker").describe_model(ModelName=attempt.name)


class RegisterModelStep(StepType):
    """Creates a model package."""

    def start(self, attempt: Attempt, arguments: dict) -> Outcome:
        answer = attempt.client("sagemaker").create_model_package(**arguments | {"ClientToken": attempt.name})
        attempt.metadata["RegisterModel"] = {"Arn": answer["ModelPackageArn"]}
        return SUCCEEDED

    def properties(self, attempt: Attempt) -> object:
        return attempt.client("sagemaker").describe_model_package(ModelPackageName=attempt.metadata["RegisterModel"]["Arn"])


TYPES = {"Model": ModelStep(), "RegisterModel": RegisterModelStep()}
