"""Checks that an operation's result fits the model. Tests enable it, so that no family drifts from AWS's shapes."""

from __future__ import annotations

import os
from datetime import datetime

from botocore.model import OperationModel, Shape

from course.localaws.core.errors import AwsError
from course.localaws.protocol.model import may_be_empty
from course.localaws.protocol.validation import violations

STRICT = "LOCALAWS_STRICT"  # "1" in the environment: check every response

_TYPES: dict[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, datetime),
    "blob": bytes,
}


def strict() -> bool:
    """Returns whether responses are checked."""
    return os.environ.get(STRICT) == "1"


def check(operation: OperationModel, result: dict | None) -> None:
    """Check a result against the operation's output shape.

    Raises
    ------
    AwsError
        ``InternalFailure``, listing every mismatch. The error is in the local AWS, not in the caller's request.
    """
    found = mismatches(operation.output_shape, result)
    if found:
        raise AwsError("InternalFailure", f"The answer of {operation.name} does not fit its model: {'; '.join(found)}", 500)


def mismatches(shape: Shape | None, result: dict | None) -> list[str]:
    """Lists the differences between a result and its output shape: unknown members, wrong types, then violated constraints.

    Members whose names begin with ``_`` are private to a family and never sent.
    """
    result = {} if result is None else result
    if shape is None:
        return [f"{name}: the operation has no output" for name in result if not name.startswith("_")]
    found: list[str] = []
    _types(shape, result, shape.name, found)
    checked = {name: value for name, value in result.items() if value != [] or f"{shape.name}.{name}" not in may_be_empty()}
    return found or violations(shape, checked)


def _types(shape: Shape, value: object, path: str, found: list[str]) -> None:
    if value is None:
        return
    if not isinstance(value, _TYPES[shape.type_name]) or (isinstance(value, bool) and shape.type_name != "boolean"):
        found.append(f"{path}: {type(value).__name__} where the model has {shape.type_name}")
    elif shape.type_name == "structure":
        for name, inner in value.items():
            if name in shape.members:
                _types(shape.members[name], inner, f"{path}.{name}", found)
            elif not name.startswith("_"):
                found.append(f"{path}.{name}: unknown to the model")
    elif shape.type_name == "list":
        for place, item in enumerate(value):
            _types(shape.member, item, f"{path}[{place}]", found)
    elif shape.type_name == "map":
        for key, item in value.items():
            _types(shape.value, item, f"{path}[{key!r}]", found)
