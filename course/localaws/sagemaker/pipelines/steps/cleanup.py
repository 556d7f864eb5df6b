"""Cleanup steps: they delete objects in S3 that earlier steps have written.

Source: `sagemaker.mlops.workflow.cleanup_step` of SDK v3 3.27, botocore's CleanupStepMetadata; read 2026-11-28. Whether a step fails when
some objects cannot be deleted is not documented; here it does.
"""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from course.localaws.core.errors import AwsError
from course.localaws.jobs.s3_data import split
from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError
from course.localaws.sagemaker.pipelines.steps.step_type import SUCCEEDED, Attempt, Outcome, StepType


class CleanupError(Exception):
    """The outputs of a step cannot be deleted."""


class CleanupStep(StepType):
    """Deletes outputs of the steps that it names."""

    def start(self, attempt: Attempt, arguments: dict) -> Outcome:
        report: dict[str, list] = {"CleanedSteps": [], "FailedSteps": [], "SkippedSteps": []}
        attempt.metadata["Cleanup"] = report
        for source in arguments["Resources"]["S3"]:
            name = source["StepName"]
            try:
                job = attempt.scope.properties(name)
            except ExpressionError:  # it has not succeeded
                report["SkippedSteps"].append(name)
                continue
            try:
                for uri in _uris(attempt, job, source.get("S3Uris")):
                    _delete(attempt, *split(uri))
                report["CleanedSteps"].append(name)
            except (CleanupError, ClientError, AwsError) as error:
                report["FailedSteps"].append({"StepName": name, "ErrorCode": "ClientError", "ErrorMessage": str(error)})
        if not report["FailedSteps"]:
            return SUCCEEDED
        failed = ", ".join(entry["StepName"] for entry in report["FailedSteps"])
        return Outcome("Failed", f"ClientError: Outputs of these steps were not deleted: {failed}.")


def _delete(attempt: Attempt, bucket: str, key: str) -> None:
    if not attempt.scope.data.allowed("s3:DeleteObject", f"arn:aws:s3:::{bucket}/{key}"):
        raise CleanupError(f"Access Denied: the role of the pipeline may not delete s3://{bucket}/{key}.")
    attempt.client("s3").delete_object(Bucket=bucket, Key=key)


def _uris(attempt: Attempt, job: dict, given: list[str] | None) -> Iterator[str]:
    """The objects to delete of a job with a description. Raises CleanupError."""
    if job.get("VpcConfig") or job.get("NetworkConfig", {}).get("VpcConfig"):
        raise CleanupError("The outputs of a step with a VpcConfig cannot be deleted.")
    if "ModelArtifacts" in job:
        if given:
            raise CleanupError("S3Uris cannot be given for a Training step.")
        yield from _of_training(attempt, job["ModelArtifacts"]["S3ModelArtifacts"])
        return
    outputs = [output["S3Output"]["S3Uri"] for output in job.get("ProcessingOutputConfig", {}).get("Outputs", ()) if "S3Output" in output]
    outputs += [job["TransformOutput"]["S3OutputPath"]] if "TransformOutput" in job else []
    if not outputs:
        raise CleanupError("A step of this type has no outputs in S3 that can be deleted.")
    if not given:
        raise CleanupError("S3Uris must name the objects of a Processing or Transform step.")
    for uri in given:
        if not any(uri.startswith(f"{output.rstrip('/')}/") for output in outputs):
            raise CleanupError(f"{uri} is not below an output of the step.")
        yield uri


def _of_training(attempt: Attempt, model: str) -> Iterator[str]:
    """The model and the other output of a training job: two archives, or all objects of two folders if it does not compress them."""
    folder = model.rstrip("/").rpartition("/")[0]
    if model.endswith(".tar.gz"):
        yield from (f"{folder}/model.tar.gz", f"{folder}/output.tar.gz")
        return
    for item in attempt.scope.data.below(f"{folder}/"):
        yield f"s3://{item.stored.bucket}/{item.stored.key}"


TYPES = {"Cleanup": CleanupStep()}
