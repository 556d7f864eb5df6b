"""The reasons why Athena fails or refuses a query: a code, a place in the text, and a sentence.

Source of codes and messages: Trino's ``StandardErrorCode`` (Athena engine version 3 is built on Trino), and "Troubleshoot issues in
Athena" of Athena's user guide.
"""

from __future__ import annotations

from course.localaws.core.errors import AwsError


class QueryFailure(Exception):
    """The query fails. The message is its ``StateChangeReason``."""


class SyntaxFailure(Exception):
    """The text is not a statement that Athena accepts. It is refused before a query starts."""


def invalid(message: str, **members: str) -> AwsError:
    """The error for an invalid request."""
    return AwsError("InvalidRequestException", message, **members)


def at(text: str, offset: int) -> str:
    """A place in a statement in Athena's form: ``line 1:8``."""
    line = text.count("\n", 0, offset) + 1
    return f"line {line}:{offset - text.rfind(chr(10), 0, offset)}"
