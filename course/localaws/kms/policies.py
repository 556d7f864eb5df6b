"""The policy of a key: its default, what a key policy must be, and the statements that its grants add.

A grant is evaluated as a statement of the key policy that allows its grantee the operations under the constraints. AWS evaluates grants
beside the policy, with the same result: an explicit deny of a policy overrides a grant. Source: "Key policies in AWS KMS" and "Grants in
AWS KMS" of the developer guide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache

from course.localaws.core.call import root
from course.localaws.core.errors import AwsError
from course.localaws.iam import policy
from course.localaws.iam.policy import Policy, PolicyError
from course.localaws.kms.store import Key

LARGEST = 32 * 1024  # bytes
_CHECKED = re.compile(r"arn:aws:iam::\d{12}:(user|role)/.+")  # principals that must exist


def default(account: str) -> str:
    """The policy of a key that was created without one: it leaves everything to the policies of IAM."""
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": root(account)},
        "Action": "kms:*",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]})


def checked(text: str, exists: Callable[[str], bool]) -> str:
    """The text, if it can be a key policy. ``exists`` returns whether there is a user or role of an ARN.

    Raises
    ------
    AwsError
        ``MalformedPolicyDocumentException``, ``LimitExceededException``.
    """
    if len(text.encode()) > LARGEST:
        raise AwsError("LimitExceededException", f"The key policy is larger than {LARGEST} bytes.")
    try:
        found = policy.parse("the key policy", text)
    except PolicyError as error:
        raise malformed(str(error)) from None
    for statement in found.statements:
        if statement.principals is None:
            raise malformed(f"The statement {statement.sid or 'without a Sid'} has no Principal.")
        if not statement.resources:
            raise malformed(f"The statement {statement.sid or 'without a Sid'} has no Resource.")
        for name in statement.principals.get("AWS", ()):
            if (_CHECKED.fullmatch(name) and not exists(name)) or (name != "*" and "*" in name):
                raise malformed("Policy contains a statement with one or more invalid principals.")
    return text


def malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicyDocumentException", message)


def effective(key: Key, action: str) -> Policy:
    """The statements of a key's policy and grants about an action."""
    return _about(key.policy, json.dumps(key.grants), action)


@lru_cache(maxsize=1024)
def _about(text: str, grants: str, action: str) -> Policy:
    found = [policy.parse("the key policy", text)]
    statements = [statement for grant in json.loads(grants) for statement in _statements(grant)]
    if statements:
        found.append(policy.parse("a grant", {"Version": "2012-10-17", "Statement": statements}))
    return Policy("the key policy", tuple(statement for each in policy.about(found, action) for statement in each.statements))


def _statements(grant: dict) -> list[dict]:
    allowed = {
        "Effect": "Allow",
        "Principal": _principal(grant),
        "Action": [f"kms:{operation}" for operation in grant["Operations"]],
        "Resource": "*",
    }
    retiring = [grant["RetiringPrincipal"]] if "RetiringPrincipal" in grant else []
    # The retiring principal may always retire the grant; the grantee may if RetireGrant is among the operations.
    retires = {"Effect": "Allow", "Principal": {"AWS": retiring}, "Action": "kms:RetireGrant", "Resource": "*"}
    return [allowed | _conditions(grant.get("Constraints", {})), *([retires] if retiring else [])]


def _principal(grant: dict) -> dict:
    if "GranteeServicePrincipal" in grant:
        return {"Service": grant["GranteeServicePrincipal"]}
    return {"AWS": grant["GranteePrincipal"]}


def _conditions(constraints: dict) -> dict:
    """The encryption context that a grant requires: these pairs and perhaps others, or exactly these."""
    pairs = constraints.get("EncryptionContextSubset") or constraints.get("EncryptionContextEquals") or {}
    if not pairs:
        return {}
    found: dict = {"StringEquals": {f"kms:EncryptionContext:{name}": value for name, value in pairs.items()}}
    if constraints.get("EncryptionContextEquals"):
        found["ForAllValues:StringEquals"] = {"kms:EncryptionContextKeys": [*pairs]}
    return {"Condition": found}
