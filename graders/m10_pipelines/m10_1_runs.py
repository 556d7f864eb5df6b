"""Executions of a learner's pipeline: started together, followed until they end, and deleted with the pipeline."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from course.grading import Answer, AnswerError, Report
from course.grading.jobs import ended
from course.grading.short_repr import cut

RUNNING = ("Executing", "Stopping")
LOOKS, PAUSE = 1500, 0.1  # the most looks at an execution, and seconds between two
REASON = 600  # characters of a failure reason; a traceback comes before what was wrong


@dataclass(frozen=True)
class Run:
    """One execution that has ended, or was stopped because it took too long.

    Attributes
    ----------
    arn, status : str
    steps : dict
        Name of a step -> its entry in ListPipelineExecutionSteps.
    """

    arn: str
    status: str
    steps: dict[str, dict]

    @property
    def failures(self) -> str:
        """The steps that failed, and why, as a sentence; ``""`` for none."""
        failed = {name: step for name, step in self.steps.items() if step["StepStatus"] == "Failed"}
        return "; ".join(f"{name}: {cut(step.get('FailureReason', 'no reason'), REASON)}" for name, step in failed.items())

    def ended_as(self, step: str) -> str:
        """The status of a step; ``""`` if it never started."""
        return self.steps.get(step, {}).get("StepStatus", "")


@contextlib.contextmanager
def pipeline(answer: Answer, report: Report, part: str, function: str, *arguments: str) -> Iterator[str]:
    """The pipeline that a learner's function makes; yields its name, or ``""`` if the part failed. It is deleted afterwards."""
    with pipeline_deleted(answer, arguments[0]) as name:
        yield name if _made(answer, report, part, function, *arguments) else ""


@contextlib.contextmanager
def pipeline_deleted(answer: Answer, name: str) -> Iterator[str]:
    """Yields the name of a pipeline. If there is such a pipeline afterwards, its executions are stopped, and it is deleted."""
    sagemaker = answer.client("sagemaker")
    try:
        yield name
    finally:
        with contextlib.suppress(ClientError):
            for run in sagemaker.list_pipeline_executions(PipelineName=name)["PipelineExecutionSummaries"]:
                _stopped(sagemaker, run["PipelineExecutionArn"])
            sagemaker.delete_pipeline(PipelineName=name)


def _made(answer: Answer, report: Report, part: str, function: str, *arguments: str) -> bool:
    sagemaker, name = answer.client("sagemaker"), arguments[0]
    got = answer.call(function, *arguments)
    called = f"`{function}({', '.join(map(repr, arguments))})` returned {got!r}"
    try:
        arn = sagemaker.describe_pipeline(PipelineName=name)["PipelineArn"]
    except ClientError:
        return report.part(part, False, f"{called}, and there is no pipeline of that name: did you call `upsert`?")
    return report.part(part, got == arn, f"{called}; expected the ARN of the pipeline, as `upsert` returns it.")


def start(answer: Answer, report: Report, part: str, name: str, asked: Sequence[dict[str, object]]) -> list[Run]:
    """Start a pipeline once for each set of parameters, all at the same time, and wait. Empty, and the part failed, if AWS refuses one."""
    sagemaker, arns = answer.client("sagemaker"), []
    for parameters in asked:
        given = [{"Name": key, "Value": str(value)} for key, value in parameters.items()]
        try:
            started = sagemaker.start_pipeline_execution(PipelineName=name, PipelineParameters=given)
        except ClientError as error:
            said = error.response["Error"]["Message"]
            report.part(part, False, f"Started with {shown(parameters)}, the pipeline was refused: {cut(said, REASON)}")
            return []
        arns.append(started["PipelineExecutionArn"])
    return [awaited(sagemaker, arn) for arn in arns]


def shown(parameters: dict[str, object]) -> str:
    """Parameters as a message shows them. An archive's URI is long, and says nothing."""
    return ", ".join(f"{key}={'an archive' if str(value).startswith('s3://') else value}" for key, value in parameters.items())


def awaited(sagemaker: Any, arn: str) -> Run:
    """An execution, once it has ended. Raises AnswerError if it takes too long."""
    status = _settled(sagemaker, arn)
    if status in RUNNING:
        raise AnswerError(f"An execution of your pipeline still runs after {LOOKS * PAUSE:.0f} seconds.")
    listed = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending", MaxResults=100)
    return Run(arn, status, {step["StepName"]: step for step in listed["PipelineExecutionSteps"]})


def _stopped(sagemaker: Any, arn: str) -> None:
    if _status(sagemaker, arn) == "Executing":
        sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
    _settled(sagemaker, arn)


def _settled(sagemaker: Any, arn: str) -> str:
    """The status of an execution once it has ended, or after the last look."""
    for _ in range(LOOKS):
        if (status := _status(sagemaker, arn)) not in RUNNING:
            break
        time.sleep(PAUSE)
    return status


def _status(sagemaker: Any, arn: str) -> str:
    return sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"]


@contextlib.contextmanager
def package_group(answer: Answer, name: str) -> Iterator[str]:
    """A model package group, which is deleted afterwards with its packages; yields its name."""
    sagemaker = answer.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    try:
        yield name
    finally:
        for package in sagemaker.list_model_packages(ModelPackageGroupName=name)["ModelPackageSummaryList"]:
            sagemaker.delete_model_package(ModelPackageName=package["ModelPackageArn"])
        sagemaker.delete_model_package_group(ModelPackageGroupName=name)


def job_of(sagemaker: Any, run: Run, step: str, kind: str) -> dict:
    """The description of the job of a step; ``kind`` is as for `course.grading.jobs.ended`."""
    arn = run.steps[step]["Metadata"][f"{kind.title()}Job"]["Arn"]
    return ended(sagemaker, kind, arn.rpartition("/")[2])


def arguments(job: dict) -> list[str]:
    """What the program of a Processing job got on its command line."""
    return job["AppSpecification"].get("ContainerArguments", [])


def outputs(job: dict) -> dict[str, str]:
    """Name of an output of a Processing job -> its S3 URI."""
    return {each["OutputName"]: each["S3Output"]["S3Uri"] for each in job["ProcessingOutputConfig"]["Outputs"]}
