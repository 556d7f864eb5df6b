"""What a resource's policy lets a service of AWS do, such as CloudTrail or Budgets."""

from __future__ import annotations

from course.localaws.iam import policy
from course.localaws.iam.authorization import ConditionKeys
from course.localaws.iam.policy import AuthorizationRequest, Policy, PolicyError


def condition_keys(service: str, source: str, account: str, now: float) -> ConditionKeys:
    """The condition keys of a request that a service makes for a resource.

    Parameters
    ----------
    service : str
        ``"cloudtrail.amazonaws.com"``.
    source : str
        ARN of the resource: of a trail, or a budget.
    now : float
        Unix seconds.
    """
    return {
        "aws:SourceArn": [source],
        "aws:SourceAccount": [account],
        "aws:PrincipalIsAWSService": ["true"],
        "aws:PrincipalServiceName": [service],
        "aws:SecureTransport": ["true"],
        "aws:CurrentTime": [str(now)],
        "aws:EpochTime": [str(now)],
    }


def allows(found: Policy | None, service: str, action: str, resource: str, keys: ConditionKeys) -> bool:
    """Whether the policy of a resource lets a service do something. A resource without a policy lets no service do anything."""
    request = AuthorizationRequest(action, resource, keys, {"Service": frozenset({service})})
    try:
        return found is not None and policy.evaluate(request, [], resource_policy=found).allowed
    except PolicyError:
        return False
