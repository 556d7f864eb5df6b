"""The caller of an operation: its IAM entity, its names in resource policies, and the policies that are its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from course.localaws.core.call import Principal, root
from course.localaws.iam import policy
from course.localaws.iam.policy import AuthorizationRequest, Decision, Policy
from course.localaws.iam.principals import Entity

_EVERYTHING = policy.parse("the account's root user", {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal with its policies, at one moment.

    Attributes
    ----------
    principal : Principal
    entity : Entity or None
        ``None`` for the account itself, and for a role or user that no longer exists.
    user_id : str
        As ``GetCallerIdentity`` returns it.
    session : tuple of Policy or None
        The session policies; ``None`` for a caller that has none.
    """

    principal: Principal
    entity: Entity | None
    user_id: str
    session: tuple[Policy, ...] | None = None

    def request(self, action: str, resource: str, keys: Mapping, absent: Callable[[str], bool] = lambda key: True) -> AuthorizationRequest:
        """The caller's request, with all names that a resource policy may have for it."""
        account = frozenset({self.principal.account, root(self.principal.account)})
        direct = frozenset({self.principal.arn}) - account
        names = account | direct | ({self.entity.arn} if self.entity else frozenset())
        return AuthorizationRequest(action, resource, keys, {"AWS": names}, direct, account, absent)

    def about(self, action: str) -> CallerPolicies:
        """The caller's policies, reduced to the statements that concern an action."""
        entity, session = self.entity, self.session
        own = (_EVERYTHING,) if self.principal.is_root else ()
        return CallerPolicies(
            policy.about(entity.policies, action) if entity else own,
            policy.about(entity.boundary, action) if entity and entity.boundary is not None else None,
            policy.about(session, action) if session is not None else None,
        )


@dataclass(frozen=True, slots=True)
class CallerPolicies:
    """A caller's own policies: its identity policies, its permissions boundary and its session policies."""

    identity: tuple[Policy, ...]
    boundary: tuple[Policy, ...] | None
    session: tuple[Policy, ...] | None

    @property
    def all(self) -> tuple[Policy, ...]:
        return (*self.identity, *(self.boundary or ()), *(self.session or ()))

    @property
    def allow_everything(self) -> bool:
        """Whether they allow their action on every resource, whatever the request is, as an administrator's do."""
        if self.boundary is not None or self.session is not None:
            return False
        statements = [statement for each in self.identity for statement in each.statements]
        return bool(statements) and all(statement.allows_all_resources for statement in statements)

    def evaluate(self, request: AuthorizationRequest, resource_policy: Policy | None = None, delegated: bool = False) -> Decision:
        """The decision about a request; `policy.evaluate` has the parameters. Raises PolicyError when a condition cannot be evaluated."""
        return policy.evaluate(request, self.identity, self.boundary, resource_policy, self.session, delegated)

    def reason(
        self, request: AuthorizationRequest, decision: Decision, resource_policy: Policy | None = None, delegated: bool = False
    ) -> str:
        """AWS's text for a decision that does not allow the request ("Troubleshoot access denied error messages", IAM User Guide)."""
        if decision.effect == "explicitDeny":
            return f"with an explicit deny in {self._denying(decision)}"
        kind = "identity-based policy"
        if policy.evaluate(request, self.identity, resource_policy=resource_policy, delegated=delegated).allowed:  # but for its limits
            kind = "permissions boundary" if decision.within_boundary is False else "session policy"
        elif delegated and policy.evaluate(request, self.identity).allowed:  # the resource's policy does not leave it to the account
            kind = "resource-based policy"
        return f"because no {kind} allows the {request.action} action"

    def _denying(self, decision: Decision) -> str:
        kinds = (
            ("an identity-based policy", self.identity),
            ("a permissions boundary", self.boundary or ()),
            ("a session policy", self.session or ()),
        )
        for kind, policies in kinds:
            if any(statement in each.statements for each in policies for statement in decision.matched):
                return kind
        return "a resource-based policy"
