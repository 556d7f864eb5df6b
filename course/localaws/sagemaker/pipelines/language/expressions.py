"""The functions of the definition language: ``Get``, ``Std:Join`` and ``Std:JsonGet``.

Source: "SageMaker Pipeline Definition JSON Schema", version 2020-12-01, and what `sagemaker.core.workflow.functions` writes.
Read 2026-11-28.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Protocol

from course.localaws.sagemaker.pipelines.language.paths import Path, PathError

GET, JOIN, JSON_GET = "Get", "Std:Join", "Std:JsonGet"
FUNCTIONS = {
    GET: None,
    JOIN: {"On", "Values"},
    JSON_GET: {"PropertyFile", "S3Uri", "Path"},
}


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
    """A value with all functions in it replaced by their results. Raises ExpressionError."""
    match function_of(value):
        case "Get":
            return scope.get(value[GET])
        case "Std:Join":
            call = value[JOIN]
            return str(call.get("On", "")).join(text(resolve(part, scope)) for part in call["Values"])
        case "Std:JsonGet":
            return _json_get(value[JSON_GET], scope)
    if isinstance(value, dict):
        return {name: resolve(inner, scope) for name, inner in value.items()}
    if isinstance(value, list):
        return [resolve(inner, scope) for inner in value]
    return value


def references(value: object) -> Iterator[str]:
    """The paths of all ``Get`` functions in a value, also those inside other functions."""
    if function_of(value) == GET:
        yield value[GET]
    elif isinstance(value, dict):
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def text(value: object) -> str:
    """A value as ``Std:Join`` writes it."""
    if isinstance(value, str):
        return value
    return json.dumps(value)


def _json_get(call: dict, scope: Scope) -> object:
    location = {"S3Uri": resolve(call["S3Uri"], scope)} if "S3Uri" in call else {"PropertyFile": call["PropertyFile"][GET]}
    content = scope.json_file(location)
    try:
        return Path.of(text(resolve(call["Path"], scope))).of_json(content)
    except PathError as error:
        raise ExpressionError(f"{error} (Std:JsonGet of {next(iter(location.values()))})") from error
