"""Checks that the caller's policies, and the policy of the resource, allow an operation, before it runs.

This is a stage of the dispatcher (`course.localaws.protocol.service`). `course.localaws.services` enables it for each service. Work that
a service does with the rights of a role, such as reading a job's data, asks by `course.localaws.iam.identity.Identity.refusal`.

Matches AWS: "Policy evaluation logic for requests within a single account" (IAM User Guide) within the limits of `policy`, and the error
messages in "Troubleshoot access denied error messages" there. Differs from AWS: an explicit deny by a managed policy names only the kind of
policy, not its ARN. A policy takes effect with the next call; on AWS this may take seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from course.localaws.core.call import AwsRequest, NetworkPath, Principal, RoleSession
from course.localaws.core.errors import AwsError
from course.localaws.iam import policy
from course.localaws.iam.callers import Caller, CallerPolicies
from course.localaws.iam.policy import AuthorizationRequest, Decision, Policy, PolicyError
from course.localaws.moto.records import MotoRecords

ConditionKeys = dict[str, Sequence[str]]  # condition key -> its values

NO_RESOURCE = ("*", "arn:aws:s3:::*")  # of actions that have none; S3's takes either in a policy
MOST_KEPT = 1000  # callers; each session counts as a caller
# Global condition keys, in lower case, that are really absent from a call that does not have them: no call comes from another service, an
# identity provider or an organization, or has multi-factor authentication. A call through a VPC endpoint gets its keys from `through`.
_ABSENT = re.compile(
    r"aws:(calledvia(first|last)?|federatedprovider|multifactorauth(age|present)|principalorg(id|paths)|principalservicename(slist)?"
    r"|principaltag/.*|referer|requesttag/.*|resourceorg(id|paths)|source(account|arn|identity|orgid|orgpaths|owner|vpc|vpce)|tagkeys|username"
    r"|vpcsourceip)"
)


def absent(key: str) -> bool:
    """Returns whether a missing global condition key (in lower case) is really absent, rather than unknown here."""
    return _ABSENT.fullmatch(key) is not None


def request_keys(call: AwsRequest, caller: Caller, now: float) -> ConditionKeys:
    """Returns the global condition keys of a call: its caller, time (``now``, in Unix seconds) and source."""
    address: ConditionKeys = {} if call.path and call.path.endpoint else {"aws:SourceIp": ["127.0.0.1"]}
    return service_keys(caller, now) | {"aws:RequestedRegion": [call.region]} | address


def service_keys(caller: Caller, now: float) -> ConditionKeys:
    """Returns the global condition keys of work that a service does with a role's rights. Its region and address are not known here."""
    principal = caller.principal
    unknown = {"aws:PrincipalArn": [principal.arn], "aws:PrincipalAccount": [principal.account]}
    return {
        **(caller.entity.context if caller.entity else unknown),
        **(_session_keys(principal.session) if principal.session else {}),
        "aws:userid": [caller.user_id],
        "aws:CurrentTime": [str(now)],
        "aws:EpochTime": [str(now)],
        "aws:SecureTransport": ["true"],  # AWS's endpoints, which this one replaces, use TLS
        "aws:ViaAWSService": ["false"],
        "aws:PrincipalIsAWSService": ["false"],
    }


def _session_keys(session: RoleSession) -> ConditionKeys:
    """The keys of a session's tags, which override those of its role, and of its source identity."""
    source: ConditionKeys = {"aws:SourceIdentity": [session.source_identity]} if session.source_identity else {}
    return source | {f"aws:PrincipalTag/{key}": [value] for key, value in session.tags}


