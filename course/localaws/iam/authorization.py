"""Checks that the caller's identity policies and permissions boundary allow an operation, before it runs.

This is a stage of the dispatcher (`course.localaws.protocol.service`). `course.localaws.services` enables it for each service. Access to
a job's data is different: the job checks its own role.

Matches AWS: "Policy evaluation logic for requests within a single account" (IAM User Guide) within the limits of `policy`, and the error
messages in "Troubleshoot access denied error messages" there. Differs from AWS: an explicit deny by a managed policy names only the kind of
policy, not its ARN. A policy takes effect with the next call; on AWS this may take seconds.
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

MOST_KEPT = 1000  # callers; each session counts as a caller
# Global condition keys, in lower case, that are really absent from every call here: no call comes from another service, a VPC endpoint, an
# identity provider or an organization; no call has session tags or multi-factor authentication.
_ABSENT = re.compile(
    r"aws:(calledvia(first|last)?|federatedprovider|multifactorauth(age|present)|principalorg(id|paths)|principalservicename(slist)?"
    r"|principaltag/.*|referer|requesttag/.*|resourceorg(id|paths)|source(account|arn|identity|orgid|orgpaths|vpc|vpce)|tagkeys|username"
    r"|vpcsourceip)"
)


def absent(key: str) -> bool:
    """Returns whether a missing global condition key (in lower case) is really absent, rather than unknown here."""
    return _ABSENT.fullmatch(key) is not None


def request_keys(call: AwsRequest, entity: Entity | None, user_id: str, now: float) -> ConditionKeys:
    """Returns the global condition keys of a call: its caller, time and source.

    Parameters
    ----------
    entity : Entity or None
        The caller's IAM entity; ``None`` for the account itself and for a role or user that no longer exists.
    user_id : str
        The caller's user id, as ``GetCallerIdentity`` returns it.
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
        "aws:SecureTransport": ["true"],  # AWS's endpoints, which this one replaces, use TLS
        "aws:ViaAWSService": ["false"],
        "aws:PrincipalIsAWSService": ["false"],
    }


@dataclass(frozen=True, slots=True)
class RequiredPermission:
    """A permission that the caller needs: one action on one resource.

    Attributes
    ----------
    action : str
        ``"sagemaker:CreateTrainingJob"``.
    resource : str
        An ARN, or ``"*"`` for an action that has no resource.
    keys : callable
        Returns the condition keys of the request and its resource. Called only when a policy depends on them.
    absent : callable
        The same as in `policy.AuthorizationRequest`, for the service's own condition keys. This module handles the global ones.
    """

    action: str
    resource: str
    keys: Callable[[], ConditionKeys] = dict
    absent: Callable[[str], bool] = lambda key: False


class CallerDirectory(Protocol):
    """The part of `course.localaws.iam.identity.Identity` that this module needs."""

    moto: MotoRecords

    def now(self) -> float: ...

    def caller(self, principal: Principal) -> tuple[Entity | None, str]: ...


class CallerAuthorizer:
    """Authorizes calls. Keeps callers and their policies in memory until IAM changes.

    Calls of a known caller are authorized in the event loop, without waiting for moto's thread.

    Parameters
    ----------
    identity : CallerDirectory
    """

    def __init__(self, identity: CallerDirectory) -> None:
        self._identity = identity
        self._known: dict[str, _Caller] = {}

    async def require(self, call: AwsRequest, demands: Iterable[RequiredPermission], code: str, status: int) -> None:
        """Refuse a call unless its caller has every permission in ``demands``.

        Parameters
        ----------
        code, status
            Error code and HTTP status of a refusal in the protocol of the call.

        Raises
        ------
        AwsError
            A permission is missing, or a condition cannot be evaluated. Such a condition never counts as satisfied.
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
        """Discard all cached callers. Call it in moto's thread, where `_learn` runs too, so that no outdated caller stays cached."""
        self._known = {}

    def _learn(self, principal: Principal) -> _Caller:
        if len(self._known) >= MOST_KEPT:
            self._known = {}
        caller = self._known[principal.arn] = _Caller(principal, *self._identity.caller(principal))
        return caller


class _Caller:
    """A caller, and its policies for each action that it has requested."""

    def __init__(self, principal: Principal, entity: Entity | None, user_id: str) -> None:
        self._is_root = principal.arn == f"arn:aws:iam::{principal.account}:root"
        self._entity, self._user_id = entity, user_id
        self._policies: dict[str, _Policies] = {}

    def refused(self, demand: RequiredPermission, call: AwsRequest, now: Callable[[], float]) -> str:
        """Returns AWS's text for why the caller is not allowed, or ``""`` if it is. Raises PolicyError."""
        if self._is_root:  # outside an organization, no policy limits the root user
            return ""
        policies = self._policies.get(demand.action)
        if policies is None:
            policies = self._policies[demand.action] = _Policies(self._entity, demand.action)
        return policies.refused(demand, lambda: request_keys(call, self._entity, self._user_id, now()))


class _Policies:
    """A caller's policies and boundary, reduced to one action."""

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
            if not decision.missing:  # the statements on this resource need no condition keys
                return request, decision
        request = AuthorizationRequest(
            demand.action, demand.resource, general() | demand.keys(), absent=lambda key: absent(key) or demand.absent(key)
        )
        return request, policy.evaluate(request, self._identity, self._boundary)
