"""CloudTrail's event history: ``LookupEvents`` over the request log.

As on AWS, it contains only management events of the last 90 days in the request's region, newest first; those of services without regions
are in us-east-1. Unlike on AWS, an event appears at once and not after some minutes, and lookups are not limited to two per second.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from course.localaws.cloudtrail import event_types, records, resources, user_identity
from course.localaws.cloudtrail.audit import NOBODY
from course.localaws.context import Context
from course.localaws.core.errors import AwsError

HISTORY_SECONDS = 90 * 86_400
MOST_RESULTS = 50
_OPERATION = re.compile(r"[A-Za-z]\w+")
Wanted = Callable[[dict], bool]


def lookup_events(context: Context, params: dict) -> dict:
    """LookupEvents. No account here has Insights, so there are no events of the category ``insight``."""
    if params.get("EventCategory", "insight") != "insight":
        raise AwsError("InvalidEventCategoryException", f"The event category {params['EventCategory']} is not valid.")
    now = context.platform.clock.now()
    first, last = max(params.get("StartTime", 0.0), now - HISTORY_SECONDS), params.get("EndTime", now)
    if params.get("StartTime", 0.0) > last:
        raise AwsError("InvalidTimeRangeException", "The start time that is specified must occur before the end time.")
    wanted, before = _wanted(params, context.account), _before(params.get("NextToken"))
    if "EventCategory" in params:
        return {"Events": []}
    most, found = params.get("MaxResults", MOST_RESULTS), []
    for row in _events(context, params, first, last, before):
        if wanted(row):
            found.append(row)
        if len(found) > most:
            return {"Events": [_event(each, context.account) for each in found[:most]], "NextToken": str(found[most - 1]["id"])}
    return {"Events": [_event(row, context.account) for row in found]}


def is_event(row: dict) -> bool:
    """Whether a row of the request log is a call that CloudTrail records. A request with a bad signature has no account, so no event."""
    return row["caller"] != "unknown" and row["identity"] != NOBODY and _OPERATION.fullmatch(row["operation"]) is not None


def _events(context: Context, params: dict, first: float, last: float, before: int | None) -> Iterator[dict]:
    condition, values = _condition(params)
    for row in context.platform.requests.newest(before, condition, values):
        if row["time"] < first:
            return
        if row["time"] <= last and records.region_of(row) == context.region and is_event(row):
            yield row


def _condition(params: dict) -> tuple[str, list[str]]:
    """A condition in SQL, and its values, with which the database finds the rows that may be wanted. `_wanted` then decides."""
    condition, values = event_types.management_condition()
    for attribute in params.get("LookupAttributes", []):
        key, value = attribute["AttributeKey"], attribute["AttributeValue"]
        if key in ("EventName", "EventSource"):
            column, named = ("operation", event_types.operations) if key == "EventName" else ("service", event_types.services)
            found = sorted(named(value))
            condition += f" AND {column} IN ({', '.join('?' * len(found))})"
            values = [*values, *found]
        elif key in ("Username", "AccessKeyId"):
            condition += " AND (identity IS NULL OR identity IN (SELECT id FROM texts WHERE instr(text, ?)))"
            values = [*values, json.dumps(value)[1:-1]]
        elif key == "ResourceName":
            condition += " AND (instr(parameters, ?) OR instr(response, ?) OR instr(resource, ?))"
            values = [*values, *[json.dumps(value)[1:-1]] * 3]
    return condition, values


def _wanted(params: dict, account: str) -> Wanted:
    """A function: whether a row has the attribute that a request looks up. Names are compared exactly, as on AWS."""
    attributes = params.get("LookupAttributes", [])
    if len(attributes) > 1:
        raise AwsError("InvalidLookupAttributesException", "You can specify only one lookup attribute.")
    if not attributes:
        return lambda row: True
    key, value = attributes[0]["AttributeKey"], attributes[0]["AttributeValue"]
    if key in ("ResourceType", "ResourceName"):
        return lambda row: any(each[key] == value for each in _resources(row))
    read = {
        "EventId": records.event_id,
        "EventName": lambda row: event_types.event_name(row["service"], row["operation"]),
        "EventSource": lambda row: event_types.event_source(row["service"]),
        "ReadOnly": _read_only,
        "Username": lambda row: _identity(row["identity"], row["caller"], account)[0],
        "AccessKeyId": lambda row: _identity(row["identity"], row["caller"], account)[1],
    }[key]
    return lambda row: read(row) == value


def _before(token: str | None) -> int | None:
    if token is not None and not re.fullmatch(r"[0-9]{1,18}", token):
        raise AwsError("InvalidNextTokenException", "The NextToken is not one that LookupEvents returned.")
    return None if token is None else int(token)


def _event(row: dict, account: str) -> dict:
    name, key = _identity(row["identity"], row["caller"], account)
    return {
        "EventId": records.event_id(row),
        "EventName": event_types.event_name(row["service"], row["operation"]),
        "ReadOnly": _read_only(row),
        **({"AccessKeyId": key} if key else {}),
        "EventTime": row["time"],
        "EventSource": event_types.event_source(row["service"]),
        "Username": name,
        "Resources": _resources(row),
        "CloudTrailEvent": json.dumps(records.of_row(row, account)),
    }


def _read_only(row: dict) -> str:
    return "true" if event_types.is_read_only(row["service"], row["operation"]) else "false"


def _resources(row: dict) -> list[dict]:
    parameters, response = (json.loads(row[name]) if row[name] else None for name in ("parameters", "response"))
    return resources.of_history(row["service"], row["resource"], parameters, response)


@lru_cache(maxsize=1000)
def _identity(document: str | None, caller: str, account: str) -> tuple[str, str]:
    """User name and access key of a caller."""
    identity = json.loads(document) if document else user_identity.of_arn(caller, account)
    return user_identity.user_name(identity), identity.get("accessKeyId", "")
