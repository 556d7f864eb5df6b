"""The permissions that a call of any service needs, with their condition keys.

A permission is asked on each resource that the request names, on the resource type with ``*`` where it names none of a type that the
action needs, and on ``*`` for an action without resource types. An operation that the Reference does not have is asked by its own name.

Matches AWS: actions, resource types and condition keys are those of the Service Authorization Reference (`reference`), of the date in its
files. Differs from AWS: a condition key that only a record here could supply, and that the service's package does not know, cannot be
evaluated; then the call is refused and the message names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course.localaws.core.call import AnyCall
from course.localaws.core.data_files import table
from course.localaws.iam.authorization import ConditionKeys, RequiredPermission
from course.localaws.iam.permissions import by_operation
from course.localaws.iam.policy import Policy, PolicyError
from course.localaws.iam.service_authorization import request_tags, special
from course.localaws.iam.service_authorization.operations import PASS_ROLE, OperationPermissions, exceptions, permissions_of
from course.localaws.iam.service_authorization.reference import reference, services
from course.localaws.iam.service_authorization.templates import ANY, Place, Template, values
from course.localaws.protocol.model import service_model

_RESOURCE_TAG = "aws:resourcetag/"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRecords:
    """What a service knows of its own resources. Each function may be called in the event loop, so it must not wait.

    Attributes
    ----------
    resources : callable
        Call and parameters -> the ARNs that the call acts on; ``None`` where the parameters say it (`operations`).
    complete : callable
        Call and an ARN that its parameters give -> the ARN of the resource that there is, e.g. with the path of a role. Without a record
        the same ARN.
    tags : callable
        ARN -> the tags of the resource; empty for one that does not exist. ``None`` when they are not known here.
    policy : callable
        ARN and action -> the policy of the resource, or ``None``. Raises PolicyError.
    keys : callable
        Call, parameters and ARN -> condition keys of the service.
    known : frozenset of str
        The keys, in lower case, that ``keys`` supplies when a request has them.
    """

    resources: Callable[[AnyCall, dict], list[str] | None] = lambda call, params: None
    complete: Callable[[AnyCall, str], str] = lambda call, arn: arn
    tags: Callable[[str], dict[str, str] | None] = lambda arn: None
    policy: Callable[[str, str], Policy | None] = lambda arn, action: None
    keys: Callable[[AnyCall, dict, str], ConditionKeys] = lambda call, params, arn: {}
    known: frozenset[str] = frozenset()


class ServicePermissions:
    """The permissions of the calls of one service.

    Parameters
    ----------
    prefix : str
        The prefix of its actions: ``"sns"``.
    model : str
        botocore's name of the service; empty for one that botocore does not know.
    records : ServiceRecords, optional
    """

    def __init__(self, prefix: str, model: str, records: ServiceRecords | None = None) -> None:
        self._prefix, self._model, self._records = prefix, model, records or ServiceRecords()
        self._exceptions = exceptions(prefix)

    def required(self, call: AnyCall, params: dict) -> Iterator[RequiredPermission]:
        """Returns the permissions that a call needs. The operation itself comes first, then ``iam:PassRole``."""
        if call.operation in self._exceptions.unasked:
            return
        operation = self._operation(call.operation)
        # A request that lacks what it must have names nothing, but is asked all the same.
        for action, arn in list(self._asked(operation, call, params)) or [(action, ANY) for action in operation.actions]:
            yield self._demand(operation, action, arn, call, params)
        passed: ConditionKeys = {"iam:PassedToService": [self._exceptions.service]}
        for role in dict.fromkeys(role for path in operation.passed_roles for role in values(params, path) if role):
            arn = role if role.startswith("arn:") else f"arn:aws:iam::{call.principal.account}:role/{role}"
            yield RequiredPermission(PASS_ROLE, arn, lambda: passed, words=self._exceptions.words)

    def _operation(self, name: str) -> OperationPermissions:
        model = service_model(self._model) if self._model else None
        return permissions_of(self._prefix, name, model.operation_model(name) if model and name in model.operation_names else None)

    def _asked(self, operation: OperationPermissions, call: AnyCall, params: dict) -> Iterator[tuple[str, str]]:
        place = Place(call.region, call.principal.account)
        found = special.asked(self._prefix, call, params)
        if found is not None:
            base = f"arn:aws:{self._prefix}:${{Region}}:${{Account}}:"
            for action, text in found:
                for arn in Template.of(text, base).filled(params, place):
                    yield f"{self._prefix}:{action}", arn
            return
        arns = self._records.resources(call, params)
        if arns is None:
            filled = [arn for template in operation.templates for arn in template.filled(params, place)]
            arns = [self._records.complete(call, arn) for arn in filled]
        for action in operation.actions:
            for arn in dict.fromkeys(arns) or [ANY]:
                yield action, arn

    def _demand(self, operation: OperationPermissions, action: str, arn: str, call: AnyCall, params: dict) -> RequiredPermission:
        def keys() -> ConditionKeys:
            tags = self._tags(arn) or {}
            of_resource = ("aws:ResourceTag", f"{self._prefix}:ResourceTag")  # a service's own key is an older name of the same
            found: ConditionKeys = {f"{key}/{name}": [value] for key in of_resource for name, value in tags.items()}
            found |= {"aws:ResourceAccount": [call.principal.account]} | request_tags.keys(params)
            return found | _from_request(self._prefix, call.operation, params) | self._records.keys(call, params, arn)

        def is_absent(key: str) -> bool:
            if key.startswith((_RESOURCE_TAG, f"{self._prefix}:resourcetag/")):
                return self._tags(arn) is not None
            return self._is_absent(operation, call.operation, key)

        return RequiredPermission(action, arn, keys, is_absent, self._policy(arn, action), words=self._exceptions.words)

    def _tags(self, arn: str) -> dict[str, str] | None:
        """The tags of a resource. ``*``, and what is no ARN, has none."""
        return self._records.tags(arn) if _is_arn(arn) else {}

    def _policy(self, arn: str, action: str) -> Policy | None:
        """The policy of a resource. One that cannot be read does not count: AWS would not have stored it."""
        try:
            return self._records.policy(arn, action) if _is_arn(arn) else None
        except PolicyError:
            return None

    def _is_absent(self, operation: OperationPermissions, name: str, key: str) -> bool:
        """Whether a key of the service (in lower case) that a request does not have is really absent, and not unknown."""
        if key in self._records.known or any(key.startswith(each) for each in self._records.known if each.endswith("/")):
            return True
        if not _has(reference(self._prefix).keys, key):
            return False
        return not _has(operation.keys, key) or key in _supplied(self._prefix).get(name, ())


def of_model(model: str, records: ServiceRecords | None = None) -> ServicePermissions:
    """The permissions of the service with a model of botocore."""
    prefix = next((service.prefix for service in services().values() if model in service.models), model)
    return ServicePermissions(prefix, model, records)


def _is_arn(text: str) -> bool:
    return text.startswith("arn:") and text.count(":") >= 5


def _has(keys: frozenset[str], key: str) -> bool:
    return key in keys or f"{key.partition('/')[0]}/" in keys


def _from_request(prefix: str, operation: str, params: dict) -> ConditionKeys:
    found = {}
    for key, paths in _members(prefix).get(operation, {}).items():
        if present := [value for path in paths for value in values(params, path)]:
            found[key] = present
    return found


@cache
def _members(prefix: str) -> dict[str, dict[str, list[str]]]:
    """Operation of a service -> key -> the members with its values."""
    turned: dict[str, dict[str, list[str]]] = {}
    for key, members in table(Path(__file__).with_name("condition_keys.yaml"))["conditions"].items():
        if key.startswith(f"{prefix}:"):
            for operation, paths in by_operation(members).items():
                turned.setdefault(operation, {})[key] = paths
    return turned


@cache
def _supplied(prefix: str) -> dict[str, frozenset[str]]:
    """Operation of a service -> the keys, in lower case, that its requests supply."""
    return {operation: frozenset(key.lower() for key in keys) for operation, keys in _members(prefix).items()}
