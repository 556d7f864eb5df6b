"""Checks what the functions in a definition refer to.

Source: "SageMaker Pipeline Definition JSON Schema", version 2020-12-01; `for_each_step.py` and `execution_variables.py` of SageMaker's
Python SDK 3.27; read 2026-11-28. The texts are the local AWS's own: AWS's are not public.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from course.localaws.sagemaker.pipelines.language.apis import property_type
from course.localaws.sagemaker.pipelines.language.definition import Definition, Step
from course.localaws.sagemaker.pipelines.language.expressions import GET, JOIN, JSON_GET, function_of, property_file
from course.localaws.sagemaker.pipelines.language.faults import fault, require
from course.localaws.sagemaker.pipelines.language.for_each import CURRENT_ITEM, selected_step, selector_field, selects
from course.localaws.sagemaker.pipelines.language.paths import Path, PathError

JOB_NAMES = {"TrainingJobName": "Training", "ProcessingJobName": "Processing"}  # variable -> type of the steps that have it
VARIABLES = (
    "PipelineName", "PipelineArn", "PipelineExecutionId", "PipelineExecutionArn", "StartDateTime", "CurrentDateTime", *JOB_NAMES,
)  # fmt: skip
EXPERIMENT = ("ExperimentName", "TrialName")
WITHOUT_PROPERTIES = ("Fail", "Cleanup")
_MEMBERS_OF = {"Condition": ("Outcome",), "Lineage": ("ActionArns", "ArtifactArns", "ContextArns", "Associations")}
_MEMBERS = {JOIN: {"On", "Values"}, JSON_GET: {"PropertyFile", "S3Uri", "Path"}}
_REFERENCE = re.compile(r"(?P<root>[A-Za-z]+)\.(?P<name>[A-Za-z0-9\-_]+)(?P<rest>.*)", re.DOTALL)
_COUNTS = ("InputItemCount", "TotalStepCount", "SucceededStepCount", "FailedStepCount", "StoppedStepCount")


@dataclass(frozen=True)
class References:
    """Checks the references in one part of a definition.

    Attributes
    ----------
    definition : Definition
    step : Step or None
        The step that the part belongs to.
    loop : Step or None
        The ForEach step whose body the step is in.
    """

    definition: Definition
    step: Step | None = None
    loop: Step | None = None

    def check(self, value: object, place: str) -> set[str]:
        """The steps that the functions in a value refer to.

        Raises
        ------
        AwsError
            For a function with wrong members, and for a reference to something that does not exist.
        """
        steps = set()
        for here, name, call in calls(value, place):
            if name == GET:
                found, _ = self._get(call, here)
                steps |= {found} - {None}
            else:
                _check_form(name, call, here)
                if "PropertyFile" in call and name == JSON_GET:
                    steps.add(self._property_file(call["PropertyFile"], here))
        return steps

    def type_of(self, value: object) -> str | None:
        """The type of a function's value, ``String``, ``Integer``, ``Float`` or ``Boolean``; None if only an execution shows it."""
        if function_of(value) == GET:
            return self._get(value[GET], "")[1]
        return "String" if function_of(value) == JOIN else None

    def _get(self, path: object, place: str) -> tuple[str | None, str | None]:
        """The step that a path refers to, if any, and the type of its value, if it is known. Raises AwsError."""
        found = _REFERENCE.fullmatch(path) if isinstance(path, str) else None
        roots = {"Parameters": self._parameter, "Execution": self._variable, "PipelineExperimentConfig": self._experiment}
        roots |= {"ForEach": self._item, "Steps": self._property}
        if not found or found["root"] not in roots:
            raise fault(place, f"'{path}' refers to nothing; it must begin with Parameters., Execution. or Steps.")
        return roots[found["root"]](found["name"], found["rest"], place)

    def _parameter(self, name: str, rest: str, place: str) -> tuple[None, str]:
        parameter = self.definition.parameters.get(name)
        if parameter is None or rest:
            raise fault(place, f"'Parameters.{name}{rest}' refers to a parameter that is not defined")
        return None, parameter.type

    def _variable(self, name: str, rest: str, place: str) -> tuple[None, str]:
        require(name in VARIABLES and not rest, place, f"'Execution.{name}{rest}' refers to an execution variable that does not exist")
        kind = JOB_NAMES.get(name)
        fits = kind is None or (self.step is not None and self.step.type == kind)
        require(fits, place, f"'Execution.{name}' is known in {kind} steps only")
        return None, "String"

    def _experiment(self, name: str, rest: str, place: str) -> tuple[None, str]:
        fits = name in EXPERIMENT and not rest and self.definition.document.get("PipelineExperimentConfig") is not None
        require(fits, place, f"'PipelineExperimentConfig.{name}{rest}' refers to nothing in PipelineExperimentConfig")
        return None, "String"

    def _item(self, name: str, rest: str, place: str) -> tuple[None, None]:
        require(f"ForEach.{name}" == CURRENT_ITEM, place, f"'ForEach.{name}' refers to nothing; did you mean {CURRENT_ITEM}?")
        require(self.loop, place, f"'{CURRENT_ITEM}' is known in the body of a ForEach step only")
        if rest:
            _path(rest, place, f"ForEach.{name}{rest}")
        return None, None

    def _property(self, name: str, rest: str, place: str) -> tuple[str, str | None]:
        step, whole = self.find(name, place), f"Steps.{name}{rest}"
        require(step.type not in WITHOUT_PROPERTIES, place, f"'{whole}': a step of type {step.type} has no properties")
        require(rest.startswith("."), place, f"'{whole}' must name a property of the step, after a dot")
        path = _path(rest, place, whole)
        try:
            return name, _type_of_property(step, path)
        except PathError as error:
            raise fault(place, f"'{whole}' refers to a property that a step of type {step.type} does not have: {error}") from None

    def find(self, name: str, place: str) -> Step:
        """The step of this name that an expression at ``place`` may refer to. Raises AwsError."""
        loop = self.definition.loops.get(name)
        if loop and loop is self.loop:
            return next(step for step in loop.body if step.name == name)
        outputs = f"Steps.{loop.name}.IterationOutputs[0].{name}" if loop else ""
        require(not loop, place, f"the step '{name}' is in the body of another step; its outputs are {outputs} and so on")
        require(name in self.definition.steps, place, f"there is no step '{name}'")
        return self.definition.steps[name]

    def _property_file(self, value: object, place: str) -> str:
        """The step whose property file a ``Std:JsonGet`` names. Raises AwsError."""
        found = property_file(value[GET]) if function_of(value) == GET else None
        if not found:
            raise fault(place, f"the PropertyFile {value} must be a Get of Steps.<step>.PropertyFiles.<name>")
        step, name = self.find(found[0], place), found[1]
        names = [file["PropertyFileName"] for file in step.document.get("PropertyFiles") or ()]
        require(name in names, place, f"the step '{step.name}' has no property file '{name}'")
        return step.name


