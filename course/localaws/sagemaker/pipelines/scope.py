"""What the expressions of one execution refer to: parameters, execution variables, and the results of steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from course.localaws.core.errors import AwsError
from course.localaws.jobs.s3_data import DataError, JobData, split
from course.localaws.sagemaker.pipelines.language.definition import Definition
from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError
from course.localaws.sagemaker.pipelines.language.paths import Path, PathError

JOB_NAMES = ("TrainingJobName", "ProcessingJobName")
LARGEST_FILE = 2 << 20  # bytes of a property file


@dataclass(frozen=True)
class ExecutionScope:
    """The scope of one step of an execution.

    Attributes
    ----------
    definition : Definition
    parameters : mapping
        Name -> value.
    variables : mapping
        Name -> value of the execution's variables, without the names of jobs.
    experiment : mapping
        ``ExperimentName`` and ``TrialName``; empty without an experiment.
    properties : callable
        Step -> its properties. Raises ExpressionError if it has not succeeded.
    data : JobData
        S3 with the rights of the execution's role.
    job : str
        The name of the step's job.
    """

    definition: Definition
    parameters: Mapping[str, object]
    variables: Mapping[str, object]
    experiment: Mapping[str, object]
    properties: Callable[[str], object]
    data: JobData
    job: str = ""

    def of_job(self, name: str) -> ExecutionScope:
        """The scope of a step whose job has this name."""
        return replace(self, job=name)

    def get(self, path: str) -> object:
        root, _, rest = path.partition(".")
        if root == "Parameters":
            return self.parameters[rest]
        if root == "Execution":
            return self.job if rest in JOB_NAMES else self.variables[rest]
        if root == "PipelineExperimentConfig":
            return self.experiment[rest]
        step, inner = _split(rest)
        try:
            value = Path.of(inner).of_properties(self.properties(step))
        except PathError as error:
            raise ExpressionError(f"Failed to get '{path}': {error}") from error
        return value.isoformat() if isinstance(value, datetime) else value

    def json_file(self, location: dict) -> object:
        uri = location["S3Uri"] if "S3Uri" in location else self._property_file(location["PropertyFile"])
        try:
            bucket, key = split(uri)
            self.data.require_read(bucket, key)
            with self.data.open(bucket, key) as file:
                content = file.read(LARGEST_FILE + 1)
        except (AwsError, DataError) as error:
            raise ExpressionError(f"The JSON file {uri} could not be read: {error}") from error
        if len(content) > LARGEST_FILE:
            raise ExpressionError(f"The JSON file {uri} is larger than {LARGEST_FILE} bytes")
        try:
            return json.loads(content)
        except ValueError as error:
            raise ExpressionError(f"The file {uri} is not JSON: {error}") from error

    def _property_file(self, path: str) -> str:
        """The S3 URI of a property file, ``Steps.<step>.PropertyFiles.<name>``."""
        step, inner = _split(path.partition(".")[2])
        name = inner.removeprefix("PropertyFiles.")
        files = {file["PropertyFileName"]: file for file in self.definition.steps[step].document.get("PropertyFiles") or ()}
        if name not in files:
            raise ExpressionError(f"The step {step} has no property file {name}")
        output = f"ProcessingOutputConfig.Outputs['{files[name]['OutputName']}'].S3Output.S3Uri"
        folder = self.get(f"Steps.{step}.{output}")
        return f"{str(folder).rstrip('/')}/{files[name]['FilePath']}"


def _split(path: str) -> tuple[str, str]:
    """A step's name and the rest of a path, e.g. ``("train", "ModelArtifacts.S3ModelArtifacts")``."""
    step, dot, rest = path.partition(".")
    return step, rest if dot else ""


def variables(execution: dict, now: float) -> dict[str, object]:
    """The execution variables, from the execution's document. Time stamps are ISO 8601 in UTC."""
    return {
        "PipelineName": execution["PipelineName"],
        "PipelineArn": execution["PipelineArn"],
        "PipelineExecutionId": execution["PipelineExecutionArn"].rpartition("/")[2],
        "PipelineExecutionArn": execution["PipelineExecutionArn"],
        "StartDateTime": _time(execution["CreationTime"]),
        "CurrentDateTime": _time(now),
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
