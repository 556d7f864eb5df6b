"""Resource-based policies: which services and accounts may invoke a function."""

from __future__ import annotations

import json
import re
import uuid

from course.localaws.awslambda.errors import conflict, invalid_value, not_found, wrong_revision
from course.localaws.awslambda.functions import Functions
from course.localaws.awslambda.limits import limit
from course.localaws.awslambda.names import FunctionReference
from course.localaws.awslambda.store import Function, FunctionStore
from course.localaws.context import Context, Operation
from course.localaws.core.call import root
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.iam import policy
from course.localaws.iam.policy import AuthorizationRequest, Policy

INVOKE = "lambda:InvokeFunction"
_UNSUPPORTED = ("FunctionUrlAuthType", "InvokedViaFunctionUrl")


class ResourcePolicies:
    """The operations."""

    def __init__(self, store: FunctionStore, functions: Functions) -> None:
        self._store, self._functions = store, functions

    def operations(self) -> dict[str, Operation]:
        return {"AddPermission": self.add, "RemovePermission": self.remove, "GetPolicy": self.get}

    def add(self, context: Context, params: dict) -> dict:
        for option in _UNSUPPORTED:
            if option in params:
                raise not_supported("lambda", f"AddPermission with {option}")
        with self._store.changing():
            wanted, function = self._found(context, params)
            statements = self._statements(function, wanted, params)
            if any(statement["Sid"] == params["StatementId"] for statement in statements):
                raise conflict(
                    f"The statement id ({params['StatementId']}) provided already exists. "
                    "Please provide a new statement id, or remove the existing statement."
                )
            statement = _statement(params, wanted.arn)
            if len(_document([*statements, statement])) > limit("policy"):
                raise AwsError("PolicyLengthExceededException", f"The final policy size is bigger than the limit ({limit('policy')}).")
            self._put(context, function, wanted, [*statements, statement])
        return {"Statement": json.dumps(statement, separators=(",", ":"))}

    def remove(self, context: Context, params: dict) -> None:
        with self._store.changing():
            wanted, function = self._found(context, params)
            statements = self._statements(function, wanted, params)
            left = [statement for statement in statements if statement["Sid"] != params["StatementId"]]
            if len(left) == len(statements):
                raise not_found(f"Statement {params['StatementId']} is not found in resource policy.")
            self._put(context, function, wanted, left)

    def get(self, context: Context, params: dict) -> dict:
        wanted, function = self._found(context, params)
        present = function.policies.get(wanted.qualifier)
        if present is None:
            raise not_found("The resource you requested does not exist.")
        return {"Policy": _document(present["Statements"]), "RevisionId": present["RevisionId"]}

    def _found(self, context: Context, params: dict) -> tuple[FunctionReference, Function]:
        wanted, function, _ = self._functions.found(context, params)
        if wanted.qualifier == "$LATEST":
            raise invalid_value("We currently do not support adding policies for $LATEST.")
        return wanted, function

    @staticmethod
    def _statements(function: Function, wanted: FunctionReference, params: dict) -> list[dict]:
        """The present statements, after a check of the request's revision id."""
        present = function.policies.get(wanted.qualifier, {"RevisionId": None, "Statements": []})
        if params.get("RevisionId", present["RevisionId"]) != present["RevisionId"]:
            raise wrong_revision()
        return present["Statements"]

    def _put(self, context: Context, function: Function, wanted: FunctionReference, statements: list[dict]) -> None:
        if statements:
            function.policies[wanted.qualifier] = {"RevisionId": str(uuid.uuid4()), "Statements": statements}
        else:
            function.policies.pop(wanted.qualifier, None)
        self._store.put(context.region, function)


def allows(function: Function, wanted: FunctionReference, service: str, source: str) -> bool:
    """Whether the policy of a function, or of the version or alias in ``wanted``, lets a service invoke it.

    Parameters
    ----------
    service : str
        A service principal, e.g. ``"events.amazonaws.com"``.
    source : str
        The ARN of what makes the service do it, e.g. of a rule.
    """
    policies = parsed(function, wanted)
    if policies is None:
        return False
    keys = {"aws:SourceArn": [source], "aws:SourceAccount": [source.split(":")[4] or wanted.account]}
    request = AuthorizationRequest(INVOKE, wanted.arn, keys, {"Service": frozenset({service})})
    return policy.evaluate(request, [policies]).allowed


def parsed(function: Function, wanted: FunctionReference) -> Policy | None:
    """The policy of a function, or of the version or alias in ``wanted``; ``None`` when it has none."""
    present = function.policies.get(wanted.qualifier)
    return policy.parse("default", _document(present["Statements"])) if present else None


def _statement(params: dict, arn: str) -> dict:
    conditions: dict[str, dict[str, str]] = {}
    for member, operator, key in (
        ("SourceArn", "ArnLike", "AWS:SourceArn"),
        ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
        ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
        ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ):
        if member in params:
            conditions.setdefault(operator, {})[key] = params[member]
    return {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(params["Principal"]),
        "Action": params["Action"],
        "Resource": arn,
    } | ({"Condition": conditions} if conditions else {})


def _principal(text: str) -> str | dict[str, str]:
    """The ``Principal`` element for the member ``Principal``. Raises AwsError ``InvalidParameterValueException``."""
    if text == "*":
        return text
    if re.fullmatch(r"\d{12}", text):
        return {"AWS": root(text)}
    if text.startswith("arn:"):
        return {"AWS": text}
    if re.fullmatch(r"[\w.-]+\.amazonaws\.com(\.cn)?", text):
        return {"Service": text}
    raise invalid_value("The provided principal was invalid. Please check the principal and try again.")


def _document(statements: list[dict]) -> str:
    return json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": statements}, separators=(",", ":"))
