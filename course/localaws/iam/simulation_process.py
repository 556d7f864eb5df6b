"""Runs policy simulations in processes of their own, where a hostile one is stopped.

A request may bring long policies, a thousand actions and a thousand resources, and each is compared with each. The kernel ends the process
of a simulation that has used `SECONDS` of processor time. One that is meant well needs milliseconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from course.localaws.core.helper_process import ENDED, HelperError, HelperProcess, Parent, serve
from course.localaws.iam import policy
from course.localaws.iam.policy import AuthorizationRequest, Effect, Policy, PolicyError, PolicyStatement

SECONDS = 1.0  # of processor time, for one simulation


@dataclass(frozen=True)
class Simulation:
    """What is simulated, in values that JSON can hold.

    Attributes
    ----------
    identity, boundary : list of (str, str)
        The name and the text of each policy. ``boundary`` is ``None`` for no permissions boundary.
    resource_policy : str or None
    actions, resources : list of str
    context : dict
        Condition keys -> their values.
    caller : list of str
        The caller's own name, its account's root ARN and its account's number, for the resource policy; empty without one.
    """

    identity: list[tuple[str, str]]
    boundary: list[tuple[str, str]] | None
    resource_policy: str | None
    actions: list[str]
    resources: list[str]
    context: dict[str, list[str]]
    caller: list[str]


class InvalidPolicy(PolicyError):
    """A policy of the request is not valid."""


class SimulationTooLong(Exception):
    """A simulation used more than `SECONDS` of processor time."""


class Simulator:
    """Runs simulations, one at a time for all callers that policies limit, and one at a time for the others (the grader)."""

    def __init__(self) -> None:
        self._lanes = {unlimited: _Lane() for unlimited in (False, True)}

    async def run(self, simulation: Simulation, unlimited: bool) -> list[dict[str, Any]]:
        """AWS's ``EvaluationResults``, one for each action.

        Raises
        ------
        InvalidPolicy
            A policy of the request is not valid.
        PolicyError
            A condition cannot be evaluated.
        SimulationTooLong
        """
        lane = self._lanes[unlimited]
        return await asyncio.get_running_loop().run_in_executor(lane.thread, partial(_run, lane.process, simulation))

    def shutdown(self) -> None:
        """End the processes. The next simulation starts another one."""
        for lane in self._lanes.values():
            lane.process.stop()

    reset = shutdown


class _Lane:
    """A process, and the thread that waits for it: waiting simulations take none of the threads that other requests need."""

    def __init__(self) -> None:
        self.process = HelperProcess(__name__)
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="simulation")


def _run(process: HelperProcess, simulation: Simulation) -> list[dict[str, Any]]:
    try:
        return process.call("simulate", **asdict(simulation))
    except HelperError as error:
        if error.kind == ENDED:
            raise SimulationTooLong(f"it takes more than {SECONDS:g} s of processor time") from error
        if error.kind in (InvalidPolicy.__name__, RecursionError.__name__):
            raise InvalidPolicy(str(error)) from error
        if error.kind == PolicyError.__name__:
            raise PolicyError(str(error)) from error
        raise


# ---- in the child ---------------------------------------------------------------------------------------------------------------


def _simulate(
    parent: Parent,
    identity: list,
    boundary: list | None,
    resource_policy: str | None,
    actions: list[str],
    resources: list[str],
    context: dict[str, list[str]],
    caller: list[str],
) -> list[dict[str, Any]]:
    own, limit = _parsed(identity), None if boundary is None else _parsed(boundary)
    given = None if resource_policy is None else _parsed([("ResourcePolicy", resource_policy)])[0]
    names = ({"AWS": frozenset(caller)}, frozenset(caller[:1]), frozenset(caller[1:])) if caller else ()
    results = []
    for action in actions:
        requests = [AuthorizationRequest(action, resource, context, *names) for resource in resources]
        results.append(_result(action, [policy.evaluate(request, own, limit, given) for request in requests]))
    return results


def _parsed(documents: Sequence[tuple[str, str]]) -> tuple[Policy, ...]:
    try:
        return tuple(policy.parse(name, text) for name, text in documents)
    except PolicyError as error:
        raise InvalidPolicy(str(error)) from None


def _result(action: str, decisions: list[policy.Decision]) -> dict:
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


def _details(decision: policy.Decision) -> dict:
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


if __name__ == "__main__":
    serve({"simulate": _simulate}, SECONDS)
