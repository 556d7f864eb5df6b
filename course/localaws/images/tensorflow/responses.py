"""Writes the answers of TensorFlow Serving's REST API.

Matches ``json_tensor.cc`` of tensorflow/serving, read 2026-11-25: row and column format, base64 of outputs whose name ends in ``_bytes``,
the digits of numbers, and the layout. Different: several outputs are sorted by name.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping

import numpy as np

from course.localaws.images.tensorflow.requests import FLOATS, INTEGERS, STRING, UNSIGNED, InvalidArgument, TensorType

INDENT = "    "
DIGITS = {"float": 9, "double": 17}  # digits that identify every number of the type


def rows(outputs: Mapping[str, tuple[np.ndarray, TensorType]]) -> str:
    """The answer in row format. Raises InvalidArgument for outputs that are not batches."""
    sizes: dict[str, int] = {}
    for name, (array, _) in outputs.items():
        if not array.ndim:
            raise InvalidArgument(f"Tensor name: {name} has no shape information ")
        sizes[name] = len(array)
        if len(array) != next(iter(sizes.values())):
            raise InvalidArgument(f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {next(iter(sizes.values()))}")
    columns = {name: [_inline(item) for item in _tree(*output, name)] for name, output in outputs.items()}
    if len(columns) == 1:
        return listed("predictions", next(iter(columns.values())))
    names = [(json.dumps(name), values) for name, values in columns.items()]
    objects = [
        f"\n{INDENT * 2}{{\n" + ",\n".join(f"{INDENT * 3}{name}: {values[i]}" for name, values in names) + f"\n{INDENT * 2}}}"
        for i in range(next(iter(sizes.values())))
    ]
    return listed("predictions", objects, ",")


def listed(key: str, items: list[str], between: str = ", ") -> str:
    """An answer that is a list of items, which are JSON texts already."""
    return f'{{\n{INDENT}"{key}": [{between.join(items)}\n{INDENT}]\n}}' if items else f'{{\n{INDENT}"{key}": []\n}}'


def columns(outputs: Mapping[str, tuple[np.ndarray, TensorType]]) -> str:
    """The answer in column format."""
    trees = {name: _tree(*output, name) for name, output in outputs.items()}
    if len(trees) == 1:
        return f'{{\n{INDENT}"outputs": {_spread(next(iter(trees.values())), 1)}\n}}'
    members = ",\n".join(f"{INDENT * 2}{json.dumps(name)}: {_spread(tree, 2)}" for name, tree in trees.items())
    return f'{{\n{INDENT}"outputs": {{\n{members}\n{INDENT}}}\n}}'


def error(text: str) -> str:
    return f'{{\n{INDENT}"error": {json.dumps(text, ensure_ascii=False)}\n}}'


def decimals(numbers: Iterable[float], kind: str) -> list[str]:
    """Floating-point numbers with the fewest digits that identify them, at least six."""
    numpy, digits = FLOATS[kind], DIGITS[kind]

    def text(number: float) -> str:
        if not np.isfinite(number):
            return "NaN" if np.isnan(number) else "Infinity" if number > 0 else "-Infinity"
        short = f"{number:g}"
        short = short if numpy(short) == numpy(number) else f"{number:.{digits}g}"
        return short if "." in short or "e" in short else f"{short}.0"

    return [text(number) for number in numbers]


def _tree(array: np.ndarray, kind: TensorType, name: str) -> object:
    """Nested lists of JSON texts."""
    if kind.name in FLOATS:
        leaves = decimals(array.ravel().tolist(), kind.name)
    elif kind.name == "half":
        leaves = decimals(array.ravel().astype(np.float32).tolist(), "float")
    elif kind.name == STRING:
        leaves = [_string(item, name.endswith("_bytes")) for item in array.ravel().tolist()]
    elif kind.name in INTEGERS or kind.name in UNSIGNED or kind.name == "bool":
        leaves = [json.dumps(item) for item in array.ravel().tolist()]
    else:
        raise InvalidArgument(f"Failed to write JSON value for tensor type: {kind.name}")
    flat = np.empty(len(leaves), object)
    flat[:] = leaves
    return flat.reshape(array.shape).tolist()


def _string(item: bytes, as_bytes: bool) -> str:
    if as_bytes:
        return json.dumps({"b64": base64.b64encode(item).decode()})
    return json.dumps(item.decode(errors="replace"), ensure_ascii=False)


def _inline(tree: object) -> str:
    return f"[{', '.join(map(_inline, tree))}]" if isinstance(tree, list) else tree


def _spread(tree: object, depth: int) -> str:
    if not isinstance(tree, list) or not tree:
        return "[]" if isinstance(tree, list) else tree
    inner = f",\n{INDENT * (depth + 1)}".join(_spread(item, depth + 1) for item in tree)
    return f"[\n{INDENT * (depth + 1)}{inner}\n{INDENT * depth}]"
