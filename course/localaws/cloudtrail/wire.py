"""Reads the response of a call that moto served, or its error, from the HTTP message, by botocore's models.

This takes time, e.g. to load EC2's model, so it runs in the thread that writes the request log.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel
from botocore.parsers import create_parser
from starlette.responses import Response

from course.localaws.cloudtrail.event_types import has_response_elements
from course.localaws.core.call import AwsRequest
from course.localaws.iam.service_authorization import reference
from course.localaws.protocol.model import service_model

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the response of a call says.

    Attributes
    ----------
    operation : OperationModel or None
        ``None`` for an operation that botocore does not know.
    result : dict or None
        ``None`` for a read, for a stream and for an error.
    error, message : str
        Code and message of the error; empty if there was none.
    """

    operation: OperationModel | None
    result: dict | None = None
    error: str = ""
    message: str = ""


def outcome(call: AwsRequest, response: Response) -> Outcome:
    """Reads the response of a call."""
    operation, failed = _operation(call), response.status_code >= 400
    code = str(response.status_code) if failed else ""
    if operation is None:
        return Outcome(None, error=code)
    if not failed and (operation.has_streaming_output or not has_response_elements(call.service, call.operation)):
        return Outcome(operation)
    answer = _answer(operation, call, response)
    if not failed:
        return Outcome(operation, answer or None)
    error = answer.get("Error", {})
    return Outcome(operation, None, str(error.get("Code") or code), str(error.get("Message") or ""))


def _operation(call: AwsRequest) -> OperationModel | None:
    """The model of a call's operation, by signing name."""
    service, target = reference.services().get(call.service.lower()), call.headers.get("x-amz-target", "").rpartition(".")[0]
    for name in reference.in_order(service.models if service else (call.service,), call.service):
        try:
            model = service_model(name)
        except UnknownServiceError:
            continue
        if call.operation in model.operation_names and (not target or model.metadata.get("targetPrefix", target) == target):
            return model.operation_model(call.operation)
    return None


def _answer(operation: OperationModel, call: AwsRequest, response: Response) -> dict:
    """The response by botocore's own parser; empty if it does not fit the protocol."""
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
