"""Operations on the resource policies of secrets."""

from __future__ import annotations

from dataclasses import replace

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError
from course.localaws.iam.policy import Policy
from course.localaws.secretsmanager import policies
from course.localaws.secretsmanager.operations.common import Operations, invalid_request, summary
from course.localaws.secretsmanager.store import Secret

_CHECKS = {"MalformedPolicyDocumentException": "Syntax", "PublicPolicyException": "PublicPolicy"}


class Policies(Operations):
    """The operations."""

    def operations(self) -> dict[str, Operation]:
        return {
            "DeleteResourcePolicy": self.delete,
            "GetResourcePolicy": self.get,
            "PutResourcePolicy": self.put,
            "ValidateResourcePolicy": self.validate,
        }

    def put(self, context: Context, params: dict) -> dict:
        text = params["ResourcePolicy"]
        found = policies.checked(text, context.platform.identity.exists)
        if params.get("BlockPublicPolicy"):
            policies.check_public(found)
        with self.store.changing():
            secret = self.secret(context, params)
            _check_lockout(context, secret, found)
            self.store.put(replace(secret, policy=text))
        return summary(secret)

    def get(self, context: Context, params: dict) -> dict:
        secret = self.secret(context, params, deleted=True)
        return summary(secret, **({"ResourcePolicy": secret.policy} if secret.policy else {}))

    def delete(self, context: Context, params: dict) -> dict:
        with self.store.changing():
            return summary(self.store.put(replace(self.secret(context, params), policy="")))

    def validate(self, context: Context, params: dict) -> dict:
        """AWS does not publish the names of its checks; these are ours."""
        if "SecretId" in params:
            self.secret(context, params)
        try:
            policies.check_public(policies.checked(params["ResourcePolicy"], context.platform.identity.exists))
        except AwsError as error:
            failed = {"CheckName": _CHECKS.get(error.code, "Size"), "ErrorMessage": error.message}
            return {"PolicyValidationPassed": False, "ValidationErrors": [failed]}
        return {"PolicyValidationPassed": True, "ValidationErrors": []}


def _check_lockout(context: Context, secret: Secret, found: Policy) -> None:
    """Raises AwsError ``InvalidRequestException`` for a policy under which the caller could not change it again."""
    identity = context.platform.identity
    demand = identity.services["secretsmanager"]("secretsmanager:PutResourcePolicy", secret.arn, dict)
    if context.principal and identity.callers.refusal(context.principal, replace(demand, resource_policy=found)):
        raise invalid_request("This resource policy will not allow you to manage this secret in the future.")
