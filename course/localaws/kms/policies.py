"""The policy of a key: its default, what a key policy must be, and the statements that its grants add.

A grant is evaluated as a statement of the key policy that allows its grantee the operations under the constraints. AWS evaluates grants
beside the policy, with the same result: an explicit deny of a policy overrides a grant. Source: "Key policies in AWS KMS" and "Grants in
AWS KMS" of the developer guide.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache

from course.localaws.core.call import root
from course.localaws.core.errors import AwsError
from course.localaws.iam import policy
from course.localaws.iam import policy_conditions as conditions
from course.localaws.iam.policy import Policy, PolicyError, PolicyStatement
from course.localaws.iam.policy_conditions import Condition
from course.localaws.iam.resource_policies import Exists, names_known_principals
from course.localaws.kms.store import Key

LARGEST = 32 * 1024  # bytes
KEYS = "kms:EncryptionContextKeys"
_UNCONSTRAINED = ("DescribeKey", "RetireGrant")  # a grant's constraints do not apply to them: they have no encryption context


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


def checked(text: str, exists: Exists) -> str:
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
        if not names_known_principals(statement, exists):
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
    found += [_parsed(grant) for grant in json.loads(grants)]
    return Policy("the key policy", tuple(statement for each in policy.about(found, action) for statement in each.statements))


def _parsed(grant: dict) -> Policy:
    """A grant as a policy. The retiring principal may always retire it, the grantee if RetireGrant is among the operations."""
    operations, constraints = grant["Operations"], _conditions(grant.get("Constraints", {}))
    constrained = _allowing(_principal(grant), [each for each in operations if each not in _UNCONSTRAINED])
    others = _allowing(_principal(grant), [each for each in operations if each in _UNCONSTRAINED])
    retiring = _allowing({"AWS": grant["RetiringPrincipal"]}, ["RetireGrant"]) if "RetiringPrincipal" in grant else ()
    return Policy("a grant", (*(replace(each, conditions=constraints) for each in constrained), *others, *retiring))


def _allowing(principal: dict, operations: list[str]) -> tuple[PolicyStatement, ...]:
    """A statement for some operations; none without operations. In the version of 2008 a value has no variables."""
    if not operations:
        return ()
    actions = [f"kms:{operation}" for operation in operations]
    statement = {"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"}
    return policy.parse("a grant", {"Version": "2008-10-17", "Statement": statement}).statements


def _principal(grant: dict) -> dict:
    if "GranteeServicePrincipal" in grant:
        return {"Service": grant["GranteeServicePrincipal"]}
    return {"AWS": grant["GranteePrincipal"]}


def _conditions(constraints: dict) -> tuple[Condition, ...]:
    """The encryption context that a grant requires: these pairs and perhaps others, or exactly these.

    The names in a context have a case here, as their values have. In a condition key alone they would have none.
    """
    pairs = constraints.get("EncryptionContextSubset") or constraints.get("EncryptionContextEquals") or {}
    only = {"ForAllValues:StringEquals": {KEYS: [*pairs]}} if constraints.get("EncryptionContextEquals") else {}
    required = [
        {"StringEquals": {f"kms:EncryptionContext:{name}": value}, "ForAnyValue:StringEquals": {KEYS: name}}
        for name, value in pairs.items()
    ]
    return tuple(condition for each in (*required, only) for condition in conditions.parse(each, variables=False))
