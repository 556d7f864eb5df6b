"""The functions of the definition language: ``Get``, ``Std:Join`` and ``Std:JsonGet``.

Source: "SageMaker Pipeline Definition JSON Schema", version 2020-12-01, and what `sagemaker.core.workflow.functions` writes.
Read 2026-11-28.
"""

from __future__ import annotations

import json
import re
from collections.abc import Set
from typing import Protocol

from course.localaws.sagemaker.pipelines.language.paths import Path, PathError

GET, JOIN, JSON_GET = "Get", "Std:Join", "Std:JsonGet"
FUNCTIONS = (GET, JOIN, JSON_GET)
_PROPERTY_FILE = re.compile(r"Steps\.(?P<step>[A-Za-z0-9\-_]+)\.PropertyFiles(?:\.(?P<name>.+)|\['(?P<key>.+)'\])")


class ExpressionError(Exception):
    """A value of a definition cannot be resolved. The message becomes a step's ``FailureReason``."""


class Scope(Protocol):
    """What an expression can refer to."""

    def get(self, path: str) -> object:
        """The value of ``Parameters.X``, ``Execution.X`` or ``Steps.X.…``. Raises ExpressionError."""

    def json_file(self, location: dict) -> object:
        """The content of a JSON file, ``{"PropertyFile": path}`` or ``{"S3Uri": uri}`` of a ``Std:JsonGet``. Raises ExpressionError."""


def function_of(value: object) -> str:
    """The function that a JSON value calls; ``""`` for a plain value."""
    name = next(iter(value), "") if isinstance(value, dict) and len(value) == 1 else ""
    return name if name in FUNCTIONS else ""


def resolve(value: object, scope: Scope) -> object:
    """A value with all functions in it replaced by their results, without members that are null. Raises ExpressionError.

    Null means absent in AWS's requests, and the SDKs write it, e.g. for ``Tags``.
    """
    match function_of(value):
        case "Get":
            return scope.get(value[GET])
        case "Std:Join":
            call = value[JOIN]
            return call.get("On", "").join(text(resolve(part, scope)) for part in call["Values"])
        case "Std:JsonGet":
            return _json_get(value[JSON_GET], scope)
    if isinstance(value, dict):
        return {name: resolve(inner, scope) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [resolve(inner, scope) for inner in value]
    return value


def property_file(path: object) -> tuple[str, str] | None:
    """The step and the name in a path of a property file, ``Steps.<step>.PropertyFiles.<name>``; None for any other path."""
    found = _PROPERTY_FILE.fullmatch(path) if isinstance(path, str) else None
    return (found["step"], found["name"] or found["key"]) if found else None


def in_iteration(value: object, siblings: Set[str], index: int) -> object:
    """A value of a ForEach body where ``Steps.<sibling>`` refers to the sibling's step of one iteration, ``Steps.<sibling>-<index>``."""
    if function_of(value) == GET:
        root, _, rest = value[GET].partition(".")
        name, dot, path = rest.partition(".")
        return {GET: f"{root}.{name}-{index}{dot}{path}"} if root == "Steps" and name in siblings else value
    if isinstance(value, dict):
        return {name: in_iteration(inner, siblings, index) for name, inner in value.items()}
    if isinstance(value, list):
        return [in_iteration(inner, siblings, index) for inner in value]
    return value


def text(value: object) -> str:
    """A value as ``Std:Join`` writes it."""
    if isinstance(value, str):
        return value
    return json.dumps(value)


def _json_get(call: dict, scope: Scope) -> object:
    location = {"S3Uri": resolve(call["S3Uri"], scope)} if "S3Uri" in call else {"PropertyFile": call["PropertyFile"][GET]}
    content = scope.json_file(location)
    try:
        return Path.of_json_path(text(resolve(call["Path"], scope))).in_json(content)
    except PathError as error:
        raise ExpressionError(f"{error} (Std:JsonGet of {next(iter(location.values()))})") from error