def check_selector(loop: Step) -> None:
    """Check the property that a ForEach step's selector compares. Raises AwsError."""
    if selects(loop):
        name, path = selector_field(loop)
        try:
            _type_of_property(selected_step(loop), Path.of(path))
        except PathError as error:
            raise fault(f"{loop.place}.Arguments.Selector.Field", f"'IterationOutput.{name}.{path}': {error}") from None


def calls(value: object, place: str) -> Iterator[tuple[str, str, object]]:
    """The functions in a value: where each is, its name, and what it is called with. Property files are not followed."""
    name = function_of(value)
    if name:
        yield place, name, value[name]
    if isinstance(value, dict):
        for member, inner in value.items():
            if not (member == "PropertyFile" and place.endswith(f".{JSON_GET}")):
                yield from calls(inner, f"{place}.{member}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from calls(inner, f"{place}[{number}]")


def _check_form(name: str, call: object, place: str) -> None:
    here, members = f"{place}.{name}", ", ".join(sorted(_MEMBERS[name]))
    require(isinstance(call, dict) and set(call) <= _MEMBERS[name], here, f"its members are {members}")
    if name == JOIN:
        require(isinstance(call.get("Values"), list), here, "it needs a list of Values")
        require(isinstance(call.get("On", ""), str), here, "On must be text")
        return
    require("Path" in call and ("S3Uri" in call) != ("PropertyFile" in call), here, "it needs Path, and PropertyFile or S3Uri")
    if isinstance(call["Path"], str):
        try:
            Path.of_json_path(call["Path"])
        except PathError as error:
            raise fault(here, str(error)) from None
    require(isinstance(call["Path"], str) or function_of(call["Path"]), here, "Path must be text")
    require(isinstance(call.get("S3Uri", ""), str) or function_of(call["S3Uri"]), here, "S3Uri must be text")


def _path(rest: str, place: str, whole: str) -> Path:
    try:
        return Path.of(rest.removeprefix("."))
    except PathError as error:
        raise fault(place, f"'{whole}': {error}") from None


def _type_of_property(step: Step, path: Path) -> str | None:
    """The type of a property of a step. Raises PathError if there is no such property."""
    if step.type == "ForEach":
        return _type_in_loop(step, path)
    if step.type in ("Lambda", "Callback"):
        declared = {entry["OutputName"]: entry["OutputType"] for entry in step.document.get("OutputParameters") or ()}
        if len(path.parts) != 2 or path.parts[0] != "OutputParameters" or path.parts[1] not in declared:
            raise PathError(f"its properties are OutputParameters of {sorted(declared)}")
        return declared[str(path.parts[1])]
    if step.type in _MEMBERS_OF and path.parts[0] not in _MEMBERS_OF[step.type]:
        raise PathError(f"its properties are {', '.join(_MEMBERS_OF[step.type])}")
    return property_type(step.type, path)


def _type_in_loop(loop: Step, path: Path) -> str | None:
    match path.parts:
        case ("Status",):
            return "String"
        case (str(name),) if name in _COUNTS:
            return "Integer"
        case ("Selected", *rest) if rest and selects(loop):
            return _type_of_property(selected_step(loop), Path(tuple(rest), path.text))
        case ("IterationOutputs", int(), str(name), *rest) if rest and (inner := [step for step in loop.body if step.name == name]):
            return _type_of_property(inner[0], Path(tuple(rest), path.text))
    selected = ", Selected.<member>" if selects(loop) else ""
    raise PathError(f"its properties are Status, {', '.join(_COUNTS)}, IterationOutputs[<index>].<step>.<member>{selected}")
