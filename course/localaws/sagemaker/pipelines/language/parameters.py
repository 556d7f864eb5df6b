"""The parameters of a pipeline: their types, defaults and allowed values, and the values of one execution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course.localaws.core.errors import invalid

Value = str | int | float | bool
TYPES = {"String": str, "Integer": int, "Float": float, "Boolean": bool}


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
            value: Value = _boolean(text) if self.type == "Boolean" else TYPES[self.type](text)
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
    unknown = sorted({item["Name"] for item in given} - set(parameters))
    if unknown:
        raise invalid(f"Unknown parameters: {unknown}. The pipeline's parameters are {sorted(parameters)}.")
    found = {name: parameter.default for name, parameter in parameters.items()}
    found |= {item["Name"]: parameters[item["Name"]].read(item["Value"]) for item in given}
    missing = sorted(name for name, value in found.items() if value is None)
    if missing:
        raise invalid(f"Parameters without a default value must be set: {missing}.")
    return found


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"
