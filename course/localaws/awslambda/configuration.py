"""Checks the options of CreateFunction and UpdateFunctionConfiguration, and makes a version's configuration from them."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

from course.localaws.awslambda.errors import invalid_value
from course.localaws.awslambda.limits import limit
from course.localaws.context import Context
from course.localaws.core.errors import invalid, not_supported

SERVICE = "lambda.amazonaws.com"  # the service principal that a role must trust
# Members that a request sets and that answers show unchanged.
PLAIN = ("Runtime", "Role", "Handler", "Description", "Timeout", "MemorySize", "EphemeralStorage", "Architectures")


def new(context: Context, params: dict, name: str) -> dict:
    """The configuration of a new function, without what belongs to its code. Raises AwsError for options that are not valid."""
    check(context, params, "CreateFunction")
    if params.get("PackageType", "Zip") != "Zip":
        raise not_supported("lambda", "CreateFunction with PackageType Image")
    if "Runtime" not in params or "Handler" not in params:
        raise invalid_value("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
    configuration = {
        "FunctionName": name,
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "Version": "$LATEST",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "TracingConfig": {"Mode": "PassThrough"},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
    }
    return changed(context, configuration, params)


def changed(context: Context, configuration: dict, params: dict) -> dict:
    """A configuration with the options of a request, its time and a new revision id."""
    configuration = configuration | {member: params[member] for member in PLAIN if member in params}
    if "Environment" in params:
        configuration["Environment"] = {"Variables": params["Environment"].get("Variables", {})}
    if "LoggingConfig" in params:
        configuration["LoggingConfig"] = configuration["LoggingConfig"] | params["LoggingConfig"]
    return revised(context, configuration)


def revised(context: Context, configuration: dict) -> dict:
    """A configuration with the time of now and a new revision id."""
    now = datetime.fromtimestamp(context.platform.clock.now(), UTC)
    modified = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}+0000"
    return configuration | {"LastModified": modified, "RevisionId": str(uuid.uuid4())}


def check(context: Context, params: dict, operation: str) -> None:
    """Check the options that both operations have. Waits for IAM.

    Raises
    ------
    AwsError
        An option is not supported, exceeds a quota, or names a role that Lambda cannot assume.
    """
    for option in limit("unsupported"):
        if params.get(option) and params[option] != limit("defaults").get(option) and any(_leaves(params[option])):
            raise not_supported("lambda", f"{operation} with {option}")
    if params.get("LoggingConfig", {}).keys() - {"LogFormat", "LogGroup"} or params.get("LoggingConfig", {}).get("LogFormat") == "JSON":
        raise not_supported("lambda", f"{operation} with LogFormat JSON")
    _at_most("Timeout", params.get("Timeout"), "timeout")
    _at_most("MemorySize", params.get("MemorySize"), "memory")
    _at_most("EphemeralStorage.Size", params.get("EphemeralStorage", {}).get("Size"), "ephemeral_storage")
    if "Runtime" in params:
        _check_runtime(params["Runtime"], operation)
    _check_variables(params.get("Environment", {}).get("Variables", {}))
    if "Role" in params and not context.platform.identity.trusts(params["Role"], SERVICE):
        raise invalid_value("The role defined for the function cannot be assumed by Lambda.")


def _leaves(value: object) -> list:
    """The values in an option that are not empty: SDKs send empty lists and structures for what they do not set."""
    if isinstance(value, dict | list):
        return [leaf for inner in (value.values() if isinstance(value, dict) else value) for leaf in _leaves(inner)]
    return [value] if value else []


def _at_most(member: str, value: int | None, quota: str) -> None:
    if value is not None and value > limit(quota):
        path = ".".join(part[0].lower() + part[1:] for part in member.split("."))
        raise invalid(
            f"1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: "
            f"Member must have value less than or equal to {limit(quota)}"
        )


def _check_runtime(runtime: str, operation: str) -> None:
    if runtime in limit("ended_runtimes"):
        raise invalid_value(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
            "We recommend you use a supported runtime while creating or updating functions."
        )
    if runtime not in limit("runtimes"):
        raise not_supported("lambda", f"{operation} with Runtime {runtime}")


def _check_variables(variables: dict[str, str]) -> None:
    if reserved := [name for name in variables if name in limit("reserved_variables")]:
        raise invalid_value(
            "Lambda was unable to configure your environment variables because the environment variables you have provided contains "
            f"reserved keys that are currently not supported for modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"))
    if len(measured.encode()) > limit("environment"):
        raise invalid_value(
            "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded "
            f"the 4KB limit. String measured: {measured}"
        )
