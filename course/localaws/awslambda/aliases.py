"""The operations on aliases: names for versions, with a share of the invocations for a second version."""

from __future__ import annotations

import random
import uuid
from dataclasses import replace

from course.localaws.awslambda import names
from course.localaws.awslambda.errors import conflict, invalid_value, not_found, wrong_revision
from course.localaws.awslambda.functions import Functions, page, versions_of
from course.localaws.awslambda.names import LATEST, function_arn
from course.localaws.awslambda.store import Function, FunctionStore
from course.localaws.context import Context, Operation


class Aliases:
    """The operations."""

    def __init__(self, store: FunctionStore, functions: Functions) -> None:
        self._store, self._functions = store, functions

    def operations(self) -> dict[str, Operation]:
        return {
            "CreateAlias": self.create,
            "GetAlias": self.get,
            "ListAliases": self.list,
            "UpdateAlias": self.update,
            "DeleteAlias": self.delete,
        }

    def create(self, context: Context, params: dict) -> dict:
        with self._store.changing():
            function = self._function(context, params)
            if params["Name"] in function.aliases:
                raise conflict(f"Alias already exists: {function_arn(context.region, context.account, function.name, params['Name'])}")
            alias = {"Name": params["Name"], "Description": ""}
            return self._put(context, function, alias, params)

    def get(self, context: Context, params: dict) -> dict:
        return self._found(context, params)[1]

    def list(self, context: Context, params: dict) -> dict:
        function = self._function(context, params)
        found = [_described(context, function, alias) for alias in function.aliases.values()]
        wanted = params.get("FunctionVersion")
        found = [alias for alias in found if wanted is None or wanted in versions_of(alias)]
        return page("Aliases", found, params, lambda alias: alias["AliasArn"])

    def update(self, context: Context, params: dict) -> dict:
        with self._store.changing():
            function, alias = self._found(context, params)
            if params.get("RevisionId", alias["RevisionId"]) != alias["RevisionId"]:
                raise wrong_revision()
            return self._put(context, function, function.aliases[params["Name"]], params)

    def delete(self, context: Context, params: dict) -> None:
        with self._store.changing():
            function = self._function(context, params)
            if function.aliases.pop(params["Name"], None) is not None:
                function.policies.pop(params["Name"], None)
                self._store.put(context.region, function)

    def _put(self, context: Context, function: Function, alias: dict, params: dict) -> dict:
        changes = {member: params[member] for member in ("FunctionVersion", "Description", "RoutingConfig") if member in params}
        alias = alias | changes | {"RevisionId": str(uuid.uuid4())}
        if not alias.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
            alias.pop("RoutingConfig", None)
        _check(context, function, alias)
        function.aliases[alias["Name"]] = alias
        self._store.put(context.region, function)
        return _described(context, function, alias)

    def _function(self, context: Context, params: dict) -> Function:
        return self._functions.present(replace(names.requested(context, params), qualifier=""))

    def _found(self, context: Context, params: dict) -> tuple[Function, dict]:
        function = self._function(context, params)
        alias = function.aliases.get(params["Name"])
        if alias is None:
            raise not_found(f"Cannot find alias arn: {function_arn(context.region, context.account, function.name, params['Name'])}")
        return function, _described(context, function, alias)


def chosen_version(function: Function, qualifier: str) -> str:
    """The version that one invocation by a qualifier runs: of an alias with two versions, one by their weights."""
    alias = function.aliases.get(qualifier)
    if alias is None:
        return qualifier or LATEST
    for version, weight in alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}).items():
        if random.random() < weight:
            return version
    return alias["FunctionVersion"]


def _described(context: Context, function: Function, alias: dict) -> dict:
    return alias | {"AliasArn": function_arn(context.region, context.account, function.name, alias["Name"])}


def _check(context: Context, function: Function, alias: dict) -> None:
    """Raises AwsError unless the alias's versions exist and may be combined."""
    weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    if len(weights) > 1:
        raise invalid_value("Number of items in AdditionalVersionWeights cannot be greater than 1")
    version = alias["FunctionVersion"]
    if version in weights:
        raise invalid_value(f"Invalid function version {version}. Function version {version} is already included in routing configuration.")
    if weights and version == LATEST:
        raise invalid_value("$LATEST is not supported for an alias pointing to more than 1 version")
    for each in (version, *weights):
        if each not in function.versions:
            raise not_found(f"Function not found: {function_arn(context.region, context.account, function.name, each)}")
