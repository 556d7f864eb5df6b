"""The permissions that each operation of SageMaker's services needs, from the tables beside this file.

Source: "Actions, resources, and condition keys for Amazon SageMaker" in AWS's Service Authorization Reference. Besides the operation
itself, tags on a new resource need ``sagemaker:AddTags`` on it, and a role that SageMaker will assume needs ``iam:PassRole``.

A condition key that the tables call unsupplied, or that SageMaker does not have, cannot be evaluated. Then the call is refused. The message
names the policy's statement and the key.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.core.call import AwsRequest
from course.localaws.core.data_files import table
from course.localaws.iam.authorization import ConditionKeys, RequiredPermission
from course.localaws.iam.permissions import by_operation, filled, values_at
from course.localaws.sagemaker.core.protection import SERVICE

if TYPE_CHECKING:
    from course.localaws.core.resources import ResourceEngine

_RESOURCE_TAGS = ("aws:resourcetag/", "sagemaker:resourcetag/")


def required_permissions(call: AwsRequest, params: dict, account: str, engine: ResourceEngine) -> Iterator[RequiredPermission]:
    """Returns the permissions that the caller needs. The operation itself comes first."""
    operation = call.operation
    arns = resources(operation, params, f"arn:aws:sagemaker:{call.region}:{account}:")
    for action in _actions().get(operation, [operation]):
        for arn in arns:
            yield _demand(operation, action, arn, params, engine, account)
    if operation.startswith("Create") and params.get("Tags"):
        tagging = {"sagemaker:TaggingAction": [operation]}
        yield RequiredPermission(
            "sagemaker:AddTags", arns[0], lambda: _tag_keys(params) | tagging, lambda key: key.startswith(_RESOURCE_TAGS)
        )
    for path in _passed_roles().get(operation, ()):
        for role in values_at(params, path):
            yield RequiredPermission("iam:PassRole", role, lambda: {"iam:PassedToService": [SERVICE]})


def resources(operation: str, params: dict, prefix: str) -> list[str]:
    """Returns the ARNs of an operation's resources, the created one first; ``["*"]`` when it has none.

    Parameters
    ----------
    prefix : str
        The ARN up to its last part.
    """
    found = [arn for template in _resources().get(operation, ()) for arn in filled(template, params, prefix, lower=True)]
    return list(dict.fromkeys(found)) or ["*"]  # the entries of a batch often name the same resource


def _demand(operation: str, action: str, arn: str, params: dict, engine: ResourceEngine, account: str) -> RequiredPermission:
    def keys() -> ConditionKeys:
        tags = {f"{prefix}{tag['Key']}": [tag["Value"]] for prefix in _RESOURCE_TAGS for tag in engine.tags(arn)}
        return {"aws:ResourceAccount": [account]} | tags | _tag_keys(params) | _request_keys(operation, params)

    return RequiredPermission(f"sagemaker:{action}", arn, keys, lambda key: _absent(operation, params, key))


def _tag_keys(params: dict) -> ConditionKeys:
    tags = params.get("Tags", ())
    names = [*(tag["Key"] for tag in tags), *params.get("TagKeys", ())]
    return {f"aws:RequestTag/{tag['Key']}": [tag["Value"]] for tag in tags} | ({"aws:TagKeys": names} if names else {})


def _request_keys(operation: str, params: dict) -> ConditionKeys:
    found = {key: _values(key, paths, params) for key, paths in _condition_keys().get(operation, {}).items() if paths}
    return {key: values for key, values in found.items() if values} | _constant_keys().get(operation, {})


def _values(key: str, paths: list[str], params: dict) -> list[str] | None:
    """Returns a condition key's values; ``None`` when it needs an ARN but the request has an id or alias (of a KMS key)."""
    values = [value for path in paths for value in values_at(params, path)]
    return None if key.endswith(("Arn", "KmsKey")) and not all(value.startswith("arn:") for value in values) else values


def _absent(operation: str, params: dict, key: str) -> bool:
    """Returns whether a condition key of SageMaker (in lower case) is really absent from the request."""
    if key.startswith(_RESOURCE_TAGS) or key == "sagemaker:taggingaction":
        return True
    name = key.partition("/")[0]
    if name not in _all_keys():
        return False
    present = {known.lower(): (known, paths) for known, paths in _condition_keys().get(operation, {}).items()}
    if name not in present:
        return True
    known, paths = present[name]
    return paths is not None and _values(known, paths, params) is not None


# The tables, indexed by operation.


@cache
def _resources() -> dict[str, list[str]]:
    return by_operation(_table("permissions.yaml")["resources"])


@cache
def _passed_roles() -> dict[str, list[str]]:
    return by_operation(_table("permissions.yaml")["passed_roles"])


@cache
def _actions() -> dict[str, list[str]]:
    return by_operation(_table("permissions.yaml")["actions"])


@cache
def _constant_keys() -> dict[str, ConditionKeys]:
    """Returns operation -> the condition keys whose values follow from the operation alone."""
    turned: dict[str, ConditionKeys] = {}
    for key, entry in _table("condition_keys.yaml")["conditions"].items():
        for operation, values in by_operation(entry.get("always", {})).items():
            turned.setdefault(operation, {})[key] = values
    return turned


@cache
def _condition_keys() -> dict[str, dict[str, list[str] | None]]:
    """Returns operation -> condition key -> the members with its values, or ``None`` when the values cannot be known."""
    turned: dict[str, dict[str, list[str] | None]] = {}
    for key, entry in _table("condition_keys.yaml")["conditions"].items():
        for operation, paths in by_operation(entry.get("from", {})).items():
            turned.setdefault(operation, {})[key] = paths
        for operation in entry.get("unsupplied", ()):
            turned.setdefault(operation, {})[key] = None
    return turned


@cache
def _all_keys() -> frozenset[str]:
    return frozenset(key.lower() for key in _table("condition_keys.yaml")["conditions"])


def _table(name: str) -> dict:
    return table(Path(__file__).with_name(name))
