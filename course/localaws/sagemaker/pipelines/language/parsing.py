"""Parses a pipeline's definition, and refuses one that cannot run. Each error says where in the JSON the fault is.

Source: "SageMaker Pipeline Definition JSON Schema", version 2020-12-01, and the requests that SDK v2 2.257 and v3 3.27 write.
Read 2026-11-28. Where AWS's text of an error is not public, the text is the local AWS's own, after AWS's prefix.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass, field, replace

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.pipelines.language import conditions, for_each, step_members
from course.localaws.sagemaker.pipelines.language.definition import BODY, BRANCHES, Definition, Step
from course.localaws.sagemaker.pipelines.language.dependencies import check_cycles, connect
from course.localaws.sagemaker.pipelines.language.expressions import JSON_GET, function_of
from course.localaws.sagemaker.pipelines.language.faults import as_list, fault, require
from course.localaws.sagemaker.pipelines.language.limits import limit
from course.localaws.sagemaker.pipelines.language.parameters import TYPES, Parameter
from course.localaws.sagemaker.pipelines.language.references import EXPERIMENT, References, calls

VERSION = "2020-12-01"
STEP_NAME = re.compile(r"[A-Za-z0-9\-_]{1,64}")
STEP_TYPES = frozenset({  # of AWS: those that the SDKs write, and those of which botocore's step metadata knows
    "Athena", "AutoML", "BedrockCustomModel", "BedrockCustomModelDeployment", "BedrockModelImport", "BedrockProvisionedModelThroughput",
    "Callback", "ClarifyCheck", "Cleanup", "Condition", "EMR", "EMRServerless", "Endpoint", "EndpointConfig", "Fail", "ForEach",
    "HubContent", "InferenceComponent", "Job", "Lambda", "Lineage", "Model", "Processing", "QualityCheck", "RegisterModel", "Training",
    "Transform", "Tuning",
})  # fmt: skip
_PARAMETER_NAME = re.compile(r"[A-Za-z0-9\-_]{1,256}")
_MEMBERS = ("Version", "Metadata", "Parameters", "PipelineExperimentConfig", "MlflowConfig", "Steps")
_MLFLOW = ("MlflowResourceArn", "MlflowExperimentName")


def parse(text: str, types: Set[str]) -> Definition:
    """Parse and check a definition.

    Parameters
    ----------
    text : str
        The definition's JSON.
    types : set of str
        The types of steps that can run.

    Raises
    ------
    AwsError
        ``ValidationException`` for a definition that is not valid, ``NotSupportedByLocalAws`` for a type of step that AWS has.
    """
    document = _document(text)
    parameters = {parameter.name: parameter for parameter in _parameters(document.get("Parameters"))}
    steps = {step.name: step for step in _StepReader(types).steps(document.get("Steps"), "$.Steps")}
    definition = Definition(document, parameters, steps)
    _check_config(definition, "PipelineExperimentConfig", EXPERIMENT)
    _check_config(definition, "MlflowConfig", _MLFLOW)
    for_each.check_names(definition)
    connect(definition)
    check_cycles(definition)
    _check_counts(definition)
    return definition


def _document(text: str) -> dict:
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise fault("$", f"it is not JSON: {error or 'nested too deeply'}") from None
    require(isinstance(document, dict), "$", "it must be an object")
    for member in document:
        require(member in _MEMBERS, "$", f"a definition has no member '{member}'; its members are {', '.join(_MEMBERS)}")
    require(document.get("Version", VERSION) == VERSION, "$.Version", f"it must be '{VERSION}'")
    metadata, most = document.get("Metadata") or {}, limit("metadata")
    require(
        isinstance(metadata, dict) and len(metadata) <= most["pairs"],
        "$.Metadata",
        f"it must be an object of {most['pairs']} members at most",
    )
    fits = all(isinstance(value, str) and len(value) <= most["value"] for value in metadata.values())
    require(fits, "$.Metadata", f"its values must be text of at most {most['value']} characters")
    return document


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number in JSON")


def _parameters(listed: object) -> Iterator[Parameter]:
    listed, most = as_list(listed, "$.Parameters"), limit("parameters")
    require(len(listed) <= most, "$.Parameters", f"it has more than {most} parameters")
    names: set[str] = set()
    for number, entry in enumerate(listed):
        parameter = _parameter(entry, f"$.Parameters[{number}]")
        require(parameter.name not in names, f"$.Parameters[{number}].Name", f"a parameter named '{parameter.name}' exists already")
        names.add(parameter.name)
        yield parameter


def _parameter(entry: object, place: str) -> Parameter:
    require(isinstance(entry, dict), place, "it must be an object")
    members = ("Name", "Type", "DefaultValue", "EnumValues", "Description")
    for member in entry:
        require(member in members, place, f"a parameter has no member '{member}'; its members are {', '.join(members)}")
    name, kind, default = entry.get("Name"), entry.get("Type", "String"), entry.get("DefaultValue")
    require(isinstance(name, str) and _PARAMETER_NAME.fullmatch(name), f"{place}.Name", f"'{name}' is not the name of a parameter")
    require(isinstance(kind, str) and kind in TYPES, f"{place}.Type", f"'{kind}' is not one of {', '.join(TYPES)}")
    allowed, most = as_list(entry.get("EnumValues"), f"{place}.EnumValues"), limit("enum_values")
    require(len(allowed) <= most, f"{place}.EnumValues", f"it has more than {most} values")
    parameter = Parameter(name, kind, default, tuple(allowed))
    for value in allowed:
        require(parameter.fits(value), f"{place}.EnumValues", f"{value!r} is not of type {kind}")
    if default is not None:
        require(parameter.fits(default), f"{place}.DefaultValue", f"{default!r} is not of type {kind}")
        require(not allowed or default in allowed, f"{place}.DefaultValue", f"{default!r} is not one of EnumValues")
    for member, most in limit("parameter_text").items():
        values = entry.get(member) if isinstance(entry.get(member), list) else [entry.get(member)]
        fits = all(not isinstance(value, str) or len(value) <= most for value in values)
        require(fits, f"{place}.{member}", f"it has more than {most} characters")
    return parameter


@dataclass
class _StepReader:
    """Reads the steps of a definition.

    Attributes
    ----------
    types : set of str
        The types of steps that can run.
    names : set of str
        Of all steps that were read, with those of ForEach bodies.
    """

    types: Set[str]
    names: set[str] = field(default_factory=set)

    def steps(self, listed: object, place: str, branch: tuple[tuple[str, str], ...] = ()) -> Iterator[Step]:
        """The steps of a list, and of the branches of its Condition steps. Raises AwsError."""
        listed = as_list(listed, place)
        require(listed or branch, place, "it must have one step at least")
        for number, entry in enumerate(listed):
            step = replace(self._step(entry, f"{place}[{number}]"), branch=branch)
            if step.type == "ForEach":
                step = self._loop(step)
            yield step
            if step.type == "Condition":
                yield from self._branches(step)

    def _step(self, entry: object, place: str) -> Step:
        require(isinstance(entry, dict), place, "a step must be an object")
        name, kind = entry.get("Name"), entry.get("Type")
        require(isinstance(name, str) and STEP_NAME.fullmatch(name), f"{place}.Name", f"'{name}' is not the name of a step")
        require(isinstance(kind, str) and kind in STEP_TYPES, f"{place}.Type", f"'{kind}' is not a type of steps")
        if kind not in self.types:
            raise AwsError(
                "NotSupportedByLocalAws",
                f"The local AWS does not support steps of type {kind} ({place}, step {name}). It supports {', '.join(sorted(self.types))}.",
            )
        require(name not in self.names, place, f"a step named '{name}' exists already")
        self.names.add(name)
        step_members.check(entry, kind, place)
        return Step(name, kind, entry, place)

    def _branches(self, step: Step) -> Iterator[Step]:
        members, place, most = {"Conditions", *BRANCHES}, f"{step.place}.Arguments", limit("branch_steps")
        require(set(step.arguments) <= members, place, f"the arguments of a Condition step are {', '.join(sorted(members))}")
        conditions.check(step.arguments.get("Conditions"), f"{place}.Conditions")
        for member, outcome in BRANCHES.items():
            listed = step.arguments.get(member) or []
            require(not isinstance(listed, list) or len(listed) <= most, f"{place}.{member}", f"it has more than {most} steps")
            yield from self.steps(listed, f"{place}.{member}", (*step.branch, (step.name, outcome)))

    def _loop(self, step: Step) -> Step:
        place = f"{step.place}.Arguments.{BODY}"
        listed = as_list(step.arguments.get(BODY), place)
        require(listed, place, "it must have one step at least")
        body = tuple(self._step(entry, f"{place}[{number}]") for number, entry in enumerate(listed))
        for inner in body:
            fits = inner.type not in for_each.NOT_IN_BODY
            require(fits, inner.place, f"a step of type {inner.type} may not be in the body of a ForEach step")
        step = replace(step, body=body)
        for_each.check(step)
        return step


def _check_config(definition: Definition, name: str, members: tuple[str, ...]) -> None:
    """Check a part of a definition that is null or has these members, each null, text or a function."""
    config, place = definition.document.get(name), f"$.{name}"
    if config is None:
        return
    require(isinstance(config, dict) and set(config) <= set(members), place, f"it must be null or an object with {' and '.join(members)}")
    for member in members:
        value = config.get(member)
        fits = value is None or isinstance(value, str) or function_of(value)
        require(fits, f"{place}.{member}", "it must be text or a function")
    steps = References(definition).check(config, place)
    require(not steps, place, "it cannot refer to a step")


def _check_counts(definition: Definition) -> None:
    every = definition.every_step
    counts = {
        "steps": (len(every), "steps"),
        "property_files": (sum(len(step.document.get("PropertyFiles") or ()) for step in every), "property files"),
        "json_gets": (sum(name == JSON_GET for _, name, _ in calls(definition.document, "$")), JSON_GET),
    }
    for name, (count, what) in counts.items():
        require(count <= limit(name), "$.Steps", f"the pipeline has {count} {what}, and {limit(name)} are allowed")
