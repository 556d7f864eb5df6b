"""Loads botocore's service models, each only once, and answers the protocols' questions about their shapes.

Shapes are `botocore.model.Shape`. botocore creates a new object whenever it resolves a reference, so the caches here are keyed by object.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from botocore.model import OperationModel, ServiceModel, Shape

from course.localaws.protocol.model_files import LOADER

INTEGERS = frozenset({"integer", "long"})
NUMBERS = INTEGERS | {"float", "double"}
SCALARS = NUMBERS | {"string", "boolean", "timestamp", "blob"}


@cache
def raw(service: str) -> dict:
    """Returns botocore's raw model (SageMaker's takes about 50 ms to read). Do not modify it."""
    return LOADER.load_service_model(service, "service-2")


@cache
def service_model(service: str) -> ServiceModel:
    """Returns the model of a service by botocore's name."""
    return ServiceModel(raw(service), service)


@cache
def may_be_empty() -> frozenset[str]:
    """The lists and structures of responses, as shape and member, that AWS shows empty. The model forbids such lists."""
    return frozenset(yaml.safe_load(Path(__file__).with_name("left_out.yaml").read_text())["empty"])


@cache
def _left_out() -> frozenset[str]:
    """Returns ``"Shape.Member"`` of the members that the model requires but AWS omits."""
    return frozenset(yaml.safe_load(Path(__file__).with_name("left_out.yaml").read_text())["members"])


@cache
def required(shape: Shape) -> tuple[str, ...]:
    """Returns the required members of a structure, except those that AWS itself omits."""
    return tuple(name for name in shape.required_members if f"{shape.name}.{name}" not in _left_out())


@cache
def bound(shape: Shape, location: str = "") -> dict[str, tuple[str, Shape]]:
    """Returns the members of a structure in one location of the message: member -> (name on the wire, shape).

    Parameters
    ----------
    location : str
        ``"uri"``, ``"header"``, ``"headers"``, ``"querystring"``, ``"statusCode"``, or ``""`` for the body.
    """
    return {
        name: (member.serialization.get("name", name), member)
        for name, member in shape.members.items()
        if member.serialization.get("location", "") == location
    }


@cache
def errors(operation: OperationModel) -> dict[str, int]:
    """Returns the errors that the model lists for an operation: code -> HTTP status."""
    shapes, found = raw(operation.service_model.service_name)["shapes"], {}
    for shape in operation.error_shapes:  # botocore's shapes drop the trait "fault" (a server error)
        modelled = shape.metadata.get("error", {})
        found[modelled.get("code", shape.name)] = modelled.get("httpStatusCode", 500 if shapes[shape.name].get("fault") else 400)
    return found
