"""Parses IAM policies and evaluates them for a request.

Source: "Policy evaluation logic for requests within a single account" and "Grammar of the IAM JSON policy language", IAM User
Guide. Evaluates identity policies, a permissions boundary, session policies and a resource policy of one account. `authorization` also
evaluates the policy of a VPC endpoint. There are no service control policies and resource control policies: the account of the local AWS
belongs to no organization.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from course.localaws.core import json_text
from course.localaws.iam import policy_conditions as conditions
from course.localaws.iam import policy_patterns as patterns
from course.localaws.iam.policy_conditions import Condition, PolicyError
from course.localaws.iam.policy_patterns import Context, Unresolved

Effect = Literal["allowed", "explicitDeny", "implicitDeny"]
Position = tuple[int, int]  # line and column, both from 1

_VERSIONS = ("2008-10-17", "2012-10-17")
_OUTER_ELEMENTS = frozenset({"Version", "Id", "Statement"})  # of a document; their case matters, as on AWS
_ELEMENTS = frozenset(
    {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"},
)
_PRINCIPAL_TYPES = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """One action on one resource by one caller, with its condition keys.

    Attributes
    ----------
    action : str
        ``"sagemaker:CreateTrainingJob"``.
    resource : str
        An ARN, or ``"*"``.
    context : mapping
        Condition keys, in any case, to their values.
    principals : mapping
        All names of the caller that a ``Principal`` element may contain: ``{"AWS": {session ARN, role ARN, root ARN, account}}``.
    direct : frozenset of str
        Those of the names that are the caller itself: the ARN of a user, or of a role's session. A resource policy that allows one of them
        needs no other policy's allow.
    account : frozenset of str
        Those of the names that are the whole account: its root ARN and its number. A resource policy that allows one of them leaves it to
        the caller's own policies.
    absent : callable, optional
        Returns whether a condition key (in lower case) that is missing from ``context`` is really absent from the request. If not,
        a condition on the key cannot be evaluated and raises PolicyError. By default every missing key counts as absent: in a
        simulation the caller gives the whole context.
    """

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)
    principals: Mapping[str, frozenset[str]] = field(default_factory=dict)
    direct: frozenset[str] = frozenset()
    account: frozenset[str] = frozenset()
    absent: Callable[[str], bool] = lambda key: True

    def __post_init__(self) -> None:
        object.__setattr__(self, "context", {key.lower(): tuple(values) for key, values in self.context.items()})


@dataclass(frozen=True, slots=True, eq=False)  # equal statements in two places remain two statements
class PolicyStatement:
    """One statement of a policy, with its position in the policy's text.

    ``start`` and ``end`` are the positions that ``SimulatePrincipalPolicy`` returns. ``start`` is right after the bracket or comma before
    the statement, or after the opening brace of a single statement that is not in a list. ``end`` is right after the closing brace.
    """

    allows: bool
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...]
    not_resources: bool
    principals: Mapping[str, frozenset[str]] | None
    not_principals: bool
    conditions: tuple[Condition, ...]
    variables: bool
    sid: str
    source: str
    start: Position
    end: Position

    @property
    def allows_all_resources(self) -> bool:
        """Whether it is an identity policy's allow on every resource, whatever the request is."""
        unlimited = self.principals is None and not self.conditions
        return self.allows and unlimited and self.resources == ("*",) and not self.not_resources


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed policy document; ``source`` names it in decisions (``SourcePolicyId``), ``text`` is what was parsed."""

    source: str
    statements: tuple[PolicyStatement, ...]
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of evaluating policies for a request.

    Attributes
    ----------
    action, resource : str
    effect : str
        ``"allowed"``, ``"explicitDeny"`` or ``"implicitDeny"``.
    matched : tuple of PolicyStatement
        The deciding statements: only the denying ones for an explicit deny, none for an implicit deny.
    missing : tuple of str
        Condition keys that statements on this action and resource use, but the request does not have.
    within_boundary, within_session : bool or None
        Whether the permissions boundary, or the session policies, allow the request; ``None`` without them.
    """

    action: str
    resource: str
    effect: Effect
    matched: tuple[PolicyStatement, ...]
    missing: tuple[str, ...]
    within_boundary: bool | None = None
    within_session: bool | None = None

    @property
    def allowed(self) -> bool:
        return self.effect == "allowed"


