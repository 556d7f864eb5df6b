"""CloudTrail's event history: ``LookupEvents`` over the request log. Trails and event data stores are moto's records.

As on AWS, it contains only management events of the last 90 days, newest first. Calls that read or write objects, metrics or log
lines, or invoke an endpoint, are data events and not included. Unlike on AWS, an event appears at once and not after some minutes, and
the history covers all regions.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime

from course.localaws.cloudtrail.records import is_data_event, is_read
from course.localaws.context import Context
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages, in_thread

HISTORY_SECONDS = 90 * 86_400
MOST_RESULTS = 50
_ATTRIBUTES = ("EventId", "EventName", "EventSource", "ReadOnly", "Username")


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``cloudtrail``."""
    operations = {"LookupEvents": lookup_events}
    return Service("cloudtrail", platform, operations, fallback=platform.moto, parse_all=True, run=in_thread, stages=stages)


def lookup_events(context: Context, params: dict) -> dict:
    log, now = context.platform.requests, context.platform.clock.now()
    wanted = _wanted(params)
    first = max(params.get("StartTime", 0.0), now - HISTORY_SECONDS)
    last = params.get("EndTime", now)
    if first > last:
        raise AwsError("InvalidTimeRangeException", "StartTime must not be later than EndTime.")
    most, found, before = params.get("MaxResults", MOST_RESULTS), [], _before(params.get("NextToken"))
    for row in log.newest(before):
        if row["time"] < first:
            break
        if row["time"] <= last and not is_data_event(row["service"], row["operation"]):
            event = _event(row)
            if all(event[name] == value for name, value in wanted.items()):
                found.append((row["id"], event))
        if len(found) > most:
            return {"Events": [event for _, event in found[:most]], "NextToken": str(found[most - 1][0])}
    return {"Events": [event for _, event in found]}


def _wanted(params: dict) -> dict[str, str]:
    if "EventCategory" in params:
        raise not_supported("cloudtrail", "LookupEvents of Insights events")
    attributes = params.get("LookupAttributes", [])
    if len(attributes) > 1:
        raise AwsError("InvalidLookupAttributesException", "You can specify only one lookup attribute.")
    for attribute in attributes:
        if attribute["AttributeKey"] not in _ATTRIBUTES:
            raise not_supported("cloudtrail", f"LookupEvents by {attribute['AttributeKey']}")
    return {attribute["AttributeKey"]: attribute["AttributeValue"] for attribute in attributes}


def _before(token: str | None) -> int | None:
    if token is not None and not re.fullmatch(r"[0-9]{1,18}", token):
        raise AwsError("InvalidNextTokenException", "The NextToken is not one that LookupEvents returned.")
    return None if token is None else int(token)


def _event(row: dict) -> dict:
    source, read_only = f"{row['service']}.amazonaws.com", "true" if is_read(row["operation"]) else "false"
    event_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{row['id']} {row['time']}"))
    record = {
        "eventID": event_id,
        "eventTime": datetime.fromtimestamp(row["time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": source,
        "eventName": row["operation"],
        "readOnly": read_only == "true",
        "userIdentity": {"arn": row["caller"]},
        **({"errorCode": row["error"]} if row["error"] else {}),
    }
    return {
        "EventId": event_id,
        "EventName": row["operation"],
        "ReadOnly": read_only,
        "EventTime": row["time"],
        "EventSource": source,
        "Username": row["caller"].rpartition("/")[2],
        "Resources": [],
        "CloudTrailEvent": json.dumps(record),
    }
