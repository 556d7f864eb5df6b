"""Whether what an operation answers fits the model: on in tests, so that no family drifts from AWS's shapes."""

from __future__ import annotations

from datetime import datetime

from course.localaws.protocol.model import Shape
from course.localaws.protocol.validation import violations

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


def mismatches(shape: Shape | None, result: dict | None) -> list[str]:
    """Where a result differs from its output shape: unknown members, wrong types, then broken constraints.

    Members whose names begin with ``_`` are a family's own notes, which are never sent.
    """
    result = {} if result is None else result
    if shape is None:
        return [f"{name}: the operation has no output" for name in result if not name.startswith("_")]
    found: list[str] = []
    _types(shape, result, shape.name, found)
    return found or violations(shape, result)


def _types(shape: Shape, value: object, path: str, found: list[str]) -> None:
    if value is None:
        return
    if not isinstance(value, _TYPES[shape.type]) or (isinstance(value, bool) and shape.type != "boolean"):
        found.append(f"{path}: {type(value).__name__} where the model has {shape.type}")
    elif shape.type == "structure":
        for name, inner in value.items():
            if name in shape.members:
                _types(shape.members[name].shape, inner, f"{path}.{name}", found)
            elif not name.startswith("_"):
                found.append(f"{path}.{name}: unknown to the model")
    elif shape.type == "list":
        for place, item in enumerate(value):
            _types(shape.element, item, f"{path}[{place}]", found)
    elif shape.type == "map":
        for key, item in value.items():
            _types(shape.value, item, f"{path}[{key!r}]", found)