def evaluate(
    request: AuthorizationRequest,
    identity: Sequence[Policy],
    boundary: Sequence[Policy] | None = None,
    resource_policy: Policy | None = None,
    session: Sequence[Policy] | None = None,
    delegated: bool = False,
) -> Decision:
    """Evaluate a request within one account. An explicit deny always wins. Otherwise the request needs an allow.

    The allow of an identity policy counts only within the boundary and the session policies. The allow of a resource policy depends on whom
    it names: the user, the role's session itself or everybody needs nothing else; a role counts like an identity policy; the account leaves
    it to the identity policies.

    Parameters
    ----------
    delegated : bool
        Whether identity policies count only if the resource policy allows the account, as the policy of a KMS key must.

    Raises
    ------
    PolicyError
        A condition cannot be evaluated. Such a condition never counts as satisfied.
    """
    own = _Found.of(request, identity)
    given = _Found.of(request, [resource_policy] if resource_policy else (), bounded=boundary is not None)
    boundaries, sessions = (None if limit is None else _Found.of(request, limit) for limit in (boundary, session))
    found = [each for each in (own, given, boundaries, sessions) if each]
    denied = tuple(statement for each in found for statement in each.denying)
    missing = tuple(dict.fromkeys(key for each in found for key in each.missing))
    limits = tuple(None if each is None else bool(each.allowing) and not each.denying for each in (boundaries, sessions))
    if denied:
        return Decision(request.action, request.resource, "explicitDeny", denied, missing, *limits)
    leaves = not delegated or any(_names_account(statement, request) for statement in given.allowing)
    allowing = (*(own.allowing if leaves else ()), *(statement for statement in given.allowing if _grants(statement, request)))
    if any(_grants_directly(statement, request) for statement in given.allowing) or (allowing and False not in limits):
        return Decision(request.action, request.resource, "allowed", allowing, missing, *limits)
    return Decision(request.action, request.resource, "implicitDeny", (), missing, *limits)


def _grants(statement: PolicyStatement, request: AuthorizationRequest) -> bool:
    """Whether the allow of a resource policy, which applies to a request, suffices without an identity policy's: not if it only names
    the account."""
    if statement.not_principals:
        return True
    return any(
        "*" in names or (names & request.principals.get(kind, frozenset())) - request.account
        for kind, names in (statement.principals or {}).items()
    )


def _names_account(statement: PolicyStatement, request: AuthorizationRequest) -> bool:
    """Whether the allow of a resource policy, which applies to a request, names the whole account."""
    return not statement.not_principals and bool((statement.principals or {}).get("AWS", frozenset()) & request.account)


def _grants_directly(statement: PolicyStatement, request: AuthorizationRequest) -> bool:
    """Whether the allow of a resource policy, which applies to a request, names the user or the session itself, or everybody.

    Boundaries and session policies do not limit what ``"*"`` grants ("AWS JSON policy elements: Principal", IAM User Guide).
    """
    names = (statement.principals or {}).get("AWS", frozenset())
    return not statement.not_principals and bool(names & (request.direct | {"*"}))


def about(policies: Iterable[Policy], action: str) -> tuple[Policy, ...]:
    """Returns the policies without the statements that do not concern an action. The decision is the same, but faster."""
    named = [(policy, tuple(statement for statement in policy.statements if _names_action(statement, action))) for policy in policies]
    return tuple(Policy(policy.source, statements) for policy, statements in named if statements)


@dataclass(slots=True)
class _Found:
    allowing: tuple[PolicyStatement, ...]
    denying: tuple[PolicyStatement, ...]
    missing: list[str]

    @classmethod
    def of(cls, request: AuthorizationRequest, policies: Iterable[Policy], bounded: bool = False) -> _Found:
        missing: list[str] = []
        applying = [statement for policy in policies for statement in policy.statements if _applies(statement, request, missing, bounded)]
        allowing = tuple(statement for statement in applying if statement.allows)
        return cls(allowing, tuple(statement for statement in applying if not statement.allows), missing)


