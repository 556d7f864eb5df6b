"""Checks the policy that a bucket is given: that it can be one, and whether it is public.

Source: "Bucket policies for Amazon S3" and "The meaning of 'public'", S3 User Guide; messages from public reports of S3's errors.
"""

from __future__ import annotations

import ipaddress

from course.localaws.core import json_text
from course.localaws.core.errors import AwsError
from course.localaws.iam import policy, policy_patterns
from course.localaws.iam.policy import Policy, PolicyError, PolicyStatement
from course.localaws.iam.policy_conditions import Condition
from course.localaws.s3.buckets import ARN

LARGEST = 20 * 1024  # bytes
# A statement for everybody is not public if one of these keys (in lower case) must have a fixed value.
_FIXING = frozenset(
    {
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
)
_COMPARING = frozenset({"StringEquals", "StringLike", "StringEqualsIgnoreCase", "ArnEquals", "ArnLike", "IpAddress"})
_WIDEST = {4: 8, 6: 32}  # IP version -> the shortest prefix of a range that still fixes the source


def parsed(bucket: str, text: str) -> Policy:
    """The policy of a document for a bucket.

    Raises
    ------
    AwsError
        ``MalformedPolicy``, ``EntityTooLarge``.
    """
    if len(text.encode()) > LARGEST:
        raise AwsError("EntityTooLarge", f"The bucket policy is larger than {LARGEST} bytes.")
    try:
        document = json_text.load(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise _malformed("Policies must be valid JSON and the first byte must be '{'")
    if "Statement" not in document:
        raise _malformed("Missing required field Statement")
    try:
        found = policy.parse("the bucket policy", text)
    except PolicyError as error:
        raise _malformed(str(error)) from None
    for statement in found.statements:
        _check(bucket, statement)
    return found


def _check(bucket: str, statement: PolicyStatement) -> None:
    if statement.principals is None:
        raise _malformed("Missing required field Principal")
    if not statement.resources:
        raise _malformed("Missing required field Resource")
    if not all(action == "*" or action.lower().startswith("s3:") for action in statement.actions):
        raise _malformed("Policy has invalid action")
    if not all(_is_of(bucket, resource) for resource in statement.resources):
        raise _malformed("Policy has invalid resource")
    if any("*" in name and name != "*" for names in statement.principals.values() for name in names):
        raise _malformed("Invalid principal in policy")


def _is_of(bucket: str, resource: str) -> bool:
    """Whether a resource of a policy is the bucket, or objects of it. A wildcard may stand for a part of the bucket's name."""
    if resource == "*":
        return True
    if not resource.startswith(ARN):
        return False
    name = resource.removeprefix(ARN).partition("/")[0]
    return policy_patterns.resource_matches(policy_patterns.plain(name), bucket)


def _malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicy", message)


def is_public(found: Policy) -> bool:
    """Whether a policy allows everybody something without a condition that fixes who they are or where they come from."""
    return any(statement.allows and _names_everybody(statement) and not _is_fixed(statement) for statement in found.statements)


def _names_everybody(statement: PolicyStatement) -> bool:
    return statement.not_principals or any("*" in names for names in (statement.principals or {}).values())


def _is_fixed(statement: PolicyStatement) -> bool:
    return any(_fixes(condition) for condition in statement.conditions)


def _fixes(condition: Condition) -> bool:
    key = condition.key.lower()
    if key not in _FIXING or condition.operator not in _COMPARING or condition.if_exists or condition.quantifier == "ForAllValues":
        return False
    if condition.operator == "IpAddress":
        return all(map(_is_narrow, condition.values))
    return not any("*" in value or "?" in value or "${" in value for value in condition.values)


def _is_narrow(address: str) -> bool:
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= _WIDEST[network.version]
