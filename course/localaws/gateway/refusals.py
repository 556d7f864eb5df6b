"""The errors for requests that fail authentication. The words are data: `refusals.yaml`."""

from __future__ import annotations

from pathlib import Path

from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError


class RequestRefused(Exception):
    """A request that fails authentication.

    ``reason`` is one of the ``refusals`` in `refusals.yaml`; ``detail`` replaces ``{}`` in messages that have it.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".strip())
        self.reason = reason
        self.detail = detail


def refusal(refused: RequestRefused, protocol: str, service: str) -> AwsError:
    """AWS's error for a refused request, in the caller's protocol."""
    words = table(Path(__file__).with_suffix(".yaml"))["refusals"][refused.reason]
    code, message, status = words[_dialect(protocol, service)]
    return AwsError(code, message.format(refused.detail), status)


def _dialect(protocol: str, service: str) -> str:
    if protocol == "rest-xml":
        return "s3" if service.startswith("s3") and service != "s3control" else "query"
    return "json" if protocol == "smithy-rpc-v2-cbor" else protocol
