"""Lambda's errors. Each has a member ``Type``, as on AWS."""

from __future__ import annotations

from course.localaws.core.errors import AwsError


def invalid_value(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message, Type="User")


def not_found(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message, 404, Type="User")


def conflict(message: str) -> AwsError:
    return AwsError("ResourceConflictException", message, 409, Type="User")


def too_large(message: str) -> AwsError:
    return AwsError("RequestEntityTooLargeException", message, 413, Type="User")


def throttled() -> AwsError:
    reason = {"Type": "User", "Reason": "ConcurrentInvocationLimitExceeded"}
    return AwsError("TooManyRequestsException", "Rate Exceeded.", 429, **reason)


def wrong_revision() -> AwsError:
    message = "The Revision Id provided does not match the latest Revision Id."
    advice = "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
    return AwsError("PreconditionFailedException", f"{message} {advice}", 412, Type="User")
