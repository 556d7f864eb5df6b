"""Groups and streams: names, order, pages, tags, deletion, the interface for jobs, and refusals."""

from __future__ import annotations

import resource

import pytest

from course.localaws.core.clock import Clock
from course.localaws.logs.store import LogStore


def test_the_life_of_a_group(logs, refused):
    logs.create_log_group(logGroupName="/life/one", tags={"team": "delays"}, kmsKeyId="arn:aws:kms:us-east-1:123456789012:key/1")
    with refused("ResourceAlreadyExistsException"):
        logs.create_log_group(logGroupName="/life/one")
    logs.put_retention_policy(logGroupName="/life/one", retentionInDays=30)
    (found,) = logs.describe_log_groups(logGroupNamePrefix="/life/")["logGroups"]
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/life/one"
    assert (found["arn"], found["logGroupArn"], found["retentionInDays"], found["storedBytes"]) == (f"{arn}:*", arn, 30, 0)
    assert found["kmsKeyId"].endswith("key/1")
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "delays"}
    logs.tag_resource(resourceArn=arn, tags={"stage": "test"})
    logs.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert logs.list_tags_log_group(logGroupName="/life/one")["tags"] == {"stage": "test"}
    with refused("InvalidParameterException"):
        logs.put_retention_policy(logGroupName="/life/one", retentionInDays=31)
    with refused("InvalidParameterException"):
        logs.create_log_group(logGroupName="not a name")
    logs.delete_log_group(logGroupName="/life/one")
    for call in (logs.delete_log_group, logs.describe_log_streams, logs.list_tags_log_group):
        with refused("ResourceNotFoundException"):
            call(logGroupName="/life/one")


def test_groups_are_listed_by_name_and_page_by_page(logs, client, refused):
    names = [f"/pages/{n}" for n in range(5)]
    for name in reversed(names):
        logs.create_log_group(logGroupName=name)
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/pages/", PaginationConfig={"PageSize": 2})
    assert [[group["logGroupName"] for group in page["logGroups"]] for page in pages] == [names[:2], names[2:4], names[4:]]
    first = logs.list_log_groups(logGroupNamePattern="^/pages/|nothing", limit=3)
    rest = logs.list_log_groups(logGroupNamePattern="^/pages/|nothing", nextToken=first["nextToken"])
    assert [group["logGroupName"] for group in first["logGroups"] + rest["logGroups"]] == names
    assert [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePattern="ages/3")["logGroups"]] == ["/pages/3"]
    assert client("logs", region_name="eu-west-1").describe_log_groups(logGroupNamePrefix="/pages/")["logGroups"] == []
    with refused("InvalidParameterException"):
        logs.describe_log_groups(nextToken="nonsense")


def test_streams_by_name_and_by_their_last_event(logs, group, refused):
    for stream in ("b", "a", "c"):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    created = logs.describe_log_streams(logGroupName=group)["logStreams"][0]["creationTime"]
    for stream, later in (("a", 2000), ("b", 1000)):
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": created + later, "message": stream}])

    def names(**arguments) -> list[list[str]]:
        pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=group, **arguments, PaginationConfig={"PageSize": 2})
        return [[stream["logStreamName"] for stream in page["logStreams"]] for page in pages]

    assert names() == [["a", "b"], ["c"]]
    assert names(descending=True) == [["c", "b"], ["a"]]
    assert names(orderBy="LastEventTime", descending=True) == [["a", "b"], ["c"]]
    assert names(logStreamNamePrefix="b") == [["b"]]
    (stream,) = logs.describe_log_streams(
        logGroupIdentifier=f"arn:aws:logs:us-east-1:123456789012:log-group:{group}", logStreamNamePrefix="a"
    )["logStreams"]
    assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (created + 2000, created + 2000)
    assert stream["arn"].endswith(f":log-group:{group}:log-stream:a")
    with refused("InvalidParameterException"):
        logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", logStreamNamePrefix="a")
    with refused("InvalidParameterException"):
        logs.describe_log_streams()
    with refused("ResourceAlreadyExistsException"):
        logs.create_log_stream(logGroupName=group, logStreamName="a")
    logs.delete_log_stream(logGroupName=group, logStreamName="a")
    with refused("ResourceNotFoundException"):
        logs.get_log_events(logGroupName=group, logStreamName="a")
    assert names() == [["b", "c"]]


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("start_query", {"queryString": "fields @message", "startTime": 0, "endTime": 1, "logGroupName": "/x"}),
        ("put_subscription_filter", {"logGroupName": "/x", "filterName": "f", "filterPattern": "", "destinationArn": "arn:aws:lambda:x"}),
        (
            "put_metric_filter",
            {
                "logGroupName": "/x",
                "filterName": "f",
                "filterPattern": "",
                "metricTransformations": [{"metricName": "a", "metricNamespace": "b", "metricValue": "1"}],
            },
        ),
        ("create_export_task", {"logGroupName": "/x", "fromTime": 0, "to": 1, "destination": "bucket"}),
    ],
)
def test_what_is_not_supported_says_so(logs, refused, operation, arguments):
    with refused("NotSupportedByLocalAws"):
        getattr(logs, operation)(**arguments)


@pytest.fixture
def store(tmp_path):
    opened = LogStore(tmp_path / "logs.db", Clock())
    yield opened
    opened.shutdown()


def test_a_job_that_prints_a_hundred_megabytes(store):
    line = "x" * 1000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    store.append("us-east-1", "/jobs", "one", ((n, line) for n in range(100_000)))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024
    (group,) = store.groups("us-east-1")
    assert group["stored"] == 100_000 * 1026


def test_a_line_too_long_for_an_event_is_cut(store):
    store.append("us-east-1", "/jobs", "one", [(1, "ü" * 1_000_000), (2, "next")])
    messages = [row[0] for row in store.database.connection.execute("SELECT message FROM events ORDER BY id")]
    assert (len(messages[0].encode()) <= 1_048_576 - 26, set(messages[0]), messages[1]) == (True, {"ü"}, "next")


def test_a_text_that_is_not_unicode_is_converted(store):
    store.append("us-east-1", "/jobs", "one", [(1, "half a pair: \ud800")])
    assert store.database.connection.execute("SELECT message FROM events").fetchone()[0] == "half a pair: ?"


def test_appending_nothing_still_creates_the_stream(store):
    store.append("us-east-1", "/jobs", "one", [])
    assert [row["name"] for row in store.streams(store.group("us-east-1", "/jobs")["id"])] == ["one"]
    store.reset()
    assert list(store.groups("us-east-1")) == []
