"""The settings of a role's session, from an AssumeRole request: session policies, session tags and source identity.

Source: AssumeRole in the STS API reference; "Passing session tags in AWS STS", "Monitor and control actions taken with assumed roles" and
"IAM and AWS STS quotas" in the IAM User Guide.
"""

from __future__ import annotations

import re

from course.localaws.core.call import RoleSession
from course.localaws.core.errors import AwsError, validation_error
from course.localaws.iam import policy
from course.localaws.iam.authorization import ConditionKeys
from course.localaws.iam.policy import PolicyError
from course.localaws.iam.principals import Principals

_MOST_POLICIES = 10  # managed ones
_MOST_CHARACTERS = 2048  # of all session policies together
_MOST_TAGS = 50
_TAG_KEY = re.compile(r"[\w\s.:/=+\-@]{1,128}")
_TAG_VALUE = re.compile(r"[\w\s.:/=+\-@]{0,256}")
_SOURCE = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


def session_of(parameters: dict, before: RoleSession | None, principals: Principals) -> RoleSession | None:
    """The settings of the new session; ``None`` when it has none.

    Parameters
    ----------
    before : RoleSession or None
        That of the caller, whose transitive tags and source identity stay.

    Raises
    ------
    AwsError
        ``MalformedPolicyDocument``, ``PackedPolicyTooLarge``, ``ValidationError``, ``InvalidParameterValue``, ``NoSuchEntity``,
        ``AccessDenied``.
    """
    before = before or RoleSession()
    arns = tuple(each["arn"] for each in parameters.get("PolicyArns", ()))
    found = RoleSession(
        parameters.get("Policy", ""),
        arns,
        *_tags(parameters, before),
        _source_identity(parameters.get("SourceIdentity", ""), before.source_identity),
    )
    _check_policies("Policy" in parameters, found, principals)
    return None if found == RoleSession() else found


def packed_size(session: RoleSession) -> int:
    """The share of their limit, in percent, that policies and tags take: of the plain text, since AWS's packed format is not public."""
    tags = sum(len(key) + len(value) for key, value in session.tags)
    return min(100, max(1, 100 * (_characters(session) + tags) // _MOST_CHARACTERS))


def request_keys(parameters: dict, session: RoleSession | None) -> ConditionKeys:
    """The condition keys of STS of an AssumeRole request."""
    keys: ConditionKeys = {"sts:RoleSessionName": [parameters["RoleSessionName"]]}
    if "ExternalId" in parameters:
        keys["sts:ExternalId"] = [parameters["ExternalId"]]
    if session and session.source_identity:
        keys["sts:SourceIdentity"] = [session.source_identity]
    if session and session.tags:
        keys["aws:TagKeys"] = [key for key, _ in session.tags]
        keys |= {f"aws:RequestTag/{key}": [value] for key, value in session.tags}
    if session and session.transitive_tags:
        keys["sts:TransitiveTagKeys"] = [*session.transitive_tags]
    return keys


def actions_of(session: RoleSession | None) -> list[str]:
    """The actions that the role's trust policy must allow."""
    found = ["sts:AssumeRole"]
    if session and session.tags:  # also of a session that only keeps its caller's transitive tags
        found.append("sts:TagSession")
    if session and session.source_identity:
        found.append("sts:SetSourceIdentity")
    return found


def _tags(parameters: dict, before: RoleSession) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """All tags of the session, and the keys of the transitive ones."""
    given = [(tag["Key"], tag["Value"]) for tag in parameters.get("Tags", ())]
    transitive = parameters.get("TransitiveTagKeys", [])
    for key, value in given:
        if not _TAG_KEY.fullmatch(key) or not _TAG_VALUE.fullmatch(value) or key.lower().startswith("aws:"):
            raise validation_error(f"The tag {key!r} with the value {value[:60]!r} is no session tag.")
    inherited = {key.lower() for key in before.transitive_tags}  # the keys of tags have no case
    kept = {key: value for key, value in before.tags if key.lower() in inherited}
    names = [key.lower() for key, _ in given]
    if len(set(names)) < len(names):
        raise _invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if inherited & set(names):
        what = (
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."
        )
        raise _invalid(what)
    if not {key.lower() for key in transitive} <= set(names):
        raise _invalid("The specified transitive tag key must be included in the requested tags.")
    tags = kept | dict(given)
    if len(tags) > _MOST_TAGS:
        raise validation_error(f"A session takes at most {_MOST_TAGS} tags; this one has {len(tags)}.")
    return tuple(tags.items()), (*before.transitive_tags, *transitive)


def _source_identity(given: str, before: str) -> str:
    if given and not _SOURCE.fullmatch(given):
        raise validation_error(f"Value '{given}' at 'sourceIdentity' must be 2 to 64 characters of [A-Za-z0-9_+=,.@-]")
    if given and before and given != before:
        raise AwsError("AccessDenied", f"The source identity of the calling session is {before}, and it cannot be changed.", 403)
    return before or given


def _check_policies(has_inline: bool, session: RoleSession, principals: Principals) -> None:
    if len(session.policy_arns) > _MOST_POLICIES:
        raise validation_error(f"A session takes at most {_MOST_POLICIES} managed policies; PolicyArns has {len(session.policy_arns)}.")
    if _characters(session) > _MOST_CHARACTERS:
        packed = 100 * _characters(session) // _MOST_CHARACTERS
        raise AwsError("PackedPolicyTooLarge", f"Serialized token too large for session: {packed}% of the limit.")
    for arn in session.policy_arns:
        principals.managed(arn)
    if not has_inline:
        return
    try:
        statements = policy.parse("the session policy", session.policy).statements
    except PolicyError as error:
        raise AwsError("MalformedPolicyDocument", str(error)) from None
    if any(statement.principals is not None for statement in statements):
        raise AwsError("MalformedPolicyDocument", "Policy document should not specify a principal.")


def _characters(session: RoleSession) -> int:
    return len(session.policy) + sum(map(len, session.policy_arns))


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message)
