"""Parses requests to TensorFlow Serving's REST API to arrays.

Matches ``json_tensor.cc`` of tensorflow/serving, read 2026-11-25: row and column format, base64, and the checks of shape and type with
their messages. Different: if a request is not JSON, the message has Python's reason.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

STRING = "string"
INTEGERS = {"int8": 32, "int16": 32, "int32": 32, "uint8": 32, "int64": 64}  # bits of the checked range
UNSIGNED = {"uint32": 32, "uint64": 64}
FLOATS = {"float": np.float32, "double": np.float64}
TYPES = {dict: "Object", list: "Array", str: "String", int: "Number", float: "Number", type(None): "Null"}


class InvalidArgument(ValueError):
    """An error of the caller, answered with status 400."""


@dataclass(frozen=True, slots=True)
class TensorType:
    """The type of a tensor: its names in TensorFlow's C++ and in NumPy."""

    name: str
    numpy: type


def parse(body: bytes) -> dict:
    """The JSON object of a request. Raises InvalidArgument."""
    if not body:
        raise InvalidArgument("JSON Parse error: The document is empty")
    try:
        document = json.loads(body)
    except json.JSONDecodeError as error:
        raise InvalidArgument(f"JSON Parse error: {error.msg} at offset: {error.pos}") from error
    except UnicodeDecodeError as error:
        raise InvalidArgument(f"JSON Parse error: {error.reason} at offset: {error.start}") from error
    if not isinstance(document, dict):
        raise InvalidArgument(f"JSON Value: {_shown(document)} Is not object")
    return document


def signature_name(document: dict) -> str:
    """The signature that a request names, ``""`` if none. Raises InvalidArgument."""
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise InvalidArgument(f"JSON Value: {_shown(document)} not formatted correctly. 'signature_name' key must be a string value.")
    return name


def tensors(document: dict, inputs: Mapping[str, TensorType]) -> tuple[dict[str, np.ndarray], bool]:
    """The arrays of a predict request by input name, and whether the request has row format. Raises InvalidArgument."""
    if "instances" in document and "inputs" in document:
        raise InvalidArgument(
            f"JSON Value: {_shown(document)} Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
        )
    if "instances" in document:
        return _of_rows(document, inputs), True
    if "inputs" in document:
        return _of_columns(document["inputs"], inputs), False
    raise InvalidArgument("Missing 'inputs' or 'instances' key")


def _of_rows(document: dict, inputs: Mapping[str, TensorType]) -> dict[str, np.ndarray]:
    rows = document["instances"]
    if not isinstance(rows, list):
        raise InvalidArgument(f"JSON Value: {_shown(document)} Excepting 'instances' to be an list/array")
    if not rows:
        raise InvalidArgument(f"JSON Value: {_shown(document)} No values in 'instances' array")
    if not isinstance(rows[0], dict) and len(inputs) > 1:
        raise InvalidArgument(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map"
        )
    named = _is_named(rows[0])
    arrays: dict[str, list[np.ndarray]] = {name: [] for name in inputs}
    for number, row in enumerate(rows):
        if named != _is_named(row):
            wanted, found = ("object", "list") if named else ("value/list", "object")
            raise InvalidArgument(f"Expecting {wanted} but got {found} at item {number} of input list")
        if named:
            for name, value in row.items():
                _add(value, name, inputs, arrays, f"Failed to process element: {number} key: {name} of 'instances' list.")
            if set(row) != set(inputs):
                raise InvalidArgument(
                    f"Failed to process element: {number} of 'instances' list. JSON object: {_shown(row)} keys must be equal to: "
                    f"{','.join(sorted(inputs))}"
                )
        else:
            _add(row, next(iter(inputs)), inputs, arrays, f"Failed to process element: {number} of 'instances' list.")
    return {name: np.stack(items) for name, items in arrays.items()}


def _add(value: object, name: str, inputs: Mapping[str, TensorType], arrays: dict[str, list[np.ndarray]], where: str) -> None:
    """Add a row's value of one input. It must have the shape of the values before."""
    try:
        if name not in inputs:
            raise InvalidArgument(f"JSON object: does not have named input: {name}")
        array = _array(value, inputs[name])
        if arrays[name] and (first := arrays[name][0]).shape != array.shape:
            if first.size != array.size:
                raise InvalidArgument(f"Expecting tensor size: {first.size} but got: {array.size}")
            raise InvalidArgument(f"Expecting shape {_shape_text(first)} but got: {_shape_text(array)}")
    except InvalidArgument as error:
        raise InvalidArgument(f"{where} Error: INVALID_ARGUMENT: {error}") from error
    arrays[name].append(array)


def _of_columns(columns: object, inputs: Mapping[str, TensorType]) -> dict[str, np.ndarray]:
    if not _is_named(columns):
        if len(inputs) > 1:
            raise InvalidArgument(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map"
            )
        [(name, kind)] = inputs.items()
        return {name: _array(columns, kind)}
    for name in inputs:
        if name not in columns:
            raise InvalidArgument(f"Missing named input: {name} in 'inputs' object.")
    return {name: _array(columns[name], kind) for name, kind in inputs.items()}


