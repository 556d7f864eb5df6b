"""CloudTrail's records of API calls, and the rule for which of them are management events.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from course.localaws.core.call import AwsRequest

_DATA_EVENTS = re.compile(
    r"s3:(?!.*LockConfiguration).*(Object|Part|Multipart).*|monitoring:(PutMetricData|GetMetric.*)|logs:(PutLogEvents|GetLogEvents|FilterLogEvents)"
    r"|lambda:Invoke.*|sagemaker:(Invoke.*|(Batch)?GetRecord|PutRecord|BatchWriteRecord|UpdateRecord|DeleteRecord|ListRecords|Batch(Put|Get)Metrics)"
)
_READS = re.compile(r"(Describe|List|Get|Head|Lookup|Search|Simulate|Batch(Get|Describe)).*")


def is_data_event(service: str, operation: str) -> bool:
    """Whether an operation reads or writes data in a resource. The event history omits such a call, and EventBridge gets no event."""
    return _DATA_EVENTS.fullmatch(f"{service}:{operation}") is not None


def is_read(operation: str) -> bool:
    return _READS.fullmatch(operation) is not None


def is_delivered(call: AwsRequest) -> bool:
    """Whether EventBridge gets an event for a call. As on AWS by default: for management events that are not read-only."""
    return bool(call.operation) and not is_read(call.operation) and not is_data_event(call.service, call.operation)


def api_call_event(call: AwsRequest, error: str, now: float) -> dict:
    """The "AWS API Call via CloudTrail" event of a call, as an entry of PutEvents.

    Parameters
    ----------
    error : str
        AWS's error code, empty if the call succeeded.
    now : float
        Unix seconds.
    """
    detail = {
        "eventVersion": "1.11",
        "userIdentity": {"arn": call.principal.arn, "accountId": call.principal.account, "accessKeyId": call.principal.access_key},
        "eventTime": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": call.operation,
        "awsRegion": call.region,
        "requestParameters": call.parameters,
        "requestID": call.id,
        "eventID": call.id,
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": call.principal.account,
        **({"errorCode": error} if error else {}),
    }
    return {"Source": f"aws.{call.service}", "DetailType": "AWS API Call via CloudTrail", "Detail": json.dumps(detail), "Time": now}
