"""The IAM policy simulator: ``SimulatePrincipalPolicy`` and ``SimulateCustomPolicy``.

Matches AWS's responses in shape, decisions, matched statements with their positions, missing context keys and paging. Differs from AWS:

- There is no ``OrganizationsDecisionDetail``, since the simulated account belongs to no organization.
- ``EvalResourceName`` of an action over several resources is ``*``; AWS writes the action's ARN template.
- Results that take more than a second of processor time are refused (`simulation_process`).
- A policy that cannot be evaluated gives ``PolicyEvaluation`` with status 400; AWS returns 500, which SDKs would retry.
"""

from __future__ import annotations

from functools import partial

from course.localaws.context import Context, Operation
from course.localaws.core.call import root
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.iam.policy import Policy, PolicyError
from course.localaws.iam.principals import Entity, Principals
from course.localaws.iam.simulation_process import InvalidPolicy, Simulation, SimulationTooLong, Simulator
from course.localaws.protocol.model import service_model
from course.localaws.protocol.service import validate

PAGE = 100  # results, unless MaxItems says otherwise
MOST_RESULTS = 10_000  # pairs of an action and a resource in one request; a larger answer would take seconds to write

Documents = list[tuple[str, str]]  # name and text of policies


class PolicySimulator:
    """The operations of the simulator. Each raises ``InvalidInput``, ``NoSuchEntity``, ``PolicyEvaluation``."""

    def __init__(self) -> None:
        self._simulator = Simulator()
        self.operations: dict[str, Operation] = {"SimulateCustomPolicy": self._custom, "SimulatePrincipalPolicy": self._principal}
        self.shutdown = self.reset = self._simulator.shutdown

    async def _custom(self, context: Context, parameters: dict) -> dict:
        _check(context, parameters)
        return await self._answer(context, parameters, _simulation(parameters, _inputs(parameters), _boundary(parameters), None))

    async def _principal(self, context: Context, parameters: dict) -> dict:
        _check(context, parameters)
        moto = context.platform.moto
        try:
            entity = await moto.run_async(lambda: Principals(moto.iam()).by_arn(parameters["PolicySourceArn"]))
        except PolicyError as error:
            raise AwsError("PolicyEvaluation", str(error)) from None
        given = _boundary(parameters)
        own = None if entity.boundary is None else _documents(entity.boundary)
        identity = _documents(entity.policies) + _inputs(parameters)
        return await self._answer(context, parameters, _simulation(parameters, identity, own if given is None else given, entity))

    async def _answer(self, context: Context, parameters: dict, simulation: Simulation) -> dict:
        try:
            results = await self._simulator.run(simulation, context.call.principal.unlimited)
        except InvalidPolicy as error:
            raise AwsError("InvalidInput", str(error)) from None
        except PolicyError as error:
            raise AwsError("PolicyEvaluation", str(error)) from None
        except SimulationTooLong as error:
            raise AwsError("PolicyEvaluation", f"The simulation was stopped: {error}. Simulate fewer or shorter policies.") from None
        return _page(results, parameters)


def _check(context: Context, parameters: dict) -> None:
    """Raises ``InvalidInput`` for what exceeds AWS's limits: the lengths of its API model."""
    validate(service_model("iam").operation_model(context.call.operation), parameters, partial(AwsError, "InvalidInput"))
    pairs = len(parameters["ActionNames"]) * len(parameters.get("ResourceArns", ["*"]))
    if pairs > MOST_RESULTS:
        raise AwsError("InvalidInput", f"The request asks for {pairs:,} results; the local AWS gives at most {MOST_RESULTS:,} at a time.")


def _simulation(parameters: dict, identity: Documents, boundary: Documents | None, entity: Entity | None) -> Simulation:
    for option in ("ResourceHandlingOption", "ResourceOwner"):
        if option in parameters:
            raise not_supported("iam", f"policy simulation with {option}")
    return Simulation(
        identity=identity,
        boundary=boundary,
        resource_policy=parameters.get("ResourcePolicy"),
        actions=_actions(parameters),
        resources=parameters.get("ResourceArns", ["*"]),
        context={**(entity.context if entity else {}), **_context(parameters.get("ContextEntries", []))},
        caller=_caller(parameters, entity),
    )


def _actions(parameters: dict) -> list[str]:
    for action in parameters["ActionNames"]:
        service, _, name = action.partition(":")
        if not service or not name or "*" in action:
            raise AwsError("InvalidInput", f"Invalid action name: {action}. Write service:Operation, without wildcards.")
    return parameters["ActionNames"]


def _documents(policies: tuple[Policy, ...]) -> Documents:
    return [(each.source, each.text) for each in policies]


def _inputs(parameters: dict, member: str = "PolicyInputList") -> Documents:
    return [(f"{member}.{number}", text) for number, text in enumerate(parameters.get(member, []), 1)]


def _boundary(parameters: dict) -> Documents | None:
    return _inputs(parameters, "PermissionsBoundaryPolicyInputList") or None


def _context(entries: list[dict]) -> dict[str, list[str]]:
    for entry in entries:
        if "ContextKeyName" not in entry:
            raise AwsError("InvalidInput", "A context entry has no ContextKeyName.")
    return {entry["ContextKeyName"]: entry.get("ContextKeyValues", []) for entry in entries}


def _caller(parameters: dict, entity: Entity | None) -> list[str]:
    """As `Simulation.caller`."""
    if "ResourcePolicy" not in parameters:
        return []
    caller = parameters.get("CallerArn") or (entity.arn if entity and entity.kind == "user" else "")
    if not caller:
        raise AwsError("InvalidInput", "CallerArn must be given with ResourcePolicy, unless a user's policies are simulated.")
    number = caller.split(":")[4] if caller.count(":") >= 5 else ""
    return [caller, root(number), number]


def _page(results: list[dict], parameters: dict) -> dict:
    """Returns the page of results that ``Marker`` and ``MaxItems`` select. The marker is the number of results before the page."""
    marker, size = parameters.get("Marker", "0"), parameters.get("MaxItems", PAGE)
    if not marker.isdigit() or not 1 <= size <= 1000:
        raise AwsError("InvalidInput", f"Invalid Marker ({marker}) or MaxItems ({size}).")
    end = int(marker) + size
    more = {"IsTruncated": True, "Marker": str(end)} if end < len(results) else {"IsTruncated": False}
    return {"EvaluationResults": results[int(marker) : end], **more}
