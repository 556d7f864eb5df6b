"""Pages of log groups and streams, and their descriptions in responses."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import Callable

from course.localaws.context import Context
from course.localaws.core import json_text
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.logs.naming import LogArns
from course.localaws.logs.pages import EventCursor

PAGE = 50


def describe_log_groups(context: Context, params: dict) -> dict:
    names, store = LogArns.of(context), context.platform.logs
    prefix, pattern = params.get("logGroupNamePrefix", ""), params.get("logGroupNamePattern", "")
    if prefix and pattern:
        raise AwsError("InvalidParameterException", "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    wanted = {names.group_in(identifier) for identifier in params.get("logGroupIdentifiers", ())}
    chosen = [
        row
        for row in store.groups(names.region)
        if row["name"].startswith(prefix)
        and pattern in row["name"]
        and (not wanted or row["name"] in wanted)
        and params.get("logGroupClass", row["class"]) == row["class"]
    ]
    page, token = _page(chosen, lambda row: [row["name"]], params)
    return {"logGroups": [_group(names, row) for row in page], **token}


def list_log_groups(context: Context, params: dict) -> dict:
    names, store = LogArns.of(context), context.platform.logs
    if refused := sorted({"dataSources", "fieldIndexNames", "logGroupTags"} & params.keys()):
        raise not_supported("logs", f"ListLogGroups with {', '.join(refused)}")
    patterns = [re.compile(re.escape(one).replace(r"\^", "^")) for one in params.get("logGroupNamePattern", "").split("|")]
    chosen = [
        row
        for row in store.groups(names.region)
        if any(pattern.search(row["name"]) for pattern in patterns) and params.get("logGroupClass", row["class"]) == row["class"]
    ]
    page, token = _page(chosen, lambda row: [row["name"]], params)
    groups = [{"logGroupName": row["name"], "logGroupArn": names.group_arn(row["name"]), "logGroupClass": row["class"]} for row in page]
    return {"logGroups": groups, **token}


def describe_log_streams(context: Context, params: dict) -> dict:
    names, store = LogArns.of(context), context.platform.logs
    name = names.group_of(params)
    prefix, by_time = params.get("logStreamNamePrefix", ""), params.get("orderBy") == "LastEventTime"
    if prefix and by_time:
        raise AwsError("InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.")
    rows = store.streams(store.group(names.region, name)["id"], prefix)

    def key(row: sqlite3.Row) -> list:
        # A stream without events is sorted by its creation time.
        return [row["last_event"] if row["last_event"] is not None else row["created"], row["name"]] if by_time else [row["name"]]

    page, token = _page(rows, key, params, descending=params.get("descending", False))
    return {"logStreams": [_stream(names, name, row) for row in page], **token}


def filtered_event(stream: str, row: sqlite3.Row) -> dict:
    return {
        "logStreamName": stream,
        "timestamp": row["timestamp"],
        "message": row["message"],
        "ingestionTime": row["ingestion"],
        "eventId": EventCursor(row["timestamp"], row["id"]).text(),
    }


def _group(names: LogArns, row: sqlite3.Row) -> dict:
    arn = names.group_arn(row["name"])
    return {
        "logGroupName": row["name"],
        "creationTime": row["created"],
        "retentionInDays": row["retention"],
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "logGroupArn": arn,
        "storedBytes": row["stored"],
        "kmsKeyId": row["kms_key"],
        "logGroupClass": row["class"],
        "deletionProtectionEnabled": False,
    }


def _stream(names: LogArns, group: str, row: sqlite3.Row) -> dict:
    return {
        "logStreamName": row["name"],
        "creationTime": row["created"],
        "firstEventTimestamp": row["first_event"],
        "lastEventTimestamp": row["last_event"],
        "lastIngestionTime": row["last_ingestion"],
        "arn": names.stream_arn(group, row["name"]),
        "storedBytes": 0,  # as AWS reports for streams since 2019
    }


def _page(rows: list[sqlite3.Row], key: Callable[[sqlite3.Row], list], params: dict, descending: bool = False) -> tuple[list, dict]:
    """A page of rows in the order of their keys, after the key in the token, and the members with the next token."""
    ordered = sorted(rows, key=key, reverse=descending)
    if "nextToken" in params:
        last = _decode(params["nextToken"])
        try:
            ordered = [row for row in ordered if (key(row) < last if descending else key(row) > last)]
        except TypeError:  # a token from a list with another order
            raise _invalid_token() from None
    limit = params.get("limit", PAGE)
    page = ordered[:limit]
    return page, {"nextToken": _encode(key(page[-1]))} if len(ordered) > limit else {}


def _encode(key: list) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _decode(token: str) -> list:
    try:
        key = json_text.load(base64.urlsafe_b64decode(token))
        if isinstance(key, list):
            return key
    except ValueError:
        pass
    raise _invalid_token()


def _invalid_token() -> AwsError:
    return AwsError("InvalidParameterException", "The specified nextToken is invalid.")
