"""What the request log keeps of a call for CloudTrail's record: who called, with which program, the parameters and the response."""

from __future__ import annotations

import json
import logging
from concurrent.futures import Future

from botocore.model import OperationModel

from course.localaws.cloudtrail import elements, wire
from course.localaws.cloudtrail.event_types import TABLE, data_events, has_response_elements
from course.localaws.cloudtrail.user_identity import user_identity
from course.localaws.core.call import AwsRequest, Principal
from course.localaws.core.data_files import table
from course.localaws.iam.callers import Caller

Columns = dict[str, str | None]
NOBODY = "null"  # the identity of the grader. CloudTrail does not show its calls: they would tell a learner what is checked.

logger = logging.getLogger(__name__)


def is_recorded(wanted: set[str], call: AwsRequest) -> bool:
    """Whether the parameters and the response of a call are kept. Of data events, only those of the ``wanted`` types are."""
    kind = data_events(call.service, call.operation)
    return kind is None or kind.type in wanted


def keep_result(call: AwsRequest, operation: OperationModel, result: dict) -> None:
    """Store in a call what the request log keeps of its result: the response without secrets; of a read, the name of its resource."""
    if has_response_elements(call.service, operation.name):
        call.elements = elements.response_elements(operation, result)
    for member in table(TABLE)["resource_of_result"].get(call.service, ()):
        if not call.resource and isinstance(result.get(member), str):
            call.resource = result[member]


def columns(call: AwsRequest, message: str) -> Columns:
    """The columns of a call in the request log. Call it in the thread that writes the log: it may wait for moto's thread.

    Parameters
    ----------
    message : str
        Of the error, if the gateway answers one.
    """
    if call.principal.unlimited:
        return {"identity": NOBODY}
    found: Columns = {
        "identity": _identity(call.principal, call.caller),
        "agent": call.headers.get("user-agent", "")[: elements.LONGEST_MESSAGE],
        "parameters": elements.limited(call.parameters, "requestParameters"),
        "response": elements.limited(call.elements, "responseElements"),
        "message": message[: elements.LONGEST_MESSAGE],
    }
    return found | _of_answer(call) if call.answer else found


def service_columns(principal: Principal, caller: Caller | Future[Caller] | None, service: str) -> Columns:
    """The columns of a call that a service makes with the rights of a principal, e.g. Athena of its caller, or a job of its role.

    Parameters
    ----------
    service : str
        E.g. ``"athena.amazonaws.com"``.
    """
    return {"identity": _identity(principal, caller, invokedBy=service), "agent": service}


def _identity(principal: Principal, caller: Caller | Future[Caller] | None, **more: str) -> str | None:
    try:
        known = caller.result() if isinstance(caller, Future) else caller
    except Exception:  # moto did not start, or the policies of the caller cannot be read
        logger.debug("the caller %s is not known", principal.arn, exc_info=True)
        return None
    return json.dumps(user_identity(known, principal) | more, separators=(",", ":")) if known else None


def _of_answer(call: AwsRequest) -> Columns:
    """The columns that the response of moto gives."""
    read = wire.outcome(call, call.answer)
    if read.error:
        return {"error": read.error, "message": read.message[: elements.LONGEST_MESSAGE]}
    if read.result is None:
        return {}
    return {"response": elements.limited(elements.response_elements(call.model, read.result), "responseElements")}
