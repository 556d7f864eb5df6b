"""Users, groups and roles, with the policies that apply to them and the condition keys that describe them.

moto keeps IAM's records. Only this module reads them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from course.localaws.core.errors import AwsError
from course.localaws.iam import policy
from course.localaws.iam.policy import Policy

_KINDS = ("role", "user", "group")


@dataclass(frozen=True, slots=True)
class Entity:
    """A user, group or role.

    Attributes
    ----------
    kind : str
        ``"user"``, ``"group"`` or ``"role"``.
    name, arn, id : str
    policies : tuple of Policy
        The inline and attached policies. A user's also include those of its groups.
    boundary : tuple of Policy or None
    context : dict
        Condition keys that describe the principal -> their values.
    trust : str
        The text of a role's trust policy, unchanged.
    session_seconds : int
        Maximum duration of a role's session, in seconds.
    """

    kind: str
    name: str
    arn: str
    id: str
    policies: tuple[Policy, ...]
    boundary: tuple[Policy, ...] | None
    context: dict[str, list[str]]
    trust: str = ""
    session_seconds: int = 3600


@dataclass(frozen=True, slots=True)
class EntityRecord:
    """What IAM keeps of a user, group, role, instance profile or managed policy, without its policies' content.

    Attributes
    ----------
    arn : str
    tags : dict
    boundary : str
        ARN of the permissions boundary; empty for none.
    """

    arn: str
    tags: dict[str, str]
    boundary: str


class Principals:
    """The users, groups and roles of the account.

    Parameters
    ----------
    records : object
        moto's ``IAMBackend``.
    """

    def __init__(self, records: Any) -> None:
        self._records = records

    def role(self, name: str) -> Entity:
        """Returns a role by name. Raises `AwsError` ``NoSuchEntity``."""
        role = _named(self._records.roles.values(), name, "role")
        context = {**_context(role, "AssumedRole"), **_tags(role.tags)}
        return Entity(
            "role",
            role.name,
            role.arn,
            role.id,
            self._policies("role", role),
            self._boundary(role.permissions_boundary_arn),
            context,
            role.assume_role_policy_document,
            int(role.max_session_duration or 3600),
        )

    def user(self, name: str) -> Entity:
        """Returns a user by name. Raises `AwsError` ``NoSuchEntity``."""
        user = _named(self._records.users.values(), name, "user")
        policies = list(self._policies("user", user))
        for group in list(self._records.groups.values()):
            if user in group.users:
                policies += self._policies("group", group)
        context = {**_context(user, "User"), "aws:username": [user.name], "aws:userid": [user.id], **_tags(user.tags)}
        return Entity("user", user.name, user.arn, user.id, tuple(policies), self._boundary(user.permissions_boundary_arn), context)

    def group(self, name: str) -> Entity:
        """Returns a group by name. Raises `AwsError` ``NoSuchEntity``."""
        group = _named(self._records.groups.values(), name, "group")
        return Entity("group", group.name, group.arn, group.id, self._policies("group", group), None, {})

    def by_arn(self, arn: str) -> Entity:
        """Returns a user, group or role by ARN.

        Raises
        ------
        AwsError
            ``InvalidInput`` for any other ARN, ``NoSuchEntity``.
        """
        fields = arn.split(":", 5)
        kind, _, path = fields[-1].partition("/")
        if len(fields) != 6 or fields[0] != "arn" or fields[2] != "iam" or kind not in _KINDS or not path:
            raise AwsError("InvalidInput", f"Invalid Entity Arn: {arn}. Give the ARN of an IAM user, group or role.")
        entity = getattr(self, kind)(path.rpartition("/")[2])
        if entity.arn != arn:
            raise _no_such(kind, path)
        return entity

    def record(self, kind: str, name: str) -> EntityRecord | None:
        """Returns the record of ``"user"``, ``"group"``, ``"role"``, ``"instance-profile"`` (by name) or ``"policy"`` (by ARN)."""
        records = self._records
        if kind == "policy":
            found = records.managed_policies.get(name)
        else:
            every = {"user": records.users, "group": records.groups, "role": records.roles, "instance-profile": records.instance_profiles}
            found = next((each for each in list(every[kind].values()) if each.name == name), None) if kind in every else None
        if found is None:
            return None
        tags = getattr(found, "tags", None) or ()
        named = {tag["Key"]: tag["Value"] for tag in (tags.values() if isinstance(tags, dict) else tags) if isinstance(tag, dict)}
        return EntityRecord(found.arn, named, getattr(found, "permissions_boundary_arn", None) or "")

    def owner(self, access_key: str) -> str:
        """Returns the name of the user whose access key it is; empty when there is none."""
        found = self._records.access_keys.get(access_key)
        return found.user_name if found else ""

    def managed(self, arn: str) -> Policy:
        """Returns the default version of a managed policy. Raises `AwsError` ``NoSuchEntity``."""
        record = self._records.managed_policies.get(arn)
        if record is None:
            raise AwsError("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", 404)
        return _default_version(record)

    def _policies(self, kind: str, record: Any) -> tuple[Policy, ...]:
        # SourcePolicyId of an inline policy in AWS's simulator.
        inline = [_parsed(f"{kind}_{record.name}_{name}", _text(document)) for name, document in list(record.policies.items())]
        return (*inline, *(_default_version(managed) for managed in list(record.managed_policies.values())))

    def _boundary(self, arn: str | None) -> tuple[Policy, ...] | None:
        return (self.managed(arn),) if arn else None


def _named(records: Iterable[Any], name: str, kind: str) -> Any:
    for record in list(records):
        if record.name == name:
            return record
    raise _no_such(kind, name)


def _no_such(kind: str, name: str) -> AwsError:
    return AwsError("NoSuchEntity", f"The {kind} with name {name} cannot be found.", 404)


def _default_version(record: Any) -> Policy:
    return _parsed(record.name, next(version.document for version in record.versions if version.is_default))


def _text(document: str) -> str:
    return document if document.lstrip().startswith("{") else unquote(document)


@lru_cache(maxsize=1024)
def _parsed(source: str, document: str) -> Policy:
    return policy.parse(source, document)


def _context(record: Any, kind: str) -> dict[str, list[str]]:
    account = record.arn.split(":")[4]
    return {"aws:PrincipalArn": [record.arn], "aws:PrincipalAccount": [account], "aws:PrincipalType": [kind]}


def _tags(tags: Iterable[dict[str, str]] | None) -> dict[str, list[str]]:
    return {f"aws:PrincipalTag/{tag['Key']}": [tag["Value"]] for tag in tags or ()}
