"""What the engine keeps of pipelines: pipelines, their versions and their executions.

Error texts: public issues and answers of AWS; see `course/localaws/server/conformance.yaml`. API reference, read 2026-11-28.
"""

from __future__ import annotations

from dataclasses import dataclass

from course.localaws.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document, ResourceKind

# Statuses of executions
RUNNING = ("Executing", "Stopping")
ENDED = ("Succeeded", "Failed", "Stopped", "CompletedWithFailures")


@dataclass(frozen=True)
class PartKind(ResourceKind):
    """A part of a pipeline. The engine names it by the pipeline and its own id; no answer shows that name."""

    @property
    def name_member(self) -> str:
        return "_name"


PIPELINE = ResourceKind(
    name="Pipeline",
    arn="pipeline",
    missing="Pipeline '{arn}' does not exist.",
    missing_code="ResourceNotFound",
    exists="Pipeline names must be unique within an AWS account and region. Pipeline with name ({name}) already exists.",
    status="PipelineStatus",
    summary=("PipelineDisplayName", "PipelineDescription", "RoleArn", "LastRunTime"),
)
VERSION = PartKind(
    name="PipelineVersion",
    arn="pipeline",
    missing="Pipeline version '{arn}' does not exist.",
    missing_code="ResourceNotFound",
    exists="Pipeline version '{arn}' already exists.",
    summary=(
        "PipelineArn",
        "PipelineVersionId",
        "PipelineVersionDisplayName",
        "PipelineVersionDescription",
        "PipelineVersionAliases",
        "LastExecutionPipelineExecutionArn",
    ),
    filters={"PipelineArn": "PipelineArn"},
)
EXECUTION = PartKind(
    name="PipelineExecution",
    arn="pipeline",
    missing="Pipeline execution '{arn}' does not exist.",
    missing_code="ResourceNotFound",
    exists="Pipeline execution '{arn}' already exists.",
    status="PipelineExecutionStatus",
    summary=(
        "PipelineName",
        "PipelineExecutionDescription",
        "PipelineExecutionDisplayName",
        "FailureReason",
        "PipelineVersionId",
        "_token",
    ),
    filters={"PipelineName": "PipelineName", "PipelineVersionId": "PipelineVersionId", "_token": "_token"},
)


def name_of(context: Context, name: str) -> str:
    """The name of a pipeline, given its name or ARN. An ARN of another region or account stays as it is: no pipeline has such a name."""
    return name.removeprefix(f"arn:aws:sagemaker:{context.region}:{context.account}:{PIPELINE.arn}/")


def execution_name(context: Context, arn: str) -> str:
    """The engine's name of an execution, given its ARN."""
    return name_of(context, arn)


def version_name(pipeline: str, version: int) -> str:
    """The engine's name of a pipeline's version."""
    return f"{pipeline}/version/{version}"


def conflict(message: str) -> AwsError:
    return AwsError("ConflictException", message)


def shown(document: Document, members: tuple[str, ...]) -> dict:
    """The members of a document that an answer shows."""
    return {member: document[member] for member in members if member in document}


def renamed(params: dict) -> dict:
    """The common parameters of a List operation by the engine's names."""
    times = {f"CreationTime{word}": params[f"Created{word}"] for word in ("After", "Before") if f"Created{word}" in params}
    return times | shown(params, ("SortBy", "SortOrder", "MaxResults", "NextToken"))
