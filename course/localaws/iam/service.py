"""The IAM service. It runs the policy simulator itself; moto keeps the records and serves all other requests."""

from __future__ import annotations

from starlette.responses import Response

from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError
from course.localaws.iam import policy, simulation
from course.localaws.iam.entity_permissions import EntityPermissions
from course.localaws.iam.policy import PolicyError
from course.localaws.platform import Platform
from course.localaws.protocol import query
from course.localaws.protocol.service import Service, Stages


def create_service(platform: Platform, stages: Stages) -> Service:
    """Returns the `Service` with signing name ``iam``."""

    async def records(call: AwsRequest) -> Response:
        _check(call.operation, await query.form_of(call))
        return await platform.moto(call)

    simulator = simulation.PolicySimulator()
    return Service(
        "iam",
        platform,
        simulator.operations,
        fallback=records,
        invalid=None,
        permissions=EntityPermissions(platform.moto).required,
        stages=stages,
        backend=simulator,
    )


def _check(operation: str, form: query.Form) -> None:
    """Refuses invalid parameters that moto would silently accept."""
    if operation in ("CreateRole", "UpdateAssumeRolePolicy"):
        document = form.get("AssumeRolePolicyDocument", form.get("PolicyDocument", ""))
        try:
            trust = policy.parse(form.get("RoleName", ""), document)
        except PolicyError as error:
            raise AwsError("MalformedPolicyDocument", str(error)) from None
        if any(statement.principals is None for statement in trust.statements):
            raise AwsError("MalformedPolicyDocument", "AssumeRole policy must contain a Principal")
