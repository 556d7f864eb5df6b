"""CloudTrail's records of API calls.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html. Differs from AWS: calls
come over loopback without TLS, so records have no ``tlsDetails`` and their address is 127.0.0.1; ``additionalEventData`` is absent.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from course.localaws.cloudtrail import event_types, resources, user_identity
from course.localaws.core.call import AwsRequest

VERSION = "1.11"
ADDRESS = "127.0.0.1"
FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def is_delivered(call: AwsRequest) -> bool:
    """Whether EventBridge gets an event for a call. As on AWS by default: for management events that are not read-only."""
    service, name = call.service, call.operation
    if not name or call.principal.unlimited:
        return False
    return not event_types.is_read_only(service, name) and not event_types.is_data_event(service, name)


def api_call_event(call: AwsRequest, account: str, identity: dict | None, error: str, message: str, now: float) -> dict:
    """The "AWS API Call via CloudTrail" event of a call, as an entry of PutEvents.

    Parameters
    ----------
    identity : dict or None
        ``userIdentity``; ``None`` if IAM has not looked up the caller yet.
    error, message : str
        AWS's error code and message, empty if the call succeeded.
    now : float
        Unix seconds.
    """
    row = {
        "time": now,
        "caller": call.principal.arn,
        "service": call.service,
        "operation": call.operation,
        "resource": call.resource,
        "error": error,
        "message": message,
        "region": call.region,
        "request_id": call.id,
        "agent": call.headers.get("user-agent", ""),
    }
    detail = record(row, account, identity, call.parameters, call.elements)
    return {"Source": f"aws.{call.service}", "DetailType": "AWS API Call via CloudTrail", "Detail": json.dumps(detail), "Time": now}


def event_id(row: dict) -> str:
    """The id of a call's event, which follows from the request's id, or, for a call made inside a job, from its row in the request log."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, row["request_id"] or f"{row['id']} {row['time']}"))


def of_row(row: dict, account: str) -> dict:
    """The record of a row of the request log."""
    identity, parameters, response = (_loaded(row[name]) for name in ("identity", "parameters", "response"))
    return record(row, account, identity, parameters_of(row, parameters), response)


def parameters_of(row: dict, parameters: dict | None) -> dict | None:
    """The parameters of a row. Those of a call on an object are at least bucket and key, which the log always has."""
    if parameters is None and row["service"] == "s3" and row["resource"] and event_types.is_data_event("s3", row["operation"]):
        bucket, _, key = row["resource"].partition("/")
        return {"bucketName": bucket, **({"key": key} if key else {})}
    return parameters


def record(row: dict, account: str, identity: dict | None, parameters: dict | None, response: dict | None) -> dict:
    """A record.

    Parameters
    ----------
    row : dict
        Columns of the request log.
    identity, parameters, response : dict or None
        ``userIdentity``, ``requestParameters`` and ``responseElements``.
    """
    service, operation = row["service"], row["operation"]
    region = region_of(row)
    identity = identity or user_identity.of_arn(row["caller"], account)
    by = identity.get("invokedBy")
    is_data = event_types.is_data_event(service, operation)
    found = resources.of_record(row, region, account, parameters, response)
    optional: dict[str, Any] = {"errorCode": row["error"], "errorMessage": row.get("message")}
    return {
        "eventVersion": VERSION,
        "userIdentity": identity,
        "eventTime": datetime.fromtimestamp(row["time"], UTC).strftime(FORMAT),
        "eventSource": event_types.event_source(service),
        "eventName": event_types.event_name(service, operation),
        "awsRegion": region,
        "sourceIPAddress": by or ADDRESS,
        "userAgent": by or row.get("agent") or "",
        **{name: value for name, value in optional.items() if value},
        "requestParameters": parameters or None,
        "responseElements": None if row["error"] else response,
        "requestID": row["request_id"],
        "eventID": event_id(row),
        "readOnly": event_types.is_read_only(service, operation),
        **({"resources": found} if found else {}),
        "eventType": "AwsApiCall",
        "managementEvent": not is_data,
        "recipientAccountId": account,
        "eventCategory": "Data" if is_data else "Management",
    }


def region_of(row: dict) -> str:
    """The region to which CloudTrail writes the event of a row. Rows without a region, of earlier releases, are in us-east-1."""
    return event_types.event_region(row["service"], row["region"] or event_types.GLOBAL_REGION)


def _loaded(text: str | None) -> Any:
    return json.loads(text) if text else None
