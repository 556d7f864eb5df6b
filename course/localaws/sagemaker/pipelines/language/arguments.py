"""Checks the arguments of a step against the request that they become, as far as it is known before the pipeline runs.

AWS's texts, from public issues: unknown members https://github.com/aws/sagemaker-python-sdk/issues/4994, types of parameters #4867,
objects #3908, lists #2345. Read 2026-11-28. Missing members and patterns are found when the step runs.
"""

from __future__ import annotations

from collections.abc import Callable

from botocore.model import Shape

from course.localaws.core.errors import invalid
from course.localaws.sagemaker.pipelines.language.apis import APIS, TYPES, request
from course.localaws.sagemaker.pipelines.language.expressions import GET, function_of
from course.localaws.sagemaker.pipelines.language.faults import aws_fault

# An Integer is also a Float; what has no type yet (None) is known when the step runs.
_FITS = {"String": {"String"}, "Integer": {"Integer"}, "Float": {"Float", "Integer"}, "Boolean": {"Boolean"}}
TypeOf = Callable[[object], str | None]


def check(kind: str, arguments: dict, place: str, type_of: TypeOf) -> None:
    """Check the arguments of a step.

    Parameters
    ----------
    kind : str
        The step's type.
    arguments : dict
    place : str
        Where they are in the definition.
    type_of : callable
        A function of the definition language, as JSON -> the type of its value; None if it is not known before the pipeline runs.

    Raises
    ------
    AwsError
    """
    if kind not in APIS:
        return
    for member in APIS[kind].refused & set(arguments):
        raise aws_fault(place, f"Unknown Argument member '{member}'.")
    check_request(APIS[kind].create, arguments, place, type_of)


def check_request(operation: str, value: object, place: str, type_of: TypeOf) -> None:
    """Check a value that becomes the request of an operation of SageMaker. The parameters are those of `check`. Raises AwsError."""
    _value(request(operation), value, place, type_of)


def _value(shape: Shape, value: object, place: str, type_of: TypeOf) -> None:
    if value is None:
        return
    match shape.type_name:
        case "structure":
            _structure(shape, value, place, type_of)
        case "list":
            _list(shape, value, place, type_of)
        case "map":
            _object(value, place)
            for name, inner in value.items():
                _value(shape.value, inner, f"{place}.{name}", type_of)
        case _:
            _scalar(shape, value, place, type_of)


def _object(value: object, place: str) -> None:
    if not isinstance(value, dict) or function_of(value):
        raise aws_fault(place, "Expecting start of Json Object.")


def _structure(shape: Shape, value: object, place: str, type_of: TypeOf) -> None:
    _object(value, place)
    for name, inner in value.items():
        if name not in shape.members:
            raise aws_fault(place, f"Unknown Argument member '{name}'.")
        _value(shape.members[name], inner, f"{place}.{name}", type_of)


def _list(shape: Shape, value: object, place: str, type_of: TypeOf) -> None:
    if not isinstance(value, list):
        raise aws_fault(place, "Expecting start of Json Array.")
    most = shape.metadata.get("max")
    if most is not None and len(value) > most:
        name = place.rpartition(".")[2]
        name = name[:1].lower() + name[1:]
        raise aws_fault(place, f"'{name}' failed to satisfy constraint: Member must have length less than or equal to {most}.")
    for number, inner in enumerate(value):
        _value(shape.member, inner, f"{place}[{number}]", type_of)


def _scalar(shape: Shape, value: object, place: str, type_of: TypeOf) -> None:
    wanted = TYPES.get(shape.type_name)
    if function := function_of(value):
        found = type_of(value)
        if wanted and found and found not in _FITS[wanted]:
            name = value[GET] if function == GET else function
            raise invalid(f"Cannot assign property reference [{name}] to argument of type [{wanted}]. It is at {place}.")
    elif isinstance(value, dict | list):
        raise aws_fault(place, f"Expecting a value of type {wanted}.")
    elif isinstance(value, str) and shape.type_name == "string":
        _text(shape, value, place)


def _text(shape: Shape, value: str, place: str) -> None:
    enum, most = shape.metadata.get("enum"), shape.metadata.get("max")
    if enum and value not in enum:
        text = f"Value '{value}' for '{shape.name}' failed to satisfy enum value set: [{', '.join(enum)}]"
        raise aws_fault(place, f"Model Validation failed: {text}.")
    if most is not None and len(value) > most:
        raise aws_fault(place, f"Model Validation failed: string '{value}' is longer than {most} characters.")
