"""Cost Explorer's errors. ValidationException is not in its model, but real answers have it."""

from __future__ import annotations

from course.localaws.core.errors import AwsError


def invalid(message: str) -> AwsError:
    """The error for a wrong request."""
    return AwsError("ValidationException", message)
