"""Identity: access keys, their principals, and the principals' policies."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

from course.localaws.core import credentials
from course.localaws.core.call import NetworkPath, Principal, RoleSession, VpcNetwork
from course.localaws.core.clock import Clock
from course.localaws.core.credentials import Credential
from course.localaws.core.database import Database
from course.localaws.core.errors import AwsError
from course.localaws.iam import policy
from course.localaws.iam.authorization import CallerAuthorizer, ConditionKeys, PermissionOfService, RequiredPermission, through
from course.localaws.iam.callers import Caller
from course.localaws.iam.policy import AuthorizationRequest, Policy, PolicyError, PolicyStatement
from course.localaws.iam.principals import Entity, Principals
from course.localaws.moto.records import MotoRecords

SCHEMA = """
CREATE TABLE IF NOT EXISTS credentials (
    access_key TEXT PRIMARY KEY,
    secret TEXT NOT NULL,
    token TEXT NOT NULL,
    arn TEXT NOT NULL,
    expires REAL
)
"""
# Later columns: the JSON of a `RoleSession` and of a `VpcNetwork`, empty for none, when the keys were made, and whether they belong to a
# program on AWS.
_ADDED = {
    "session": "TEXT NOT NULL DEFAULT ''",
    "network": "TEXT NOT NULL DEFAULT ''",
    "issued": "REAL",
    "inside": "INTEGER NOT NULL DEFAULT 0",
}
EXPIRED_KEPT = 24 * 3600.0  # seconds for which an expired key still answers "ExpiredToken" rather than "invalid"


class Identity:
    """Keys, principals and the evaluation of their policies.

    Keys come from four places: the learner's own key pair (``keys.json``), sessions from STS and sessions of jobs (both in
    ``identity.db``), and access keys of IAM users, which moto keeps.

    Parameters
    ----------
    state : Path
    account : str
    clock : Clock

    Attributes
    ----------
    moto : MotoRecords
        Set by the mount when it is made.
    callers : CallerAuthorizer
        Checks callers' policies before an operation runs.
    services : dict
        Prefix of actions, e.g. ``"s3"`` -> makes the `RequiredPermission` of an action, a resource and condition keys, with the resource's
        policy. A service whose resources have policies adds itself.
    """

    moto: MotoRecords

    def __init__(self, state: Path, account: str, clock: Clock) -> None:
        self.account = account
        self._clock = clock
        self._database = Database(state / "identity.db", SCHEMA)
        self._database.add_columns("credentials", _ADDED)
        self._learner = credentials.issued(state, account)
        self._known = {credential.principal.access_key: credential for credential in (self._learner, *self._sessions())}
        self.callers = CallerAuthorizer(self)
        self.services: dict[str, PermissionOfService] = {}

    def now(self) -> float:
        """Unix seconds on the clock of the local AWS."""
        return self._clock.now()

    # Keys

    def issue(
        self,
        role: str,
        session_name: str = "SageMaker",
        seconds: float | None = None,
        settings: RoleSession | None = None,
        network: VpcNetwork | None = None,
        inside: bool = False,
    ) -> Credential:
        """Create temporary keys for a session of a role.

        Parameters
        ----------
        role : str
            Name or ARN.
        session_name : str
        seconds : float, optional
            Lifetime of the keys. Without it they never expire, for work without a time limit.
        settings : RoleSession, optional
        network : VpcNetwork, optional
            The VPC in which the keys are used.
        inside : bool
            Whether they belong to a program that runs on AWS; see `Principal`.
        """
        return self.issue_as(self.session(role, session_name), seconds, settings, network, inside)

    def session(self, role: str, session_name: str = "SageMaker") -> str:
        """Returns the ARN of a role's session. ``role`` is a name or an ARN."""
        return f"arn:aws:sts::{self.account}:assumed-role/{role.rpartition('/')[2]}/{session_name}"

    def issue_unlimited(self, arn: str) -> Credential:
        """Create keys of a principal that no policy limits. They end with this process."""
        credential = credentials.new_credential(arn, self.account, unlimited=True, issued=self._clock.now())
        self._known[credential.principal.access_key] = credential
        return credential

    def issue_as(
        self,
        arn: str,
        seconds: float | None = None,
        settings: RoleSession | None = None,
        network: VpcNetwork | None = None,
        inside: bool = False,
    ) -> Credential:
        """Create temporary keys for any principal."""
        now = self._clock.now()
        expires = None if seconds is None else now + seconds
        about = {"session": settings, "network": network, "issued": now, "inside": inside}
        credential = credentials.new_credential(arn, self.account, expires=expires, **about)
        written = (json.dumps(asdict(each)) if each else "" for each in (settings, network))
        row = (credential.principal.access_key, credential.secret, credential.token, arn, expires, *written, now, inside)
        columns = "access_key, secret, token, arn, expires, session, network, issued, inside"
        with self._database.write() as connection:
            connection.execute(f"INSERT INTO credentials ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            connection.execute("DELETE FROM credentials WHERE expires < ?", (now - EXPIRED_KEPT,))
        self._known[credential.principal.access_key] = credential
        return credential

    def secret(self, access_key: str) -> Credential | None:
        """Returns the credential of an access key, or ``None``. A recently expired one is still found, so that the error can say so."""
        return self._known.get(access_key) or self._user_key(access_key)

    def _sessions(self) -> list[Credential]:
        rows = self._database.connection.execute(
            "SELECT access_key, secret, token, arn, expires, session, network, issued, inside FROM credentials"
        )
        return [
            Credential(
                secret,
                Principal(self.account, arn, key, _settings(written), False, _network(network), issued, bool(inside)),
                token,
                expires,
            )
            for key, secret, token, arn, expires, written, network, issued, inside in rows
        ]

    def _user_key(self, access_key: str) -> Credential | None:
        if not access_key.startswith("AKIA"):  # sessions' keys are all in `_known`; moto has none
            return None
        records = self.moto.iam()
        record = records.access_keys.get(access_key)
        user = next((user for user in list(records.users.values()) if record and user.name == record.user_name), None)
        if user is None or record.status != "Active":
            return None
        return Credential(record.secret_access_key, Principal(self.account, user.arn, access_key))

    # Principals and policies

    def trusts(self, role_arn: str, service: str, source: str | None = None) -> bool:
        """Whether a service may assume a role. Waits for moto's thread, so call it from another thread.

        Parameters
        ----------
        service : str
            The service principal, e.g. ``"events.amazonaws.com"``.
        source : str, optional
            ARN of the resource for which the service assumes the role: ``aws:SourceArn`` in the conditions of the trust policy. Without
            it the conditions are not evaluated.
        """
        keys = {} if source is None else {"aws:SourceArn": [source], "aws:SourceAccount": [self.account]}

        def decide() -> bool:
            try:
                role = Principals(self.moto.iam()).by_arn(role_arn)
                trust = policy.parse(f"trust policy of {role.name}", role.trust)
                trust = _without_conditions(trust) if source is None else trust
                request = AuthorizationRequest("sts:AssumeRole", role_arn, keys, {"Service": frozenset({service})})
                return role.kind == "role" and policy.evaluate(request, [trust]).allowed
            except (AwsError, PolicyError):
                return False

        return self.moto.run(decide)

    def exists(self, arn: str) -> bool:
        """Whether there is a user, group or role of this ARN. Waits for moto's thread, so call it from another thread."""

        def find() -> bool:
            try:
                return bool(Principals(self.moto.iam()).by_arn(arn))
            except AwsError:
                return False

        return self.moto.run(find)

    def refusal(self, role_arn: str, action: str, resource: str, keys: ConditionKeys | None = None, path: NetworkPath | None = None) -> str:
        """Returns why a service may not do something with the rights of a role, in AWS's words, or ``""`` if it may.

        Evaluates the role's policies and boundary, and the policy of the resource. Waits for moto's thread, so call it from another thread.

        Parameters
        ----------
        keys : dict, optional
            The condition keys of what the service does. A service of `services` adds its own.
        path : NetworkPath, optional
            How the service's request leaves the VPC of a job.
        """
        complete = self.services.get(action.partition(":")[0], RequiredPermission)
        region = resource.split(":")[3:4]
        demand = complete(action, resource, lambda: ({"aws:RequestedRegion": region} if any(region) else {}) | (keys or {}))
        return self.callers.refusal(Principal(self.account, self.session(role_arn), ""), through(demand, path))

    def allows(self, role_arn: str, action: str, resource: str, keys: ConditionKeys | None = None, path: NetworkPath | None = None) -> bool:
        """Whether a service may do something with the rights of a role, as `refusal`."""
        return not self.refusal(role_arn, action, resource, keys, path)

    def caller(self, principal: Principal) -> Caller:
        """Returns a principal with its policies as they are now. Call it in moto's thread."""
        principals = Principals(self.moto.iam())
        return Caller(principal, *self._entity(principal, principals), _session(principal, principals))

    def _entity(self, principal: Principal, principals: Principals) -> tuple[Entity | None, str]:
        """A principal's IAM entity and its user id, as ``GetCallerIdentity`` returns it.

        The entity is ``None`` for a federated user, for the account itself, and for a role or user that no longer exists.
        """
        kind, _, rest = principal.arn.rpartition(":")[2].partition("/")
        try:
            if kind == "assumed-role":
                name, _, session = rest.partition("/")
                role = principals.role(name)
                return role, f"{role.id}:{session}"
            if kind == "user":
                user = principals.user(rest.rpartition("/")[2])
                return user, user.id
        except AwsError:
            return None, principal.access_key
        return None, f"{self.account}:{rest}" if rest else self.account

    def bootstrap(self) -> None:
        """Create the roles of a new account: ``SageMakerRole``, the execution role of all lessons, and the learner's ``Administrator``."""
        for name, wanted in _roles().items():
            self._create_role(name, wanted)

    def complete_roles(self) -> None:
        """Add what an account of an earlier release lacks: a role, or inline policies of one. Call it in moto's thread."""
        there = {role.name: role for role in self.moto.iam().roles.values()}
        for name, wanted in _roles().items():
            if name not in there and name == credentials.ADMINISTRATOR:
                self._create_role(name, wanted)
            for policy_name in wanted["added_later"] if name in there else ():
                if policy_name not in there[name].policies:
                    self._put_policy(name, policy_name, wanted["inline"][policy_name])

    def _create_role(self, name: str, wanted: dict) -> None:
        def ask(action: str, **parameters: str) -> None:
            # An account gets each role once: one that a learner has deleted does not come back.
            seed = hashlib.sha256(f"{name} {action} {sorted(parameters.items())}".encode()).digest()
            self.moto.ask("iam", action, seed=seed, RoleName=name, **parameters)

        ask("CreateRole", AssumeRolePolicyDocument=json.dumps(wanted["trust"]))
        for arn in wanted["managed"]:
            ask("AttachRolePolicy", PolicyArn=arn)
        for policy_name, document in wanted["inline"].items():
            self._put_policy(name, policy_name, document)

    def _put_policy(self, role: str, name: str, document: dict) -> None:
        self.moto.ask("iam", "PutRolePolicy", RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))

    def forget(self) -> None:
        """Delete every key except the learner's."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM credentials")
        self._known = {self._learner.principal.access_key: self._learner}
        self.callers.forget()

    def close(self) -> None:
        self._database.close()


def _session(principal: Principal, principals: Principals) -> tuple[Policy, ...] | None:
    """A principal's session policies. A managed policy that was deleted allows nothing."""
    given = principal.session
    if given is None or not (given.policy or given.policy_arns):
        return None
    managed = []
    for arn in given.policy_arns:
        with contextlib.suppress(AwsError):
            managed.append(principals.managed(arn))
    return (*([policy.parse("the session policy", given.policy)] if given.policy else ()), *managed)


def _settings(written: str) -> RoleSession | None:
    """The settings in a row of the database."""
    if not written:
        return None
    found = json.loads(written)
    tags = tuple((key, value) for key, value in found["tags"])
    return RoleSession(found["policy"], tuple(found["policy_arns"]), tags, tuple(found["transitive_tags"]), found["source_identity"])


def _network(written: str) -> VpcNetwork | None:
    """The network in a row of the database."""
    if not written:
        return None
    found = json.loads(written)
    return VpcNetwork(found["region"], tuple(found["subnets"]), tuple(found["groups"]))


def _without_conditions(trust: Policy) -> Policy:
    """A trust policy for services, as if the conditions of Allow statements held, and those of Deny statements did not.

    An Allow statement counts only if its ``Principal`` is ``"*"`` or names services; ``{"AWS": "*"}`` does not.
    """

    def counts(statement: PolicyStatement) -> bool:
        if statement.allows:
            return "Service" in (statement.principals or ()) and not statement.not_principals
        return not statement.conditions

    return Policy(trust.source, tuple(replace(statement, conditions=()) for statement in trust.statements if counts(statement)))


def _roles() -> dict[str, dict]:
    return json.loads(Path(__file__).with_name("roles.json").read_text())