def _applies(statement: PolicyStatement, request: AuthorizationRequest, missing: list[str], bounded: bool) -> bool:
    if not _names_action(statement, request.action) or not _names_principal(statement, request, bounded):
        return False
    try:
        # Evaluate every condition, even after one has failed, to report all missing keys.
        return _names_resource(statement, request) and all(
            [_holds(condition, statement, request, missing) for condition in statement.conditions]
        )
    except Unresolved as unresolved:  # on AWS a statement does not apply when one of its variables has no value
        _must_know(unresolved.key, statement, request)
        missing.append(unresolved.key)
        return False


def _names_action(statement: PolicyStatement, action: str) -> bool:
    return any(patterns.action_matches(pattern, action) for pattern in statement.actions) != statement.not_actions


def _names_resource(statement: PolicyStatement, request: AuthorizationRequest) -> bool:
    if not statement.resources:  # a trust policy: its resource is its own role
        return True
    expand = (lambda pattern: patterns.expand(pattern, request.context)) if statement.variables else patterns.plain
    return any([patterns.resource_matches(expand(pattern), request.resource) for pattern in statement.resources]) != statement.not_resources


def _names_principal(statement: PolicyStatement, request: AuthorizationRequest, bounded: bool) -> bool:
    """``bounded`` says whether the caller has a permissions boundary."""
    if statement.principals is None:  # an identity policy: its principal is the entity it is attached to
        return True
    if statement.not_principals and not statement.allows:
        return bounded or not _excepts(statement.principals, request)
    named = any("*" in names or names & request.principals.get(kind, frozenset()) for kind, names in statement.principals.items())
    return named != statement.not_principals


def _excepts(principals: Mapping[str, frozenset[str]], request: AuthorizationRequest) -> bool:
    """Whether the ``NotPrincipal`` of a deny names the caller itself: its account or role alone is not enough.

    It never excepts a caller with a boundary ("AWS JSON policy elements: NotPrincipal" and "Permissions boundaries for IAM entities", IAM
    User Guide).
    """
    itself = {**request.principals, "AWS": request.direct or request.principals.get("AWS", frozenset())}
    return any("*" in names or names & itself.get(kind, frozenset()) for kind, names in principals.items())


def _holds(condition: Condition, statement: PolicyStatement, request: AuthorizationRequest, missing: list[str]) -> bool:
    if condition.key.lower() not in request.context:
        _must_know(condition.key, statement, request)
        missing.append(condition.key)
    try:
        return condition.holds(request.context)
    except PolicyError as error:
        raise PolicyError(f"{_where(statement)}: {error}") from None


def _must_know(key: str, statement: PolicyStatement, request: AuthorizationRequest) -> None:
    if key.lower() not in request.context and not request.absent(key.lower()):
        raise PolicyError(f"{_where(statement)}: the condition key {key} cannot be evaluated by the local AWS")


def _where(statement: PolicyStatement) -> str:
    return f"policy {statement.source}, statement {statement.sid or f'at line {statement.start[0]}'}"


# Parsing


def parse(source: str, document: str | dict) -> Policy:
    """Read a policy document.

    Parameters
    ----------
    source : str
        The policy's name in decisions and messages.
    document : str or dict
        The JSON text, to which positions of statements refer. A dict is treated as its compact JSON text.

    Raises
    ------
    PolicyError
        The document is not JSON, is not a policy, or contains an element or condition operator that IAM does not have.
    """
    text = document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))
    try:
        tree = json_text.load(text)
    except ValueError as error:
        raise PolicyError(f"policy {source}: not JSON: {error}") from None
    if not isinstance(tree, dict) or "Statement" not in tree:
        raise PolicyError(f"policy {source}: must be a map with a Statement")
    if unknown := set(tree) - _OUTER_ELEMENTS:
        raise PolicyError(f"policy {source}: unknown element {sorted(unknown)[0]}")
    version = tree.get("Version", "2008-10-17")
    if version not in _VERSIONS:
        raise PolicyError(f"policy {source}: Version must be one of {', '.join(_VERSIONS)}, not {version!r}")
    elements = tree["Statement"] if isinstance(tree["Statement"], list) else [tree["Statement"]]
    if not all(isinstance(element, dict) for element in elements):
        raise PolicyError(f"policy {source}: a Statement must be a map")
    spans = statement_spans(text)
    statements = tuple(_statement(source, element, version, *span) for element, span in zip(elements, spans, strict=True))
    return Policy(source, statements, text)


