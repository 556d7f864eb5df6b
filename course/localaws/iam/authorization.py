"""Whether a caller may do what it asks for: its own identity policies and permissions boundary, asked before the operation is done.

Only the services of SageMaker ask so far. S3, IAM, Logs and all others do whatever is signed with a valid key; a job's role is asked for
its data by the job itself.

Matches "Policy evaluation logic for requests within a single account" (IAM User Guide) with `policy`'s limits, and AWS's words, from
"Troubleshoot access denied error messages" there. Does not match: AWS names the managed policy that denies explicitly by its ARN, here
only its kind is told; and a policy takes effect with the next call, where AWS may take seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course.localaws.core.call import AwsRequest, Principal
from course.localaws.core.errors import AwsError
from course.localaws.iam import policy
from course.localaws.iam.policy import AuthorizationRequest, Decision, PolicyError

if TYPE_CHECKING:
    from course.localaws.iam.identity import Identity
    from course.localaws.iam.principals import Entity

ConditionKeys = dict[str, Sequence[str]]  # condition key -> its values

MOST_KEPT = 1000  # callers; a session is a caller of its own
# Global condition keys, in lower case, whose absence from a call is a fact about it, not a gap of ours: it comes from no other service,
# no VPC endpoint, no identity provider, no organization, with no session tags, and nobody types a one-time password.
_ABSENT = re.compile(
    r"aws:(calledvia(first|last)?|federatedprovider|multifactorauth(age|present)|principalorg(id|paths)|principalservicename(slist)?"
    r"|principaltag/.*|referer|requesttag/.*|resourceorg(id|paths)|source(account|arn|identity|orgid|orgpaths|vpc|vpce)|tagkeys|username"
    r"|vpcsourceip)"
)


def absent(key: str) -> bool:
    """Whether a request that does not have a global condition key (in lower case) truly has none."""
    return _ABSENT.fullmatch(key) is not None


def request_keys(call: AwsRequest, entity: Entity | None, user_id: str, now: float) -> ConditionKeys:
    """The global condition keys of a call: who makes it, when and from where.

    Parameters
    ----------
    entity : Entity or None
        The caller as IAM knows it; ``None`` for the account itself, and for a role or user that was deleted since.
    user_id : str
        The caller's, as ``GetCallerIdentity`` answers it.
    now : float
        Unix seconds.
    """
    unknown = {"aws:PrincipalArn": [call.principal.arn], "aws:PrincipalAccount": [call.principal.account]}
    return {
        **(entity.context if entity else unknown),
        "aws:userid": [user_id],
        "aws:RequestedRegion": [call.region],
        "aws:CurrentTime": [str(now)],
        "aws:EpochTime": [str(now)],
        "aws:SourceIp": ["127.0.0.1"],
        "aws:SecureTransport": ["true"],  # of the endpoint of AWS that this one stands in for
        "aws:ViaAWSService": ["false"],
        "aws:PrincipalIsAWSService": ["false"],
    }


@dataclass(frozen=True, slots=True)
class RequiredPermission:
    """One action on one resource that a caller must be allowed.

    Attributes
    ----------
    action : str
        ``"sagemaker:CreateTrainingJob"``.
    resource : str
        An ARN, or ``"*"`` for an action that has no resource.
    keys : callable
        The condition keys of the request and its resource. Called only where a policy depends on them.
    absent : callable
        As of `policy.AuthorizationRequest`, for the service's own condition keys; the global ones are known here.
    """

    action: str
    resource: str
    keys: Callable[[], ConditionKeys] = dict
    absent: Callable[[str], bool] = lambda key: False


class CallerAuthorizer:
    """Who callers are and what their policies say. Both are kept in memory until something changes in IAM.

    A caller that is known is decided on in the event loop, without waiting for moto's thread.

    Parameters
    ----------
    identity : Identity
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._known: dict[str, _Caller] = {}

    async def require(self, call: AwsRequest, demands: Iterable[RequiredPermission], status: int = 400) -> None:
        """Refuse a call unless its caller is allowed all that is demanded.

        Parameters
        ----------
        status : int
            HTTP status of the refusal: 400 in the JSON protocol, 403 in the REST protocols.

        Raises
        ------
        AwsError
            ``AccessDeniedException``; also where a condition cannot be evaluated, which is never taken as satisfied.
        """
        for demand in demands:
            try:
                caller = self._known.get(call.principal.arn) or await self._identity.moto.run_async(lambda: self._learn(call.principal))
                reason = caller.refused(demand, call, self._identity.now)
            except PolicyError as error:
                reason = f"because {error}"
            if reason:
                where = "" if demand.resource == "*" else f" on resource: {demand.resource}"
                message = f"User: {call.principal.arn} is not authorized to perform: {demand.action}{where} {reason}"
                raise AwsError("AccessDeniedException", message, status)

    def forget(self) -> None:
        """Ask IAM again. To be called in moto's thread, as is `_learn`, so that nothing outdated is kept."""
        self._known = {}

    def _learn(self, principal: Principal) -> _Caller:
        if len(self._known) >= MOST_KEPT:
            self._known = {}
        caller = self._known[principal.arn] = _Caller(principal, *self._identity.caller(principal))
        return caller


