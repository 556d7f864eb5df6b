"""The experiment and the trial of an execution, which the definition's `PipelineExperimentConfig` names.

Source: "Amazon SageMaker Experiments Integration" of the developer guide, read 2026-11-28. SageMaker itself makes the experiment and the
trial if they do not exist, so the execution's role needs no right for it (CloudTrail of a run, in public notes of August 2026). An
experiment that is named after its pipeline has that name in lower case (answer of DescribePipelineExecution in public notes of October
2024). Each training, processing and transform job of the execution gets them as its `ExperimentConfig`, so its trial component is in the
trial. The SDKs always write `PipelineExperimentConfig`; without it, or with ``null``, there is no experiment. A step that takes a cached
result adds nothing to the trial, because it has no job; AWS does not document this.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from course.localaws.context import Context
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import ResourceEngine
from course.localaws.sagemaker.experiments import experiments
from course.localaws.sagemaker.pipelines.kinds import shown
from course.localaws.sagemaker.pipelines.language.definition import Definition
from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError, resolve, text

TRACKED = ("Training", "Processing", "Transform")  # types of steps whose jobs have an ExperimentConfig
_DEFAULTS = {"ExperimentName": "PipelineName", "TrialName": "PipelineExecutionId"}  # member -> execution variable
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}")


@dataclass(frozen=True)
class _StartScope:
    """What expressions can refer to before any step has run."""

    parameters: Mapping[str, object]
    variables: Mapping[str, object]

    def get(self, path: str) -> object:
        root, _, name = path.partition(".")
        values = {"Parameters": self.parameters, "Execution": self.variables}.get(root, {})
        if name not in values:
            raise ExpressionError(f"'{path}' has no value when an execution starts")
        return values[name]

    def json_file(self, location: dict) -> object:
        raise ExpressionError("there is no file when an execution starts")


def config_of(definition: Definition, parameters: Mapping[str, object], variables: Mapping[str, object]) -> dict | None:
    """The `PipelineExperimentConfig` of a new execution, with both names; None for no experiment.

    Parameters
    ----------
    definition : Definition
    parameters, variables : mapping
        Name -> value, of the execution.

    Raises
    ------
    AwsError
        ``ValidationException`` for a name that no experiment or trial can have.
    """
    config = definition.document.get("PipelineExperimentConfig")
    if config is None:
        return None
    scope, found = _StartScope(parameters, {**variables, "PipelineName": str(variables["PipelineName"]).lower()}), {}
    for member, variable in _DEFAULTS.items():
        try:
            found[member] = text(resolve(config.get(member) or {"Get": f"Execution.{variable}"}, scope))
        except ExpressionError as error:
            raise invalid(f"PipelineExperimentConfig.{member}: {error}.") from error
        if not _NAME.fullmatch(found[member]):
            raise invalid(f"PipelineExperimentConfig.{member}: '{found[member]}' does not match the pattern {_NAME.pattern}.")
    return found


def ensure(engine: ResourceEngine, context: Context, config: dict | None) -> None:
    """Make the experiment and the trial of an execution, if they do not exist."""
    if config is None:
        return
    trial = {"TrialName": config["TrialName"], "ExperimentName": config["ExperimentName"]}
    with contextlib.suppress(AwsError):  # it exists
        experiments.create(engine, context, experiments.EXPERIMENT, {"ExperimentName": config["ExperimentName"]})
    with contextlib.suppress(AwsError):
        experiments.create(engine, context, experiments.TRIAL, trial)


def with_experiment(kind: str, arguments: dict, config: dict | None) -> dict:
    """The arguments of a step of type ``kind``, with the experiment of its execution. Only the display name is the step's own."""
    if config is None or kind not in TRACKED:
        return arguments
    own = shown(arguments.get("ExperimentConfig") or {}, ("TrialComponentDisplayName",))
    return arguments | {"ExperimentConfig": config | own}
