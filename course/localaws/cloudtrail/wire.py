"""Reads the response of a call that moto served, or its error, from the HTTP message, by botocore's models.

This takes time, e.g. to load EC2's model, so it runs in the thread that writes the request log.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from botocore.parsers import create_parser
from starlette.responses import Response

from course.localaws.cloudtrail.event_types import has_response_elements
from course.localaws.core.call import AwsRequest

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the response of a call says.

    Attributes
    ----------
    result : dict or None
        ``None`` for a read, for a stream, for an error, and for an operation that botocore does not know.
    error, message : str
        Code and message of the error; empty if there was none.
    """

    result: dict | None = None
    error: str = ""
    message: str = ""


def outcome(call: AwsRequest, response: Response) -> Outcome:
    """Reads the response of a call."""
    if response.status_code >= 400:
        error = _parsed(call, response).get("Error", {})
        return Outcome(None, str(error.get("Code") or response.status_code), str(error.get("Message") or ""))
    if call.model is None or call.model.has_streaming_output or not has_response_elements(call.service, call.operation):
        return Outcome()
    return Outcome(_parsed(call, response) or None)


def _parsed(call: AwsRequest, response: Response) -> dict:
    """The response by botocore's own parser; empty if it does not fit the protocol, or botocore does not know the operation."""
    operation = call.model
    if operation is None:
        return {}
    spoken = operation.service_model.metadata["protocol"]
    if "smithy-protocol" not in call.headers and spoken == "smithy-rpc-v2-cbor":
        spoken = "json" if "x-amz-target" in call.headers else "query"
    message = {"status_code": response.status_code, "headers": dict(response.headers), "body": bytes(response.body)}
    try:
        found = create_parser(spoken).parse(message, operation.output_shape)
    except Exception as error:
        logger.debug("the response of %s:%s was not read: %s", call.service, call.operation, error)
        return {}
    found.pop("ResponseMetadata", None)
    return found
