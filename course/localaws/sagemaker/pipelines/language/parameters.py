"""The parameters of a pipeline: their types, defaults and allowed values, and the values of one execution.

Source: "Pipeline Parameters" of the developer guide, the definition's JSON schema, and `sagemaker.core.workflow.parameters`;
read 2026-11-28. Values of a request are text; the SDKs write them as Python's ``str`` does, so ``True`` is a Boolean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course.localaws.core.errors import invalid

Value = str | int | float | bool
TYPES = {"String": str, "Integer": int, "Float": float, "Boolean": bool}
_INTEGER = re.compile(r"[+-]?\d{1,19}")
_FLOAT = re.compile(r"[+-]?(\d{1,400}(\.\d{0,400})?|\.\d{1,400})([eE][+-]?\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a definition.

    Attributes
    ----------
    name : str
    type : str
        ``String``, ``Integer``, ``Float`` or ``Boolean``.
    default : str, int, float, bool or None
        None for a parameter that each execution must set.
    allowed : tuple
        The values of ``EnumValues``; empty when every value of the type is allowed.
    """

    name: str
    type: str
    default: Value | None
    allowed: tuple[Value, ...] = ()

    def read(self, text: str) -> Value:
        """The value that a request gives as text. Raises AwsError."""
        try:
            value = _READERS[self.type](text)
        except ValueError:
            raise invalid(f"Invalid type for parameter {self.name}: {text!r} is not of type {self.type}.") from None
        if self.allowed and value not in self.allowed:
            raise invalid(f"Invalid value for parameter {self.name}: {text!r} is not one of {list(self.allowed)}.")
        return value

    def fits(self, value: object) -> bool:
        """Whether a JSON value has the parameter's type. A whole number fits ``Float``."""
        if self.type == "Boolean" or isinstance(value, bool):
            return self.type == "Boolean" and isinstance(value, bool)
        return isinstance(value, (int, float) if self.type == "Float" else TYPES[self.type])


def values(parameters: Mapping[str, Parameter], given: Sequence[dict]) -> dict[str, Value]:
    """The values of an execution: those that the request gives, and else the defaults.

    Parameters
    ----------
    parameters : mapping
        Name -> parameter of the definition.
    given : sequence of dict
        ``[{"Name": ..., "Value": ...}]`` of StartPipelineExecution; values are text.

    Raises
    ------
    AwsError
    """
    names = [item["Name"] for item in given]
    if unknown := sorted(set(names) - set(parameters)):
        raise invalid(f"Unknown parameters: {unknown}. The pipeline's parameters are {sorted(parameters)}.")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise invalid(f"Parameters must be given once only: {twice}.")
    if any(item["Value"] == "" for item in given):  # AWS's text: https://github.com/aws/sagemaker-python-sdk/issues/4016
        raise invalid('[string "" is too short (length: 0, required minimum: 1)]')
    found = {name: parameter.default for name, parameter in parameters.items()}
    found |= {item["Name"]: parameters[item["Name"]].read(item["Value"]) for item in given}
    if missing := sorted(name for name, value in found.items() if value is None):
        raise invalid(f"Parameters without a default value must be set: {missing}.")
    return {name: value for name, value in found.items() if value is not None}


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def number(text: str) -> float:
    """A number that is written as text. Raises ValueError, also for ``nan`` and ``inf``."""
    if not _FLOAT.fullmatch(text):
        raise ValueError(text)
    return float(text)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


_READERS = {"String": str, "Integer": _integer, "Float": number, "Boolean": _boolean}
