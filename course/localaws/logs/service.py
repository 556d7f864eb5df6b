"""CloudWatch Logs behind the gateway. Operations without a handler here (Insights, metric filters, deliveries, ...) are refused."""

from __future__ import annotations

import json

from anyio import to_thread

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.iam.service_authorization.permissions import of_model
from course.localaws.logs import describing, metering, permissions
from course.localaws.logs.naming import LogArns
from course.localaws.logs.pages import FOREVER, MOST_BYTES, MOST_EVENTS, Window, filtered_page, stream_page
from course.localaws.logs.patterns import matcher
from course.localaws.logs.store import EVENT_OVERHEAD
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages

HOUR = 3_600_000
DAY = 24 * HOUR
RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
MOST_TAGS = 50


def create_service(platform: Platform, stages: Stages) -> Service:
    """The `Service` of signing name ``logs``, which uses the platform's `LogStore`."""
    return Service(
        "logs",
        platform,
        OPERATIONS,
        parse_all=True,
        invalid=invalid_parameter,
        resource=lambda operation, params: params.get("logGroupName", ""),
        permissions=of_model("logs", permissions.records(platform.logs)).required,
        stages=stages,
    )


def invalid_parameter(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def create_log_group(context: Context, params: dict) -> None:
    if params.get("deletionProtectionEnabled"):
        raise not_supported("logs", "CreateLogGroup with deletion protection")
    tags = _checked_tags(params.get("tags", {}))
    log_class = params.get("logGroupClass", "STANDARD")
    context.platform.logs.create_group(context.region, params["logGroupName"], log_class, params.get("kmsKeyId"), tags)
    _tell_tags(context, params["logGroupName"], tags)


def delete_log_group(context: Context, params: dict) -> None:
    context.platform.logs.delete_group(context.region, params["logGroupName"])
    _tell_tags(context, params["logGroupName"], {})  # a later group of this name has its own


def put_retention_policy(context: Context, params: dict) -> None:
    days = params["retentionInDays"]
    if days not in RETENTIONS:
        raise AwsError("InvalidParameterException", f"Invalid retention value. Valid values are: {list(RETENTIONS)}")
    context.platform.logs.update_group(context.region, params["logGroupName"], retention=days)


def delete_retention_policy(context: Context, params: dict) -> None:
    context.platform.logs.update_group(context.region, params["logGroupName"], retention=None)


def create_log_stream(context: Context, params: dict) -> None:
    context.platform.logs.create_stream(context.region, params["logGroupName"], params["logStreamName"])


def delete_log_stream(context: Context, params: dict) -> None:
    context.platform.logs.delete_stream(context.region, params["logGroupName"], params["logStreamName"])


def put_log_events(context: Context, params: dict) -> dict:
    """Stores events. As on AWS, events that are too old or too new are rejected and sequence tokens are ignored."""
    group = context.platform.logs.group(context.region, params["logGroupName"])
    stream = context.platform.logs.stream(context.region, params["logGroupName"], params["logStreamName"])
    events = [(event["timestamp"], event["message"]) for event in params["logEvents"]]
    _check_batch(events)
    now = context.platform.logs.now()
    oldest, newest = now - 14 * DAY, now + 2 * HOUR
    expired = sum(timestamp < now - (group["retention"] or 10_000) * DAY for timestamp, _ in events)
    too_old = sum(timestamp < oldest for timestamp, _ in events)
    in_time = sum(timestamp <= newest for timestamp, _ in events)
    kept = events[max(expired, too_old) : in_time]
    if kept and kept[-1][0] - kept[0][0] > DAY:
        message = "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        raise AwsError("InvalidParameterException", message)
    if kept:
        with context.platform.logs.database.write() as connection:
            context.platform.logs.insert(connection, stream["id"], kept)
    rejected = {"expiredLogEventEndIndex": expired, "tooOldLogEventEndIndex": too_old}
    rejected = {name: index for name, index in rejected.items() if index}
    if in_time < len(events):
        rejected["tooNewLogEventStartIndex"] = in_time
    return {"rejectedLogEventsInfo": rejected} if rejected else {}


def get_log_events(context: Context, params: dict) -> dict:
    name = LogArns.of(context).group_of(params)
    stream = context.platform.logs.stream(context.region, name, params["logStreamName"])
    window = _window(context, name, params, params.get("endTime", FOREVER))
    limit = params.get("limit", MOST_EVENTS)
    page = stream_page(context.platform.logs, stream["id"], window, params.get("nextToken"), limit, params.get("startFromHead", False))
    events = [{"timestamp": row["timestamp"], "message": row["message"], "ingestionTime": row["ingestion"]} for row in page.events]
    return {"events": events, "nextForwardToken": page.forward, "nextBackwardToken": page.backward}


async def filter_log_events(context: Context, params: dict) -> dict:
    """Runs in a thread, because it may examine many events."""
    return await to_thread.run_sync(_filter, context, params)


def _filter(context: Context, params: dict) -> dict:
    name = LogArns.of(context).group_of(params)
    group = context.platform.logs.group(context.region, name)
    wanted, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix", "")
    if wanted and prefix:
        raise AwsError("InvalidParameterException", "Only one of logStreamNames and logStreamNamePrefix may be specified.")
    streams = {row["id"]: row["name"] for row in context.platform.logs.streams(group["id"], prefix) if not wanted or row["name"] in wanted}
    if missing := set(wanted or ()) - set(streams.values()):
        raise AwsError("ResourceNotFoundException", f"The specified log stream does not exist: {', '.join(sorted(missing))}")
    # Unlike GetLogEvents, FilterLogEvents includes the end time.
    window = _window(context, name, params, params.get("endTime", FOREVER - 1) + 1)
    matches = matcher(params.get("filterPattern", ""))
    limit, from_head = params.get("limit", MOST_EVENTS), params.get("startFromHead", True)
    page = filtered_page(context.platform.logs, streams, window, params.get("nextToken"), limit, from_head, matches)
    result = {"events": [describing.filtered_event(stream, row) for stream, row in page.events], "searchedLogStreams": []}
    return result | ({"nextToken": page.token} if page.token else {})


def _window(context: Context, group: str, params: dict, end: int) -> Window:
    """The requested range of time, without the part that the group's retention has expired."""
    retention = context.platform.logs.group(context.region, group)["retention"]
    horizon = context.platform.logs.now() - retention * DAY if retention else 0
    return Window(max(params.get("startTime", 0), horizon), end)


def tag_resource(context: Context, params: dict) -> None:
    _tag(context, LogArns.of(context).group_in(params["resourceArn"]), params["tags"], ())


def untag_resource(context: Context, params: dict) -> None:
    _tag(context, LogArns.of(context).group_in(params["resourceArn"]), {}, params["tagKeys"])


def list_tags_for_resource(context: Context, params: dict) -> dict:
    return {"tags": json.loads(context.platform.logs.group(context.region, LogArns.of(context).group_in(params["resourceArn"]))["tags"])}


def tag_log_group(context: Context, params: dict) -> None:
    _tag(context, params["logGroupName"], params["tags"], ())


def untag_log_group(context: Context, params: dict) -> None:
    _tag(context, params["logGroupName"], {}, params["tags"])


def list_tags_log_group(context: Context, params: dict) -> dict:
    return {"tags": json.loads(context.platform.logs.group(context.region, params["logGroupName"])["tags"])}


def _tag(context: Context, group: str, added: dict[str, str], removed: list[str] | tuple) -> None:
    tags = json.loads(context.platform.logs.group(context.region, group)["tags"]) | added
    kept = _checked_tags({key: value for key, value in tags.items() if key not in removed})
    context.platform.logs.update_group(context.region, group, tags=json.dumps(kept))
    _tell_tags(context, group, kept)


def _tell_tags(context: Context, group: str, tags: dict[str, str]) -> None:
    """The tags count for what the group costs from now on."""
    context.platform.usage.tagged(metering.arn_of(context.account, context.region, group), tags)


def _checked_tags(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > MOST_TAGS:
        raise AwsError("TooManyTagsException", f"A log group can have at most {MOST_TAGS} tags.")
    return tags


def _check_batch(events: list[tuple[int, str]]) -> None:
    if any(later < earlier for (earlier, _), (later, _) in zip(events, events[1:], strict=False)):
        message = "Log events in a single PutLogEvents request must be in chronological order."
        raise AwsError("InvalidParameterException", message)
    size = sum(len(message.encode()) + EVENT_OVERHEAD for _, message in events)
    if size > MOST_BYTES:
        raise AwsError("InvalidParameterException", f"Upload too large: {size} bytes exceeds limit of {MOST_BYTES}")


OPERATIONS: dict[str, Operation] = {
    "CreateLogGroup": create_log_group,
    "CreateLogStream": create_log_stream,
    "DeleteLogGroup": delete_log_group,
    "DeleteLogStream": delete_log_stream,
    "DeleteRetentionPolicy": delete_retention_policy,
    "DescribeLogGroups": describing.describe_log_groups,
    "DescribeLogStreams": describing.describe_log_streams,
    "FilterLogEvents": filter_log_events,
    "GetLogEvents": get_log_events,
    "ListLogGroups": describing.list_log_groups,
    "ListTagsForResource": list_tags_for_resource,
    "ListTagsLogGroup": list_tags_log_group,
    "PutLogEvents": put_log_events,
    "PutRetentionPolicy": put_retention_policy,
    "TagLogGroup": tag_log_group,
    "TagResource": tag_resource,
    "UntagLogGroup": untag_log_group,
    "UntagResource": untag_resource,
}