def _statement(source: str, element: dict, version: str, start: Position, end: Position) -> PolicyStatement:
    where = f"policy {source}, statement {element.get('Sid') or f'at line {start[0]}'}"
    if unknown := set(element) - _ELEMENTS:
        raise PolicyError(f"{where}: unknown element {sorted(unknown)[0]}")
    if element.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(f"{where}: Effect must be Allow or Deny")
    variables = version == "2012-10-17"
    try:
        return PolicyStatement(
            allows=element["Effect"] == "Allow",
            actions=_one_of(element, "Action", "NotAction"),
            not_actions="NotAction" in element,
            resources=_one_of(element, "Resource", "NotResource", optional="Principal" in element or "NotPrincipal" in element),
            not_resources="NotResource" in element,
            principals=_principals(element),
            not_principals="NotPrincipal" in element,
            conditions=conditions.parse(element.get("Condition", {}), variables),
            variables=variables,
            sid=element.get("Sid", ""),
            source=source,
            start=start,
            end=end,
        )
    except PolicyError as error:
        raise PolicyError(f"{where}: {error}") from None


def _one_of(element: dict, name: str, negated: str, optional: bool = False) -> tuple[str, ...]:
    if name in element and negated in element:
        raise PolicyError(f"has both {name} and {negated}")
    if name not in element and negated not in element:
        if optional:
            return ()
        raise PolicyError(f"has neither {name} nor {negated}")
    return _strings(element.get(name, element.get(negated)), name)


def _strings(value: object, name: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(each, str) for each in values):
        raise PolicyError(f"{name} must be a string or a list of strings")
    return tuple(values)


def _principals(element: dict) -> Mapping[str, frozenset[str]] | None:
    if "Principal" not in element and "NotPrincipal" not in element:
        return None
    value = element.get("Principal", element.get("NotPrincipal"))
    if value == "*":
        return dict.fromkeys(_PRINCIPAL_TYPES, frozenset({"*"}))
    if not isinstance(value, dict) or set(value) - _PRINCIPAL_TYPES:
        raise PolicyError(f"Principal must be '*' or a map of {', '.join(sorted(_PRINCIPAL_TYPES))}")
    return {kind: frozenset(_strings(names, f"Principal {kind}")) for kind, names in value.items()}


def statement_spans(text: str) -> list[tuple[Position, Position]]:
    """Returns begin and end of each statement in a policy's JSON text, in order."""
    decoder = json.JSONDecoder()
    cursor = _member(text, "Statement", decoder)
    if text[cursor] == "{":
        _, end = decoder.raw_decode(text, cursor)
        return [(_position(text, cursor + 1), _position(text, end))]
    spans = []
    while text[cursor] in "[,":
        opened = cursor + 1
        cursor = _skip(text, opened)
        if text[cursor] == "]":
            break
        _, end = decoder.raw_decode(text, cursor)
        spans.append((_position(text, opened), _position(text, end)))
        cursor = _skip(text, end)
    return spans


def _member(text: str, name: str, decoder: json.JSONDecoder) -> int:
    """Returns the index where a member's value begins in the outermost map. Of duplicates the last one counts, as in `json`."""
    cursor, found = text.index("{"), -1
    while text[cursor] in "{,":
        key, cursor = decoder.raw_decode(text, _skip(text, cursor + 1))
        cursor = _skip(text, _skip(text, cursor) + 1)
        found = cursor if key == name else found
        _, cursor = decoder.raw_decode(text, cursor)
        cursor = _skip(text, cursor)
    return found


def _skip(text: str, cursor: int) -> int:
    while text[cursor] in " \t\r\n":
        cursor += 1
    return cursor


def _position(text: str, index: int) -> Position:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
