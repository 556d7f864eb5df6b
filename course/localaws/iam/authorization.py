"""Checks before an operation that the caller's own identity policies and permissions boundary allow it.

A stage of the dispatcher (`course.localaws.protocol.service`) that `course.localaws.services` switches on for each service. A job's role
is checked by the job itself for its data.

Matches "Policy evaluation logic for requests within a single account" (IAM User Guide) with `policy`'s limits, and AWS's words, from
"Troubleshoot access denied error messages" there. Does not match: AWS names the managed policy that denies explicitly by its ARN, this
names only its kind; and a policy takes effect with the next call, where AWS may take seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from course.localaws.core.call import AwsRequest, Principal
from course.localaws.core.errors import AwsError
from course.localaws.iam import policy
from course.localaws.iam.policy import AuthorizationRequest, Decision, PolicyError
from course.localaws.iam.principals import Entity
from course.localaws.moto.records import MotoRecords

ConditionKeys = dict[str, Sequence[str]]  # condition key -> its values

MOST_KEPT = 1000  # callers; a session is a caller of its own
# Global condition keys, in lower case, that a call here truly does not have: it comes from no other service, no VPC endpoint, no identity
# provider, no organization, it has no session tags, and nobody types a one-time password.
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
        "aws:SecureTransport": ["true"],  # on AWS, whose endpoint this one replaces
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


class CallerDirectory(Protocol):
    """What is needed of `course.localaws.iam.identity.Identity`."""

    moto: MotoRecords

    def now(self) -> float: ...

    def caller(self, principal: Principal) -> tuple[Entity | None, str]: ...


class CallerAuthorizer:
    """Who callers are and what their policies say. Both are kept in memory until something changes in IAM.

    Calls of a known caller are decided in the event loop, without waiting for moto's thread.

    Parameters
    ----------
    identity : CallerDirectory
    """

    def __init__(self, identity: CallerDirectory) -> None:
        self._identity = identity
        self._known: dict[str, _Caller] = {}

    async def require(self, call: AwsRequest, demands: Iterable[RequiredPermission], code: str, status: int) -> None:
        """Refuse a call unless its caller is allowed all that is demanded.

        Parameters
        ----------
        code, status
            Error code and HTTP status of the refusal in the protocol of the call.

        Raises
        ------
        AwsError
            Also where a condition cannot be evaluated, which is never taken as satisfied.
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
                raise AwsError(code, message, status)

    def forget(self) -> None:
        """Ask IAM again. To be called in moto's thread, as is `_learn`, so that nothing outdated is kept."""
        self._known = {}

    def _learn(self, principal: Principal) -> _Caller:
        if len(self._known) >= MOST_KEPT:
            self._known = {}
        caller = self._known[principal.arn] = _Caller(principal, *self._identity.caller(principal))
        return caller


class _Caller:
    """A caller, and what its policies say about each action that it asked for."""

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
    """What a caller's policies and boundary say about one action."""

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
            if not decision.missing:  # no statement on this resource depends on anything but action and resource
                return request, decision
        request = AuthorizationRequest(
            demand.action, demand.resource, general() | demand.keys(), absent=lambda key: absent(key) or demand.absent(key)
        )
        return request, policy.evaluate(request, self._identity, self._boundary)
