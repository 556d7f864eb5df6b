"""The baselines of check steps: where the previous one is, and how the job that analyzes gets it.

Source: "Baseline calculation, drift detection and lifecycle with ClarifyCheck and QualityCheck steps" of the developer guide, and the
descriptions of QualityCheckStepMetadata in botocore's model; read 2026-11-28. Not documented, and so our choice: a step with a supplied
file does not look into the model registry at all; the names of the job's inputs; the texts of failures.

A baseline is a dict: ``Constraints`` or ``Statistics`` -> the S3 URI of the file.
"""

from __future__ import annotations

from course.localaws.sagemaker.monitoring.jobs import BASELINE
from course.localaws.sagemaker.pipelines.language.check_steps import (
    DATA_BIAS,
    DATA_QUALITY,
    MODEL_BIAS,
    MODEL_EXPLAINABILITY,
    MODEL_QUALITY,
)
from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError
from course.localaws.sagemaker.pipelines.steps.step_type import Attempt

# Check type -> file of the baseline -> where DriftCheckBaselines of a model package has it.
REGISTERED = {
    DATA_QUALITY: {file: ("ModelDataQuality", file) for file in ("Constraints", "Statistics")},
    MODEL_QUALITY: {file: ("ModelQuality", file) for file in ("Constraints", "Statistics")},
    DATA_BIAS: {"Constraints": ("Bias", "PreTrainingConstraints")},
    MODEL_BIAS: {"Constraints": ("Bias", "PostTrainingConstraints")},
    MODEL_EXPLAINABILITY: {"Constraints": ("Explainability", "Constraints")},
}


def previous(attempt: Attempt, arguments: dict) -> dict[str, str]:
    """The previous baseline of a step: the supplied one, or that of the latest approved model package.

    Parameters
    ----------
    attempt : Attempt
    arguments : dict
        With the members of the step, resolved.

    Raises
    ------
    ExpressionError
        There is none.
    """
    kind = arguments["CheckType"]
    supplied = {file: arguments.get(f"SuppliedBaseline{file}") for file in REGISTERED[kind]}
    found = {file: uri for file, uri in supplied.items() if uri}
    if found:
        where = "SuppliedBaselineConstraints is missing"
    elif group := arguments.get("ModelPackageGroupName"):
        found, where = _registered(attempt, group, kind)
    else:
        where = "neither SuppliedBaselineConstraints nor ModelPackageGroupName is given"
    if "Constraints" not in found:
        raise ExpressionError(
            f"There is no previous baseline of the type {kind}: {where}. A first run needs SkipCheck and RegisterNewBaseline, both true"
        )
    return found


def _registered(attempt: Attempt, group: str, kind: str) -> tuple[dict[str, str], str]:
    """The baseline in the latest approved model package of a group, and what to say if it has none."""
    client = attempt.client("sagemaker")
    asked = {"ModelApprovalStatus": "Approved", "SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 1}
    packages = client.list_model_packages(ModelPackageGroupName=group, **asked)["ModelPackageSummaryList"]
    if not packages:
        return {}, f"the model package group {group} has no approved version"
    arn = packages[0]["ModelPackageArn"]
    baselines = client.describe_model_package(ModelPackageName=arn).get("DriftCheckBaselines", {})
    places = REGISTERED[kind]
    found = {file: baselines.get(part, {}).get(member, {}).get("S3Uri") for file, (part, member) in places.items()}
    member = ".".join(places["Constraints"])
    return {file: uri for file, uri in found.items() if uri}, f"{arn} has no DriftCheckBaselines.{member}"


def as_inputs(baseline: dict[str, str]) -> tuple[list[dict], dict[str, str]]:
    """The inputs of a job that compares with a baseline, and its environment variables."""
    inputs, variables = [], {}
    for file, uri in baseline.items():
        name, place = f"baseline_{file.lower()}", f"{BASELINE}/{file.lower()}"
        source = {"S3Uri": uri, "LocalPath": place, "S3DataType": "S3Prefix", "S3InputMode": "File"}
        inputs.append({"InputName": f"{name}_input", "S3Input": source})
        variables[name] = f"{place}/{uri.rpartition('/')[2]}"
    return inputs, variables
