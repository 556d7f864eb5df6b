"""CloudWatch Logs behind the gateway. Operations without behaviour here (Insights, metric filters, deliveries, ...) are refused."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable

from anyio import to_thread
from starlette.responses import Response

from course.localaws.core.call import AwsRequest, Service
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.logs import describing
from course.localaws.logs.naming import LogArns
from course.localaws.logs.pages import FOREVER, MOST_BYTES, MOST_EVENTS, Window, filtered_page, stream_page
from course.localaws.logs.patterns import matcher
from course.localaws.logs.store import EVENT_OVERHEAD, LogStore
from course.localaws.platform import Platform
from course.localaws.protocol.contract import Contract

HOUR = 3_600_000
DAY = 24 * HOUR
RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
MOST_TAGS = 50

Handler = Callable[["Logs", LogArns, dict], dict | None | Awaitable[dict]]


def logs_service(platform: Platform) -> Service:
    """Logs' JSON interface over the platform's `LogStore`."""
    contract = Contract("logs")
    logs = Logs(platform.logs)

    async def serve(call: AwsRequest) -> Response:
        call.operation, params = contract.parse(call, await call.body())
        call.resource = params.get("logGroupName", "")
        if call.operation not in OPERATIONS:
            raise not_supported("logs", call.operation)
        try:
            contract.validate(call.operation, params)
        except AwsError as error:  # the one name that Logs has for it
            raise AwsError("InvalidParameterException", error.message) from None
        result = OPERATIONS[call.operation](logs, LogArns(call.region, call.principal.account), params)
        if inspect.isawaitable(result):
            result = await result
        return contract.serialise(call.operation, result)

    return serve


class Logs:
    """The operations, each with the caller's region and account, and its parameters."""

    def __init__(self, store: LogStore) -> None:
        self.store = store

    def create_log_group(self, names: LogArns, params: dict) -> None:
        if params.get("deletionProtectionEnabled"):
            raise not_supported("logs", "CreateLogGroup with deletion protection")
        tags = _checked_tags(params.get("tags", {}))
        log_class = params.get("logGroupClass", "STANDARD")
        self.store.create_group(names.region, params["logGroupName"], log_class, params.get("kmsKeyId"), tags)

    def delete_log_group(self, names: LogArns, params: dict) -> None:
        self.store.delete_group(names.region, params["logGroupName"])

    def put_retention_policy(self, names: LogArns, params: dict) -> None:
        days = params["retentionInDays"]
        if days not in RETENTIONS:
            raise AwsError("InvalidParameterException", f"Invalid retention value. Valid values are: {list(RETENTIONS)}")
        self.store.update_group(names.region, params["logGroupName"], retention=days)

    def delete_retention_policy(self, names: LogArns, params: dict) -> None:
        self.store.update_group(names.region, params["logGroupName"], retention=None)

    def create_log_stream(self, names: LogArns, params: dict) -> None:
        self.store.create_stream(names.region, params["logGroupName"], params["logStreamName"])

    def delete_log_stream(self, names: LogArns, params: dict) -> None:
        self.store.delete_stream(names.region, params["logGroupName"], params["logStreamName"])

    def put_log_events(self, names: LogArns, params: dict) -> dict:
        """Events too old or too new are rejected, the others are kept, as on AWS; sequence tokens are ignored."""
        group = self.store.group(names.region, params["logGroupName"])
        stream = self.store.stream(names.region, params["logGroupName"], params["logStreamName"])
        events = [(event["timestamp"], event["message"]) for event in params["logEvents"]]
        _check_batch(events)
        now = self.store.now()
        oldest, newest = now - 14 * DAY, now + 2 * HOUR
        expired = sum(timestamp < now - (group["retention"] or 10_000) * DAY for timestamp, _ in events)
        too_old = sum(timestamp < oldest for timestamp, _ in events)
        in_time = sum(timestamp <= newest for timestamp, _ in events)
        kept = events[max(expired, too_old) : in_time]
        if kept and kept[-1][0] - kept[0][0] > DAY:
            message = "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
            raise AwsError("InvalidParameterException", message)
        if kept:
            with self.store.database.write() as connection:
                self.store.insert(connection, stream["id"], kept)
        rejected = {"expiredLogEventEndIndex": expired, "tooOldLogEventEndIndex": too_old}
        rejected = {name: index for name, index in rejected.items() if index}
        if in_time < len(events):
            rejected["tooNewLogEventStartIndex"] = in_time
        return {"rejectedLogEventsInfo": rejected} if rejected else {}

    def get_log_events(self, names: LogArns, params: dict) -> dict:
        name = names.group_of(params)
        stream = self.store.stream(names.region, name, params["logStreamName"])
        window = self._window(names, name, params, params.get("endTime", FOREVER))
        limit = params.get("limit", MOST_EVENTS)
        page = stream_page(self.store, stream["id"], window, params.get("nextToken"), limit, params.get("startFromHead", False))
        events = [{"timestamp": row["timestamp"], "message": row["message"], "ingestionTime": row["ingestion"]} for row in page.events]
        return {"events": events, "nextForwardToken": page.forward, "nextBackwardToken": page.backward}

    async def filter_log_events(self, names: LogArns, params: dict) -> dict:
        """Looks at many events, hence in a thread."""
        return await to_thread.run_sync(self._filter, names, params)

    def _filter(self, names: LogArns, params: dict) -> dict:
        name = names.group_of(params)
        group = self.store.group(names.region, name)
        wanted, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix", "")
        if wanted and prefix:
            raise AwsError("InvalidParameterException", "Only one of logStreamNames and logStreamNamePrefix may be specified.")
        streams = {row["id"]: row["name"] for row in self.store.streams(group["id"], prefix) if not wanted or row["name"] in wanted}
        if missing := set(wanted or ()) - set(streams.values()):
            raise AwsError("ResourceNotFoundException", f"The specified log stream does not exist: {', '.join(sorted(missing))}")
        # Unlike in GetLogEvents, the end time is included.
        window = self._window(names, name, params, params.get("endTime", FOREVER - 1) + 1)
        matches = matcher(params.get("filterPattern", ""))
        limit, from_head = params.get("limit", MOST_EVENTS), params.get("startFromHead", True)
        page = filtered_page(self.store, streams, window, params.get("nextToken"), limit, from_head, matches)
        result = {"events": [describing.filtered_event(stream, row) for stream, row in page.events], "searchedLogStreams": []}
        return result | ({"nextToken": page.token} if page.token else {})

    def _window(self, names: LogArns, group: str, params: dict, end: int) -> Window:
        """The requested time, without what the group's retention has ended."""
        retention = self.store.group(names.region, group)["retention"]
        horizon = self.store.now() - retention * DAY if retention else 0
        return Window(max(params.get("startTime", 0), horizon), end)

    def tag_resource(self, names: LogArns, params: dict) -> None:
        self._tag(names, names.group_in(params["resourceArn"]), params["tags"], ())

    def untag_resource(self, names: LogArns, params: dict) -> None:
        self._tag(names, names.group_in(params["resourceArn"]), {}, params["tagKeys"])

    def list_tags_for_resource(self, names: LogArns, params: dict) -> dict:
        return {"tags": json.loads(self.store.group(names.region, names.group_in(params["resourceArn"]))["tags"])}

    def tag_log_group(self, names: LogArns, params: dict) -> None:
        self._tag(names, params["logGroupName"], params["tags"], ())

    def untag_log_group(self, names: LogArns, params: dict) -> None:
        self._tag(names, params["logGroupName"], {}, params["tags"])

    def list_tags_log_group(self, names: LogArns, params: dict) -> dict:
        return {"tags": json.loads(self.store.group(names.region, params["logGroupName"])["tags"])}

    def _tag(self, names: LogArns, group: str, added: dict[str, str], removed: list[str] | tuple) -> None:
        tags = json.loads(self.store.group(names.region, group)["tags"]) | added
        self.store.update_group(names.region, group, tags=json.dumps(_checked_tags({k: v for k, v in tags.items() if k not in removed})))


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


OPERATIONS: dict[str, Handler] = {
    "CreateLogGroup": Logs.create_log_group,
    "CreateLogStream": Logs.create_log_stream,
    "DeleteLogGroup": Logs.delete_log_group,
    "DeleteLogStream": Logs.delete_log_stream,
    "DeleteRetentionPolicy": Logs.delete_retention_policy,
    "DescribeLogGroups": describing.describe_log_groups,
    "DescribeLogStreams": describing.describe_log_streams,
    "FilterLogEvents": Logs.filter_log_events,
    "GetLogEvents": Logs.get_log_events,
    "ListLogGroups": describing.list_log_groups,
    "ListTagsForResource": Logs.list_tags_for_resource,
    "ListTagsLogGroup": Logs.list_tags_log_group,
    "PutLogEvents": Logs.put_log_events,
    "PutRetentionPolicy": Logs.put_retention_policy,
    "TagLogGroup": Logs.tag_log_group,
    "TagResource": Logs.tag_resource,
    "UntagLogGroup": Logs.untag_log_group,
    "UntagResource": Logs.untag_resource,
}
