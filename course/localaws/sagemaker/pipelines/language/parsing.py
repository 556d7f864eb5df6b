"""Parses a pipeline's definition, and refuses one that cannot run. Each error says where in the JSON the fault is.

Source: "SageMaker Pipeline Definition JSON Schema", version 2020-12-01, and the requests that SDK v2 2.257 and v3 3.27 write.
Read 2026-11-28. The texts of the errors are the local AWS's own, after AWS's prefix.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from course.localaws.core.errors import AwsError, invalid
from course.localaws.sagemaker.pipelines.language import cache_config, conditions
from course.localaws.sagemaker.pipelines.language.definition import BRANCHES, TRIGGERS, Definition, Step
from course.localaws.sagemaker.pipelines.language.expressions import FUNCTIONS, GET, JSON_GET, function_of, references
from course.localaws.sagemaker.pipelines.language.parameters import TYPES, Parameter

VERSION = "2020-12-01"
VARIABLES = (
    "PipelineName", "PipelineArn", "PipelineExecutionId", "PipelineExecutionArn", "StartDateTime", "CurrentDateTime",
    "TrainingJobName", "ProcessingJobName",
)  # fmt: skip
STEP_NAME = re.compile(r"[A-Za-z0-9\-_]{1,64}")
_PARAMETER_NAME = re.compile(r"[A-Za-z0-9\-_]{1,256}")
_REFERENCE = re.compile(r"(?P<root>Parameters|Execution|Steps)\.(?P<name>[A-Za-z0-9\-_]+)(?P<rest>.*)", re.DOTALL)


def parse(text: str, types: frozenset[str]) -> Definition:
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
    try:
        document = json.loads(text)
    except ValueError as error:
        raise fault("$", f"it is not JSON: {error}") from None
    _require(isinstance(document, dict), "$", "it must be an object")
    _require(document.get("Version") == VERSION, "$.Version", f"it must be '{VERSION}'")
    parameters = {parameter.name: parameter for parameter in _parameters(document)}
    found: dict[str, Step] = {}
    for step in _steps(document.get("Steps"), "$.Steps", types):
        _require(step.name not in found, step.place, f"a step named '{step.name}' exists already")
        found[step.name] = step
    definition = Definition(document, parameters, found)
    _check_references(document.get("PipelineExperimentConfig"), "$.PipelineExperimentConfig", definition)
    for step in found.values():
        step.triggers.update(_triggers(step, definition))
        reason = cache_config.fault_in(step.document)
        _require(not reason, f"{step.place}.CacheConfig", reason)
    _check_cycles(definition)
    return definition


def fault(place: str, reason: str) -> AwsError:
    """The error for a definition that is not valid."""
    return invalid(f"Unable to parse pipeline definition. {place}: {reason}.")


def _require(condition: object, place: str, reason: str) -> None:
    if not condition:
        raise fault(place, reason)


def _parameters(document: dict) -> Iterator[Parameter]:
    listed = document.get("Parameters") or []
    _require(isinstance(listed, list), "$.Parameters", "it must be a list")
    names: set[str] = set()
    for number, entry in enumerate(listed):
        place = f"$.Parameters[{number}]"
        _require(isinstance(entry, dict), place, "it must be an object")
        name, kind = entry.get("Name"), entry.get("Type")
        _require(isinstance(name, str) and _PARAMETER_NAME.fullmatch(name), f"{place}.Name", f"'{name}' is not the name of a parameter")
        _require(name not in names, f"{place}.Name", f"a parameter named '{name}' exists already")
        _require(kind in TYPES, f"{place}.Type", f"'{kind}' is not one of {', '.join(TYPES)}")
        names.add(name)
        parameter = Parameter(name, kind, entry.get("DefaultValue"), tuple(entry.get("EnumValues") or ()))
        for value in parameter.allowed:
            _require(parameter.fits(value), f"{place}.EnumValues", f"{value!r} is not of type {kind}")
        if parameter.default is not None:
            _require(parameter.fits(parameter.default), f"{place}.DefaultValue", f"{parameter.default!r} is not of type {kind}")
            fits = not parameter.allowed or parameter.default in parameter.allowed
            _require(fits, f"{place}.DefaultValue", f"{parameter.default!r} is not one of EnumValues")
        yield parameter


def _steps(listed: object, place: str, types: frozenset[str], branch: tuple[tuple[str, str], ...] = ()) -> Iterator[Step]:
    """The steps of a list, and of the branches of its Condition steps."""
    _require(isinstance(listed, list) and (listed or branch), place, "it must be a list with one step at least")
    for number, entry in enumerate(listed):
        here = f"{place}[{number}]"
        _require(isinstance(entry, dict), here, "a step must be an object")
        name, kind = entry.get("Name"), entry.get("Type")
        _require(isinstance(name, str) and STEP_NAME.fullmatch(name), f"{here}.Name", f"'{name}' is not the name of a step")
        _require(isinstance(kind, str), f"{here}.Type", "a step needs a type")
        if kind not in types:
            raise AwsError(
                "NotSupportedByLocalAws",
                f"The local AWS does not support steps of type {kind} ({here}, step {name}). It supports {', '.join(sorted(types))}.",
            )
        _require(isinstance(entry.get("Arguments", {}), dict), f"{here}.Arguments", "it must be an object")
        step = Step(name, kind, entry, here, branch)
        yield step
        if kind == "Condition":
            _check_conditions(step)
            for member, outcome in BRANCHES.items():
                inner = step.arguments.get(member) or []
                yield from _steps(inner, f"{here}.Arguments.{member}", types, (*branch, (name, outcome)))


def _check_conditions(step: Step) -> None:
    place = f"{step.place}.Arguments.Conditions"
    listed = step.arguments.get("Conditions")
    _require(isinstance(listed, list) and listed, place, "a Condition step needs one condition at least")
    for number, condition in enumerate(listed):
        _check_condition(condition, f"{place}[{number}]")


def _check_condition(condition: object, place: str) -> None:
    _require(isinstance(condition, dict), place, "a condition must be an object")
    kind = condition.get("Type")
    _require(kind in conditions.MEMBERS, f"{place}.Type", f"'{kind}' is not one of {', '.join(conditions.MEMBERS)}")
    for member in conditions.MEMBERS[kind]:
        _require(member in condition, place, f"a condition of type {kind} needs {member}")
    if kind == "Not":
        _check_condition(condition["Condition"], f"{place}.Condition")
    if kind == "Or":
        _require(isinstance(condition["Conditions"], list), f"{place}.Conditions", "it must be a list")
        for number, inner in enumerate(condition["Conditions"]):
            _check_condition(inner, f"{place}.Conditions[{number}]")
    if kind == "In":
        _require(isinstance(condition["Values"], list), f"{place}.Values", "it must be a list")


def _triggers(step: Step, definition: Definition) -> dict[str, str]:
    """The steps that a step depends on: those in ``DependsOn`` and those whose results it uses. Raises AwsError."""
    own = {name: value for name, value in step.document.items() if name != "DependsOn"} | {"Arguments": step.own_arguments}
    found = dict.fromkeys(_check_references(own, step.place, definition), "Completed")
    listed = step.document.get("DependsOn") or []
    _require(isinstance(listed, list), f"{step.place}.DependsOn", "it must be a list")
    for number, entry in enumerate(listed):
        place = f"{step.place}.DependsOn[{number}]"
        name, trigger = (entry.get("Step"), entry.get("Trigger", "Completed")) if isinstance(entry, dict) else (entry, "Completed")
        _require(isinstance(name, str) and name in definition.steps, place, f"there is no step '{name}'")
        _require(trigger in TRIGGERS, place, f"the trigger '{trigger}' is not one of {', '.join(TRIGGERS)}")
        found[name] = trigger
    _require(step.name not in found, step.place, f"the step '{step.name}' depends on itself")
    return found


def _check_references(value: object, place: str, definition: Definition) -> set[str]:
    """The steps that a value refers to. Raises AwsError for a reference to nothing, and for a function with wrong members."""
    _check_functions(value, place)
    steps = set()
    for path in references(value):
        found = _REFERENCE.fullmatch(path) if isinstance(path, str) else None
        _require(found, place, f"'{path}' refers to nothing; it must begin with Parameters., Execution. or Steps.")
        root, name = found["root"], found["name"]
        if root == "Parameters":
            _require(name in definition.parameters and not found["rest"], place, f"'{path}' refers to a parameter that is not defined")
        elif root == "Execution":
            _require(name in VARIABLES and not found["rest"], place, f"'{path}' refers to an execution variable that does not exist")
        else:
            _require(name in definition.steps, place, f"'{path}' refers to a step that is not defined")
            steps.add(name)
    return steps


def _check_functions(value: object, place: str) -> None:
    name = function_of(value)
    if name and name != GET:
        call = value[name]
        here = f"{place}: {name}"
        _require(isinstance(call, dict) and set(call) <= FUNCTIONS[name], here, f"its members are {', '.join(sorted(FUNCTIONS[name]))}")
        if name == JSON_GET:
            _require("Path" in call and ("S3Uri" in call) != ("PropertyFile" in call), here, "it needs Path, and PropertyFile or S3Uri")
            _require(function_of(call.get("PropertyFile", {GET: ""})) == GET, here, "its PropertyFile must be a Get")
        else:
            _require(isinstance(call.get("Values"), list), here, "it needs a list of Values")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_functions(inner, place)


def _check_cycles(definition: Definition) -> None:
    """Refuse steps that wait for each other. A step in a branch also waits for its Condition step."""
    waits = {name: {*step.triggers, *dict(step.branch)} for name, step in definition.steps.items()}
    for name, step in definition.steps.items():
        for other in step.triggers:
            waits[name] |= {inner.name for inner in definition.inside(other)} - {name}
    while waits:
        free = {name for name, others in waits.items() if not others & set(waits)}
        if not free:
            raise fault("$.Steps", f"these steps wait for each other: {', '.join(sorted(waits))}")
        waits = {name: others for name, others in waits.items() if name not in free}