@dataclass(frozen=True, slots=True)
class Words:
    """How a service words its refusals, where that differs from the usual.

    Attributes
    ----------
    code, status
        The error.
    action : str
        The form of the action: ``"SNS:{name}"`` with the name alone, ``"{lower}"`` with all in lower case, ``"{action}"`` with all.
    before : str
        What comes before the message.
    """

    code: str
    status: int
    action: str = "{action}"
    before: str = ""

    def of(self, action: str) -> str:
        """An action in the service's form."""
        return self.action.format(action=action, name=action.partition(":")[2], lower=action.lower())


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
    resource_policy : Policy or None
        The policy of the resource, e.g. of a bucket.
    binds_root : bool
        Whether an explicit deny in the resource policy also holds for the account's root user.
    quote : str
        What a message has before and after the resource: S3's have a quotation mark.
    separate : bool
        Whether the operation does the rest without this permission. The refusal is then in ``AwsRequest.refused``.
    delegated : bool
        Whether the caller's own policies count only if the resource policy allows the account, as the policy of a KMS key must. This binds
        the root user, too.
    endpoint_policy : Policy or None
        The policy of the VPC endpoint through which the request came, which must allow it, too.
    words : Words or None
        How the service words a refusal. By default, by the protocol of the call.
    """

    action: str
    resource: str
    keys: Callable[[], ConditionKeys] = dict
    absent: Callable[[str], bool] = lambda key: False
    resource_policy: Policy | None = None
    binds_root: bool = True
    quote: str = ""
    separate: bool = False
    delegated: bool = False
    endpoint_policy: Policy | None = None
    words: Words | None = None


# Action, resource and further condition keys -> the permission that a service needs to use a resource of another service for a caller.
PermissionOfService = Callable[[str, str, Callable[[], ConditionKeys]], RequiredPermission]


def through(demand: RequiredPermission, path: NetworkPath | None) -> RequiredPermission:
    """The permission for a request on a network path. Through a VPC endpoint, it gets the endpoint's condition keys and policy.

    A request through a VPC endpoint has no ``aws:SourceIp`` ("AWS global condition context keys", IAM User Guide).
    """
    if path is None or not path.endpoint:
        return demand
    found: ConditionKeys = {"aws:SourceVpc": [path.vpc], "aws:SourceVpce": [path.endpoint], "aws:VpcSourceIp": [path.address]}
    return replace(
        demand,
        keys=lambda: demand.keys() | found,
        absent=lambda key: key == "aws:sourceip" or demand.absent(key),
        endpoint_policy=_endpoint_policy(path.policy, demand.action),
    )


@lru_cache(maxsize=256)
def _endpoint_policy(text: str, action: str) -> Policy | None:
    """The statements of an endpoint's policy about an action. One that cannot be read allows nothing."""
    if not text:
        return None
    try:
        [found] = policy.about([policy.parse("the VPC endpoint policy", text)], action) or [Policy("the VPC endpoint policy", ())]
    except PolicyError:
        return Policy("the VPC endpoint policy", ())
    return found


class CallerDirectory(Protocol):
    """The part of `course.localaws.iam.identity.Identity` that this module needs."""

    moto: MotoRecords

    def now(self) -> float: ...

    def caller(self, principal: Principal) -> Caller: ...


class CallerAuthorizer:
    """Authorizes calls. Keeps callers and their policies in memory until IAM changes.

    Calls of a known caller are authorized in the event loop, without waiting for moto's thread.

    Parameters
    ----------
    identity : CallerDirectory
    """

    def __init__(self, identity: CallerDirectory) -> None:
        self._identity = identity
        self._known: dict[tuple[str, RoleSession | None], _KnownCaller] = {}

    async def require(self, call: AwsRequest, demands: Iterable[RequiredPermission], code: str, status: int) -> None:
        """Refuse a call unless its caller has every permission in ``demands`` that is not ``separate``.

        Parameters
        ----------
        code, status
            Error code and HTTP status of a refusal in the protocol of the call.

        Raises
        ------
        AwsError
            A permission is missing, or a condition cannot be evaluated. Such a condition never counts as satisfied.
        """
        if call.principal.unlimited:
            return
        for demand in (through(demand, call.path) for demand in demands):
            try:
                known = self._known.get(_key(call.principal)) or await self._identity.moto.run_async(lambda: self._learn(call.principal))
                reason = known.refused(demand, lambda caller: request_keys(call, caller, self._identity.now()))
            except PolicyError as error:
                reason = f"because {error}"
            if reason:
                where = "" if demand.resource in NO_RESOURCE else f" on resource: {demand.quote}{demand.resource}{demand.quote}"
                message = f"User: {call.principal.arn} is not authorized to perform: {demand.action}{where} {reason}"
                if demand.words:
                    message = demand.words.before + message.replace(demand.action, demand.words.of(demand.action))
                    code, status = demand.words.code, demand.words.status
                if not demand.separate:
                    raise AwsError(code, message, status)
                call.refused[demand.action, demand.resource] = message

    def refusal(self, principal: Principal, demand: RequiredPermission) -> str:
        """Returns AWS's text for why a service may not do something for a caller, or ``""`` if it may.

        Waits for moto's thread, so call it from another thread.
        """
        if principal.unlimited:
            return ""
        try:
            known = self._known.get(_key(principal)) or self._identity.moto.run(lambda: self._learn(principal))
            return known.refused(demand, lambda caller: service_keys(caller, self._identity.now()))
        except PolicyError as error:
            return f"because {error}"

    def caller(self, principal: Principal) -> Caller | Future[Caller] | None:
        """Returns a caller as it is now, without waiting: at once if it is known, else later, in moto's thread. ``None`` after the end."""
        if known := self._known.get(_key(principal)):
            return known.caller
        try:
            return self._identity.moto.submit(lambda: self._learn(principal).caller)
        except RuntimeError:
            return None

    def forget(self) -> None:
        """Discard all cached callers. Call it in moto's thread, where `_learn` runs too, so that no outdated caller stays cached."""
        self._known = {}

    def _learn(self, principal: Principal) -> _KnownCaller:
        if len(self._known) >= MOST_KEPT:
            self._known = {}
        known = self._known[_key(principal)] = _KnownCaller(self._identity.caller(principal))
        return known


