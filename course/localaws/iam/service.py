"""IAM: the policy simulator is ours, the records are moto's."""

from __future__ import annotations

from starlette.responses import Response

from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.iam import policy, simulation
from course.localaws.iam.policy import PolicyError
from course.localaws.platform import Platform
from course.localaws.protocol import query
from course.localaws.protocol.service import Service, Stages


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``iam``."""

    async def records(call: AwsRequest) -> Response:
        _check(call.operation, await query.form_of(call))
        return await platform.moto(call)

    return Service("iam", platform, simulation.OPERATIONS, fallback=records, run=platform.moto.run_async, invalid=None, stages=stages)


def _check(operation: str, form: query.Form) -> None:
    """Refuses what moto would accept, or drop, without a word."""
    if operation in ("CreateRole", "UpdateAssumeRolePolicy"):
        document = form.get("AssumeRolePolicyDocument", form.get("PolicyDocument", ""))
        try:
            trust = policy.parse(form.get("RoleName", ""), document)
        except PolicyError as error:
            raise AwsError("MalformedPolicyDocument", str(error)) from None
        if any(statement.principals is None for statement in trust.statements):
            raise AwsError("MalformedPolicyDocument", "AssumeRole policy must contain a Principal")
    if operation == "CreateUser" and "PermissionsBoundary" in form:
        raise not_supported("iam", "CreateUser with PermissionsBoundary")
