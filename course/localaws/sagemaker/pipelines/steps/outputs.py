"""The output parameters of Lambda and Callback steps: declared with a type in the definition, returned by a function or a program.

Source: "Lambda step" and "Callback step" of the developer guide, `sagemaker.mlops.workflow.lambda_step`; read 2026-11-28. A nested value is
taken as one string. AWS does not document what happens with a value that does not have its type; here the step fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from course.localaws.sagemaker.pipelines.language.definition import Step
from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError, text

LONGEST = 1024  # characters of a value
_BOOLEANS = {"true": True, "false": False}


def listed(step: Step, values: Mapping[str, object]) -> list[dict]:
    """The declared parameters among some values, as ListPipelineExecutionSteps shows them. Raises ExpressionError for a wrong type."""
    found = [{"Name": name, "Value": text(values[name])} for name in _declared(step) if values.get(name) is not None]
    for parameter in found:
        if len(parameter["Value"]) > LONGEST:
            raise ExpressionError(f"The output parameter {parameter['Name']} has more than {LONGEST} characters")
    typed(step, found)
    return found


def typed(step: Step, parameters: Sequence[Mapping]) -> dict[str, object]:
    """The values that ``Steps.<name>.OutputParameters['...']`` refers to. Raises ExpressionError."""
    types = _declared(step)
    return {each["Name"]: _typed(each["Name"], each["Value"], types[each["Name"]]) for each in parameters}


def _declared(step: Step) -> dict[str, str]:
    """Name -> type."""
    return {each["OutputName"]: each.get("OutputType", "String") for each in step.document.get("OutputParameters") or ()}


def _typed(name: str, value: str, kind: str) -> object:
    try:
        match kind:
            case "Integer":
                return int(value)
            case "Float":
                return float(value)
            case "Boolean":
                return _BOOLEANS[value.lower()]
    except (ValueError, KeyError):
        raise ExpressionError(f"The output parameter {name} is of type {kind}, and its value is '{value}'") from None
    return value