def _key(principal: Principal) -> tuple[str, RoleSession | None]:
    """Two sessions of a role may have the same ARN and other session policies or tags."""
    return principal.arn, principal.session


class _KnownCaller:
    """A caller, and its policies for each action that it has requested."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self._policies: dict[str, CallerPolicies] = {}
        self._conditional: set[str] = set()  # actions whose decisions needed condition keys, and will most likely need them again

    def refused(self, demand: RequiredPermission, general: Callable[[Caller], ConditionKeys]) -> str:
        """Returns AWS's text for why the caller is not allowed, or ``""`` if it is. Raises PolicyError.

        ``general`` returns the global condition keys.
        """
        is_root = self.caller.principal.is_root  # outside an organization, only a resource's policy can limit the root user
        if is_root and (demand.resource_policy is None or not demand.binds_root):
            return ""
        if not is_root and self.caller.entity is None:  # its role or user was deleted
            return f"because no identity-based policy allows the {demand.action} action"
        policies = self._policies.get(demand.action)
        if policies is None:
            policies = self._policies[demand.action] = self.caller.about(demand.action)
            if _has_variables(policies.all):
                self._conditional.add(demand.action)
        if demand.resource_policy is demand.endpoint_policy is None and not demand.delegated and policies.allow_everything:
            return ""  # as for most calls, which are an administrator's
        request, decision = self._decided(policies, demand, general)
        if decision.allowed:
            return _refused_by_endpoint(request, demand) if demand.endpoint_policy else ""
        return policies.reason(request, decision, demand.resource_policy, demand.delegated)

    def _decided(
        self, policies: CallerPolicies, demand: RequiredPermission, general: Callable[[Caller], ConditionKeys]
    ) -> tuple[AuthorizationRequest, Decision]:
        needs_keys = demand.endpoint_policy or (demand.resource_policy and _has_variables((demand.resource_policy,)))
        if demand.action not in self._conditional and not needs_keys:
            request = self.caller.request(demand.action, demand.resource, {})
            decision = policies.evaluate(request, demand.resource_policy, demand.delegated)
            if not decision.missing:  # no statement on this resource has a condition
                return request, decision
            self._conditional.add(demand.action)
        keys = general(self.caller) | demand.keys()
        request = self.caller.request(demand.action, demand.resource, keys, lambda key: absent(key) or demand.absent(key))
        return request, policies.evaluate(request, demand.resource_policy, demand.delegated)


def _refused_by_endpoint(request: AuthorizationRequest, demand: RequiredPermission) -> str:
    """AWS's text for why the policy of a VPC endpoint does not allow a request, or ``""`` if it does. Raises PolicyError."""
    decision = policy.evaluate(request, [demand.endpoint_policy])
    if decision.effect == "explicitDeny":
        return "with an explicit deny in a VPC endpoint policy"
    return "" if decision.allowed else f"because no VPC endpoint policy allows the {demand.action} action"


def _has_variables(policies: Iterable[Policy]) -> bool:
    """Whether the resources of policies have variables, which can have a default and so are not among what is missing."""
    return any("${" in resource for each in policies for statement in each.statements for resource in statement.resources)