class _Caller:
    """A caller, and of its policies what they say to each action that it asked for."""

    def __init__(self, principal: Principal, entity: Entity | None, user_id: str) -> None:
        self._is_root = principal.arn == f"arn:aws:iam::{principal.account}:root"
        self._entity, self._user_id = entity, user_id
        self._policies: dict[str, _Policies] = {}

    def refused(self, demand: RequiredPermission, call: AwsRequest, now: Callable[[], float]) -> str:
        """AWS's words for why the caller may not, or ``""`` if it may. Raises PolicyError."""
        if self._is_root:  # no policy limits the root user of an account that belongs to no organization
            return ""
        policies = self._policies.get(demand.action)
        if policies is None:
            policies = self._policies[demand.action] = _Policies(self._entity, demand.action)
        return policies.refused(demand, lambda: request_keys(call, self._entity, self._user_id, now()))


class _Policies:
    """What a caller's policies and boundary say to one action."""

    def __init__(self, entity: Entity | None, action: str) -> None:
        self._identity = policy.about(entity.policies, action) if entity else ()
        self._boundary = policy.about(entity.boundary, action) if entity and entity.boundary is not None else None
        statements = [statement for each in (*self._identity, *(self._boundary or ())) for statement in each.statements]
        self._variable = any("${" in resource for statement in statements for resource in statement.resources)

    def refused(self, demand: RequiredPermission, general: Callable[[], ConditionKeys]) -> str:
        request, decision = self._decided(demand, general)
        if decision.allowed:
            return ""
        if decision.effect == "explicitDeny":
            own = any(statement in each.statements for each in self._identity for statement in decision.matched)
            return f"with an explicit deny in {'an identity-based policy' if own else 'a permissions boundary'}"
        beyond = decision.within_boundary is False and policy.evaluate(request, self._identity).allowed
        return f"because no {'permissions boundary' if beyond else 'identity-based policy'} allows the {demand.action} action"

    def _decided(self, demand: RequiredPermission, general: Callable[[], ConditionKeys]) -> tuple[AuthorizationRequest, Decision]:
        if not self._variable:
            request = AuthorizationRequest(demand.action, demand.resource)
            decision = policy.evaluate(request, self._identity, self._boundary)
            if not decision.missing:  # no statement on this resource asks for more than action and resource
                return request, decision
        request = AuthorizationRequest(
            demand.action, demand.resource, general() | demand.keys(), absent=lambda key: absent(key) or demand.absent(key)
        )
        return request, policy.evaluate(request, self._identity, self._boundary)
