"""The IAM policy simulator: ``SimulatePrincipalPolicy`` and ``SimulateCustomPolicy``.

Matches AWS's responses in shape, decisions, matched statements with their positions, missing context keys and paging. Differs from AWS:

- There is no ``OrganizationsDecisionDetail``, since the simulated account belongs to no organization.
- ``EvalResourceName`` of an action over several resources is ``*``; AWS writes the action's ARN template.
- A policy that cannot be evaluated gives ``PolicyEvaluation`` with status 400; AWS returns 500, which SDKs would retry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from course.localaws.context import Context, Operation
from course.localaws.core.call import root
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.iam import policy
from course.localaws.iam.policy import AuthorizationRequest, Decision, Effect, Policy, PolicyError, PolicyStatement
from course.localaws.iam.principals import Entity, Principals

PAGE = 100  # results, unless MaxItems says otherwise


def simulate_principal_policy(context: Context, parameters: dict) -> dict:
    """Simulates a principal's policies. Call it in moto's thread. Raises ``InvalidInput``, ``NoSuchEntity``, ``PolicyEvaluation``."""
    with _evaluation():
        return _page(_principal(parameters, Principals(context.platform.moto.iam())), parameters)


def simulate_custom_policy(context: Context, parameters: dict) -> dict:
    with _evaluation():
        return _page(_simulate(parameters, _inputs(parameters), _boundary(parameters), None), parameters)


@contextmanager
def _evaluation() -> Iterator[None]:
    try:
        yield
    except PolicyError as error:
        raise AwsError("PolicyEvaluation", str(error)) from None


def _principal(parameters: dict, principals: Principals) -> list[dict]:
    entity = principals.by_arn(parameters["PolicySourceArn"])
    given = _boundary(parameters)
    return _simulate(parameters, (*entity.policies, *_inputs(parameters)), entity.boundary if given is None else given, entity)


def _simulate(parameters: dict, identity: Sequence[Policy], boundary: Sequence[Policy] | None, entity: Entity | None) -> list[dict]:
    for option in ("ResourceHandlingOption", "ResourceOwner"):
        if option in parameters:
            raise not_supported("iam", f"policy simulation with {option}")
    context = {**(entity.context if entity else {}), **_context(parameters.get("ContextEntries", []))}
    resources = parameters.get("ResourceArns", ["*"])
    resource_policy, names = _resource_policy(parameters, entity)
    results = []
    for action in _actions(parameters):
        requests = [AuthorizationRequest(action, resource, context, *names) for resource in resources]
        decisions = [policy.evaluate(request, identity, boundary, resource_policy) for request in requests]
        results.append(_result(action, decisions))
    return results


def _actions(parameters: dict) -> list[str]:
    for action in parameters["ActionNames"]:
        service, _, name = action.partition(":")
        if not service or not name or "*" in action:
            raise AwsError("InvalidInput", f"Invalid action name: {action}. Write service:Operation, without wildcards.")
    return parameters["ActionNames"]


def _inputs(parameters: dict, member: str = "PolicyInputList") -> tuple[Policy, ...]:
    try:
        return tuple(policy.parse(f"{member}.{number}", text) for number, text in enumerate(parameters.get(member, []), 1))
    except PolicyError as error:
        raise AwsError("InvalidInput", str(error)) from None


def _boundary(parameters: dict) -> tuple[Policy, ...] | None:
    return _inputs(parameters, "PermissionsBoundaryPolicyInputList") or None


def _context(entries: list[dict]) -> dict[str, list[str]]:
    for entry in entries:
        if "ContextKeyName" not in entry:
            raise AwsError("InvalidInput", "A context entry has no ContextKeyName.")
    return {entry["ContextKeyName"]: entry.get("ContextKeyValues", []) for entry in entries}


def _resource_policy(parameters: dict, entity: Entity | None) -> tuple[Policy | None, tuple]:
    """The resource policy, and the caller's names: ``principals``, ``direct`` and ``account`` of an `AuthorizationRequest`."""
    caller = parameters.get("CallerArn") or (entity.arn if entity and entity.kind == "user" else "")
    if "ResourcePolicy" not in parameters:
        return None, ()
    if not caller:
        raise AwsError("InvalidInput", "CallerArn must be given with ResourcePolicy, unless a user's policies are simulated.")
    try:
        parsed = policy.parse("ResourcePolicy", parameters["ResourcePolicy"])
    except PolicyError as error:
        raise AwsError("InvalidInput", str(error)) from None
    number = caller.split(":")[4] if caller.count(":") >= 5 else ""
    direct, account = frozenset({caller}), frozenset({number, root(number)})
    return parsed, ({"AWS": direct | account}, direct, account)


def _result(action: str, decisions: list[Decision]) -> dict:
    if [decision.resource for decision in decisions] == ["*"]:
        return {"EvalActionName": action, "EvalResourceName": "*", "EvalDecision": decisions[0].effect, **_details(decisions[0])}
    matched = list(dict.fromkeys(statement for decision in decisions for statement in decision.matched))
    specific = [
        {"EvalResourceName": decision.resource, "EvalResourceDecision": decision.effect, **_details(decision)} for decision in decisions
    ]
    return {
        "EvalActionName": action,
        "EvalResourceName": decisions[0].resource if len(decisions) == 1 else "*",
        "EvalDecision": _strictest([decision.effect for decision in decisions]),
        "MatchedStatements": [_matched(statement) for statement in matched],
        "MissingContextValues": [],  # listed for each resource instead
        "EvalDecisionDetails": {},
        "ResourceSpecificResults": specific,
    }


def _strictest(effects: list[Effect]) -> Effect:
    return next(effect for effect in ("explicitDeny", "implicitDeny", "allowed") if effect in effects)


def _details(decision: Decision) -> dict:
    details = {
        "MatchedStatements": [_matched(statement) for statement in decision.matched],
        "MissingContextValues": list(decision.missing),
    }
    if decision.within_boundary is not None:
        details["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": decision.within_boundary}
    return details


def _matched(statement: PolicyStatement) -> dict:
    return {
        "SourcePolicyId": statement.source,
        "SourcePolicyType": "IAM Policy",  # AWS's actual value, although its model does not list it
        "StartPosition": {"Line": statement.start[0], "Column": statement.start[1]},
        "EndPosition": {"Line": statement.end[0], "Column": statement.end[1]},
    }


def _page(results: list[dict], parameters: dict) -> dict:
    """Returns the page of results that ``Marker`` and ``MaxItems`` select. The marker is the number of results before the page."""
    marker, size = parameters.get("Marker", "0"), parameters.get("MaxItems", PAGE)
    if not marker.isdigit() or not 1 <= size <= 1000:
        raise AwsError("InvalidInput", f"Invalid Marker ({marker}) or MaxItems ({size}).")
    end = int(marker) + size
    more = {"IsTruncated": True, "Marker": str(end)} if end < len(results) else {"IsTruncated": False}
    return {"EvaluationResults": results[int(marker) : end], **more}


OPERATIONS: dict[str, Operation] = {
    "SimulateCustomPolicy": simulate_custom_policy,
    "SimulatePrincipalPolicy": simulate_principal_policy,
}
