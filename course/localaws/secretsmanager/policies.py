"""Resource policies of secrets: what one must be, and whether it is public.

Source: "Resource-based policies" of the user guide; texts of errors from public reports of Secrets Manager's errors.
"""

from __future__ import annotations

from functools import lru_cache

from course.localaws.core.errors import AwsError
from course.localaws.iam import policy
from course.localaws.iam.policy import Policy, PolicyError
from course.localaws.iam.resource_policies import Exists, names_known_principals
from course.localaws.s3.bucket_policies import is_public

LARGEST = 20_480  # characters


def checked(text: str, exists: Exists) -> Policy:
    """The policy of a document. ``exists`` returns whether there is a user or role of an ARN.

    Raises
    ------
    AwsError
        ``MalformedPolicyDocumentException``, ``InvalidParameterException``.
    """
    if len(text) > LARGEST:
        raise AwsError("InvalidParameterException", f"The resource policy is longer than {LARGEST} characters.")
    try:
        found = policy.parse("the resource policy", text)
    except PolicyError as error:
        raise _malformed(f"This resource policy contains a syntax error: {error}") from None
    for statement in found.statements:
        if statement.principals is None or not statement.resources:
            raise _malformed(f"The statement {statement.sid or 'without a Sid'} needs a Principal and a Resource.")
        if not all(action == "*" or action.lower().startswith("secretsmanager:") for action in statement.actions):
            raise _malformed("This resource policy contains an unsupported action.")
        if not names_known_principals(statement, exists):
            raise _malformed("This resource policy contains an unsupported principal.")
    return found


def check_public(found: Policy) -> None:
    """Raises AwsError ``PublicPolicyException`` for a policy that gives everybody something."""
    if is_public(found):
        raise AwsError("PublicPolicyException", "You can't attach this resource policy because it grants broad access to the secret.")


@lru_cache(maxsize=1024)
def about(text: str, action: str) -> Policy | None:
    """The statements of a stored policy about an action."""
    [found] = policy.about([policy.parse("the resource policy", text)], action) or [None]
    return found


def _malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicyDocumentException", message)
