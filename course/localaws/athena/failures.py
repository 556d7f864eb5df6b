"""Why a query fails, or is refused, in Athena's words: a code, a place in the text, a sentence.

Codes and words: Trino's ``StandardErrorCode``, on which Athena engine version 3 is built, and "Troubleshoot issues in Athena" of Athena's
user guide.
"""

from __future__ import annotations

from course.localaws.core.errors import AwsError


class QueryFailure(Exception):
    """The query fails; the message is its ``StateChangeReason``."""


class SyntaxFailure(Exception):
    """The text is no statement that Athena takes; it is refused before it is a query."""


def invalid(message: str, **members: str) -> AwsError:
    """A request is refused."""
    return AwsError("InvalidRequestException", message, **members)


def at(text: str, offset: int) -> str:
    """A place in a statement as Athena tells it: ``line 1:8``."""
    line = text.count("\n", 0, offset) + 1
    return f"line {line}:{offset - text.rfind(chr(10), 0, offset)}"
