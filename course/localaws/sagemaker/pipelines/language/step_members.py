"""Checks the members that a step has beside its name, type and arguments.

Source: "SageMaker Pipeline Definition JSON Schema", version 2020-12-01, and the requests of SDK v2 2.257 and v3 3.27; read 2026-11-28.
"""

from __future__ import annotations

from course.localaws.sagemaker.pipelines.language import cache_config, check_steps, retry_policies
from course.localaws.sagemaker.pipelines.language.expressions import function_of
from course.localaws.sagemaker.pipelines.language.faults import as_list, fault, require
from course.localaws.sagemaker.pipelines.language.limits import limit
from course.localaws.sagemaker.pipelines.language.parameters import TYPES

_ALWAYS = {"Name", "Type", "Arguments", "DependsOn", "DisplayName", "Description", "CacheConfig", "RetryPolicies"}
_BY_TYPE = {
    "Processing": {"PropertyFiles"},
    **{kind: set(check_steps.members(kind)) for kind in check_steps.CHECK_TYPES},
    "Lambda": {"FunctionArn", "OutputParameters"},
    "Callback": {"SqsQueueUrl", "OutputParameters"},
}
_NEEDED = {"Lambda": "FunctionArn", "Callback": "SqsQueueUrl"}


def check(document: dict, kind: str, place: str) -> None:
    """Check the members of a step of type ``kind``. Raises AwsError."""
    allowed = _ALWAYS | _BY_TYPE.get(kind, set())
    for member in document:
        require(member in allowed, place, f"a {kind} step has no member '{member}'; its members are {', '.join(sorted(allowed))}")
    require(isinstance(document.get("Arguments") or {}, dict), f"{place}.Arguments", "it must be an object")
    for member, most in limit("step_text").items():
        value = document.get(member)
        fits = value is None or isinstance(value, str) and len(value) <= most
        require(fits, f"{place}.{member}", f"it must be text of at most {most} characters")
    if kind in _NEEDED:
        value = document.get(_NEEDED[kind])
        require(function_of(value) or value and isinstance(value, str), place, f"a {kind} step needs {_NEEDED[kind]}")
    for member, read in {"CacheConfig": cache_config.check, "RetryPolicies": retry_policies.policies}.items():
        try:
            read(document)
        except ValueError as error:
            raise fault(f"{place}.{member}", str(error)) from None
    _check_property_files(document, place)
    _check_output_parameters(document, place)


def _check_property_files(document: dict, place: str) -> None:
    place, outputs = f"{place}.PropertyFiles", _output_names(document)
    members, seen = {"PropertyFileName", "OutputName", "FilePath"}, set()
    for number, file in enumerate(as_list(document.get("PropertyFiles"), place)):
        here = f"{place}[{number}]"
        require(isinstance(file, dict) and set(file) == members, here, f"a property file has {', '.join(sorted(members))}")
        require(
            all(file[member] and isinstance(file[member], str) for member in ("PropertyFileName", "FilePath")), here, "names must be text"
        )
        require(file["PropertyFileName"] not in seen, here, f"a property file '{file['PropertyFileName']}' exists already")
        known = isinstance(file["OutputName"], str) and file["OutputName"] in outputs
        require(known, f"{here}.OutputName", f"the step has no output '{file['OutputName']}'")
        seen.add(file["PropertyFileName"])


def _output_names(document: dict) -> list[object]:
    """The names of the outputs of a Processing step. Its arguments are not checked yet."""
    config = (document.get("Arguments") or {}).get("ProcessingOutputConfig")
    outputs = config.get("Outputs") if isinstance(config, dict) else None
    return [output.get("OutputName") for output in outputs if isinstance(output, dict)] if isinstance(outputs, list) else []


def _check_output_parameters(document: dict, place: str) -> None:
    place, seen, most = f"{place}.OutputParameters", set(), limit("output_parameters")
    listed = as_list(document.get("OutputParameters"), place)
    require(len(listed) <= most, place, f"it has more than {most} entries")
    for number, entry in enumerate(listed):
        here = f"{place}[{number}]"
        fits = isinstance(entry, dict) and set(entry) == {"OutputName", "OutputType"} and isinstance(entry["OutputName"], str)
        require(fits, here, "an output parameter has OutputName and OutputType")
        require(entry["OutputType"] in tuple(TYPES), f"{here}.OutputType", f"'{entry['OutputType']}' is not one of {', '.join(TYPES)}")
        require(entry["OutputName"] not in seen, here, f"an output parameter '{entry['OutputName']}' exists already")
        seen.add(entry["OutputName"])
