"""What the expressions of one execution refer to: parameters, execution variables, and the results of steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from course.localaws.core.errors import AwsError
from course.localaws.jobs.s3_data import DataError, JobData, split
from course.localaws.sagemaker.pipelines.language.definition import Definition, child_name
from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError, property_file
from course.localaws.sagemaker.pipelines.language.limits import limit
from course.localaws.sagemaker.pipelines.language.paths import Path, PathError
from course.localaws.sagemaker.pipelines.language.references import JOB_NAMES


@dataclass(frozen=True)
class ExecutionScope:
    """The scope of one step of an execution.

    Attributes
    ----------
    definition : Definition
    parameters : mapping
        Name -> value.
    variables : callable
        Returns name -> value of the execution's variables at this moment, without the names of jobs.
    experiment : mapping
        ``ExperimentName`` and ``TrialName``; empty without an experiment.
    properties : callable
        Step -> its properties. Raises ExpressionError if it has not succeeded.
    data : JobData
        S3 with the rights of the execution's role.
    job : str
        The name of the step's job.
    item : object
        Of a child step of a ForEach step: the item that it is for.
    """

    definition: Definition
    parameters: Mapping[str, object]
    variables: Callable[[], Mapping[str, object]]
    experiment: Mapping[str, object]
    properties: Callable[[str], object]
    data: JobData
    job: str = ""
    item: object = None

    def of_job(self, name: str, item: object = None) -> ExecutionScope:
        """The scope of a step whose job has this name, and which is for this item."""
        return replace(self, job=name, item=item)

    def get(self, path: str) -> object:
        root, _, rest = path.partition(".")
        match root:
            case "Parameters":
                return self.parameters[rest]
            case "Execution":
                return self.job if rest in JOB_NAMES else self.variables()[rest]
            case "PipelineExperimentConfig":
                return self.experiment[rest]
            case "ForEach":
                return self._from_item(path, rest.removeprefix("CurrentItem").removeprefix("."))
        step, _, inner = rest.partition(".")
        try:
            step, found = self._in_iteration(step, Path.of(inner))
            value = found.in_properties(self.properties(step))
        except PathError as error:
            raise ExpressionError(f"Failed to get '{path}': {error}") from error
        return value.isoformat() if isinstance(value, datetime) else value

    def json_file(self, location: dict) -> object:
        uri = location["S3Uri"] if "S3Uri" in location else self._property_file(location["PropertyFile"])
        largest = limit("property_file_bytes")
        try:
            bucket, key = split(str(uri))
            self.data.require_read(bucket, key)
            with self.data.open(bucket, key) as file:
                content = file.read(largest + 1)
        except (AwsError, DataError) as error:
            refused = error if isinstance(error, AwsError) else error.__cause__ or error
            raise ExpressionError(f"Received an error while reading file {uri} from S3: {refused}") from error
        if len(content) > largest:
            raise ExpressionError(f"The JSON file {uri} is larger than {largest} bytes")
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ExpressionError(f"The file {uri} is not JSON: {error}") from error

    def _from_item(self, path: str, inner: str) -> object:
        """The item of a ForEach step, or a value in it. An item of text may be an object in JSON."""
        if not inner:
            return self.item
        try:
            item = json.loads(self.item) if isinstance(self.item, str) else self.item
            return Path.of(inner).in_json(item)
        except (ValueError, RecursionError) as error:
            raise ExpressionError(f"Failed to get '{path}' of the item {self.item!r}: {error}") from error

    def _in_iteration(self, step: str, path: Path) -> tuple[str, Path]:
        """A step and a path in its properties; an output of a ForEach step is a property of one of its child steps."""
        if step not in self.definition.steps or not self.definition.steps[step].body:
            return step, path
        match path.parts:
            case ("IterationOutputs", int(index), str(name), *rest):
                return child_name(name, index), Path(tuple(rest), path.text)
            case ("Selected", *rest):
                selected = self.properties(step).get("Selector")  # type: ignore[attr-defined]
                if not selected:
                    raise ExpressionError(f"Failed to get 'Steps.{step}.{path.text}': the step {step} has selected no iteration")
                return child_name(selected["StepName"], selected["Index"]), Path(tuple(rest), path.text)
        return step, path

    def _property_file(self, path: str) -> str:
        """The S3 URI of a property file, ``Steps.<step>.PropertyFiles.<name>``."""
        found = property_file(path)
        assert found  # the parser has checked it
        step, name = found
        file = next(file for file in self.definition.step(step).document["PropertyFiles"] if file["PropertyFileName"] == name)
        output = f"ProcessingOutputConfig.Outputs['{file['OutputName']}'].S3Output.S3Uri"
        return f"{str(self.get(f'Steps.{step}.{output}')).rstrip('/')}/{file['FilePath']}"


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
