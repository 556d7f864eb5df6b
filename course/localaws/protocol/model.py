"""botocore's service models, each read once, and what the protocols ask of their shapes.

Shapes are `botocore.model.Shape`. A reference resolves to a shape of its own each time, so what is cached here is keyed by the object.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import botocore.loaders
import yaml
from botocore.model import OperationModel, ServiceModel, Shape

INTEGERS = frozenset({"integer", "long"})
NUMBERS = INTEGERS | {"float", "double"}
SCALARS = NUMBERS | {"string", "boolean", "timestamp", "blob"}


@cache
def raw(service: str) -> dict:
    """The model as botocore has it (SageMaker's takes about 50 ms to read). Do not change it."""
    return botocore.loaders.Loader().load_service_model(service, "service-2")


@cache
def service_model(service: str) -> ServiceModel:
    """The model of a service by botocore's name."""
    return ServiceModel(raw(service), service)


@cache
def _left_out() -> frozenset[str]:
    """``"Shape.Member"`` of what the model requires and AWS leaves out."""
    return frozenset(yaml.safe_load(Path(__file__).with_name("left_out.yaml").read_text())["members"])


@cache
def required(shape: Shape) -> tuple[str, ...]:
    """The members that a structure must have; without those that AWS leaves out all the same."""
    return tuple(name for name in shape.required_members if f"{shape.name}.{name}" not in _left_out())


@cache
def bound(shape: Shape, location: str = "") -> dict[str, tuple[str, Shape]]:
    """The members of a structure that travel in one place: member -> (name on the wire, shape).

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
    """The errors that the model lists for an operation: code -> HTTP status."""
    shapes, found = raw(operation.service_model.service_name)["shapes"], {}
    for shape in operation.error_shapes:  # botocore's shapes do not keep the trait "fault": an error of the service itself
        modelled = shape.metadata.get("error", {})
        found[modelled.get("code", shape.name)] = modelled.get("httpStatusCode", 500 if shapes[shape.name].get("fault") else 400)
    return found