def _array(value: object, kind: TensorType) -> np.ndarray:
    """A value or nested list as an array. Its first elements determine the shape of all others."""
    shape, first = [], value
    while isinstance(first, list):
        shape.append(len(first))
        first = first[0] if first else None
    leaves: list = []
    _fill(value, 0, shape, kind, leaves)
    if kind.name in INTEGERS:
        return (
            np.array(leaves, np.int64).astype(kind.numpy).reshape(shape)
        )  # a value that is too large for a small type wraps around, as in C++
    return np.array(leaves, object if kind.name == STRING else kind.numpy).reshape(shape)


def _fill(value: object, level: int, shape: list[int], kind: TensorType, leaves: list) -> None:
    if not isinstance(value, list):
        if level != len(shape):
            raise InvalidArgument(
                f"JSON Value: {_shown(value)} found at incorrect level: {level + 1} in the JSON DOM. Expected at level: {len(shape)}"
            )
        leaves.append(_leaf(value, kind))
        return
    if level >= len(shape):
        raise InvalidArgument(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise InvalidArgument(f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}")
    for item in value:
        _fill(item, level + 1, shape, kind, leaves)


def _leaf(value: object, kind: TensorType) -> object:
    if kind.name == STRING and isinstance(value, dict):
        return decoded(value)
    integer = isinstance(value, int) and not isinstance(value, bool)
    if kind.name in FLOATS:
        fits = integer or isinstance(value, float)
        if fits and np.isfinite(value) and abs(value) > _largest(kind, integer):
            raise InvalidArgument(f"Cannot convert JSON value: {_shown(value)} to {kind.name} without loss of precision.")
    elif kind.name in INTEGERS:
        fits = integer and -(1 << INTEGERS[kind.name] - 1) <= value < 1 << INTEGERS[kind.name] - 1
    elif kind.name in UNSIGNED:
        fits = integer and 0 <= value < 1 << UNSIGNED[kind.name]
    elif kind.name in (STRING, "bool"):
        fits = isinstance(value, str if kind.name == STRING else bool)
    else:
        raise InvalidArgument(f"Conversion of JSON Value: {_shown(value)} to type: {kind.name}")
    if not fits:
        raise InvalidArgument(f"JSON Value: {_shown(value)} Type: {_type(value)} is not of expected type: {kind.name}")
    return value.encode() if kind.name == STRING else value


def _largest(kind: TensorType, integer: bool) -> float:
    facts = np.finfo(kind.numpy)
    return 2 ** (facts.nmant + 1) - 1 if integer else float(facts.max)


def decoded(value: dict) -> bytes:
    """The bytes of ``{"b64": ...}``. Raises InvalidArgument."""
    if not is_base64(value):
        raise InvalidArgument(f"JSON Value: {_shown(value)} not formatted correctly for base64 data")
    try:
        return base64.b64decode(value["b64"] + "=" * (-len(value["b64"]) % 4), validate=True)
    except ValueError as error:
        raise InvalidArgument("Unable to base64 decode") from error


def is_base64(value: object) -> bool:
    return isinstance(value, dict) and list(value) == ["b64"] and isinstance(value["b64"], str)


def _is_named(value: object) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _type(value: object) -> str:
    return str(value) if isinstance(value, bool) else TYPES[type(value)]


def _shown(value: object) -> str:
    return json.dumps(value, indent=4, ensure_ascii=False)


def _shape_text(array: np.ndarray) -> str:
    return f"[{','.join(map(str, array.shape))}]"


def examples(document: dict) -> list[dict[str, list]]:
    """The features of each example of a classify or regress request, including those of the context. Raises InvalidArgument."""
    context = _features(document["context"]) if "context" in document else {}
    if "examples" not in document:
        raise InvalidArgument(f"JSON Value: {_shown(document)} When method is classify, key 'examples' is expected and was not found")
    if not isinstance(document["examples"], list):
        raise InvalidArgument(f"JSON Value: {_shown(document)} Expecting 'examples' value to be an list/array")
    if not document["examples"]:
        raise InvalidArgument(f"JSON Value: {_shown(document)} 'examples' value is an empty array")
    return [context | _features(example) for example in document["examples"]]


def _features(example: object) -> dict[str, list]:
    if not isinstance(example, dict):
        raise InvalidArgument(f"Example must be JSON object but got JSON {_type(example)}")
    return {name: _feature(name, content if isinstance(content, list) else [content]) for name, content in example.items()}


def _feature(name: str, values: list) -> list:
    """The values of a feature, all of one type: bytes, floats or integers. Booleans count as integers."""
    found: list = []
    for value in values:
        if value is None or isinstance(value, list) or (isinstance(value, dict) and not is_base64(value)):
            raise InvalidArgument(f"Feature: {name} has element with unexpected JSON type: {_type(value)}")
        made = decoded(value) if isinstance(value, dict) else value.encode() if isinstance(value, str) else value
        made = int(made) if isinstance(made, bool) else made
        if found and type(made) is not type(found[0]):
            kind = {bytes: "bytes", float: "float", int: "int64"}[type(found[0])]
            raise InvalidArgument(f"Unexpected element type in feature: {name} expecting type: {kind}")
        if isinstance(made, int) and made >= 1 << 63:
            raise InvalidArgument(f"Feature: {name} has uint64 element. Only int64 is supported.")
        found.append(made)
    return found
