"""Log events: each is read back exactly once, in order of time, page by page, in both directions and with filters."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

MANY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
HOUR = 3_600_000


def now() -> int:
    return int(time.time() * 1000)


def put(logs, group: str, stream: str, events: list[tuple[int, str]]) -> dict:
    ordered = [{"timestamp": timestamp, "message": message} for timestamp, message in sorted(events, key=lambda event: event[0])]
    return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=ordered)


def forward(logs, group: str, stream: str, **arguments) -> list[str]:
    """Reads all messages by following the forward token until it stays the same."""
    messages: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, **arguments, **token)
        messages += [event["message"] for event in page["events"]]
        if token.get("nextToken") == page["nextForwardToken"]:
            return messages
        token = {"nextToken": page["nextForwardToken"]}


def backward(logs, group: str, stream: str, **arguments) -> list[str]:
    messages: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = logs.get_log_events(logGroupName=group, logStreamName=stream, **arguments, **token)
        messages = [event["message"] for event in page["events"]] + messages
        if token.get("nextToken") == page["nextBackwardToken"]:
            return messages
        token = {"nextToken": page["nextBackwardToken"]}


# Few distinct times, so that many events have the same time.
EVENTS = st.lists(st.tuples(st.integers(0, 5), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)), max_size=25)


@MANY
@given(batches=st.lists(EVENTS.filter(bool), max_size=3), size=st.integers(1, 7))
def test_every_event_is_read_once_in_order_of_time(logs, group, batches, size):
    stream = f"s-{time.monotonic_ns()}"
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    base = now() - HOUR
    for batch in batches:
        put(logs, group, stream, [(base + offset, message) for offset, message in batch])
    by_time = sorted(
        ((offset, n, message) for n, batch in enumerate(batches) for offset, message in sorted(batch, key=lambda e: e[0])),
        key=lambda e: e[0],
    )
    expected = [message for _, _, message in by_time]
    assert forward(logs, group, stream, limit=size) == expected
    assert backward(logs, group, stream, limit=size) == expected
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, logStreamNames=[stream], PaginationConfig={"PageSize": size}
    )
    assert [event["message"] for page in pages for event in page["events"]] == expected
    newest_first = []
    token: dict[str, str] = {}
    while True:
        page = logs.filter_log_events(logGroupName=group, logStreamNames=[stream], startFromHead=False, limit=size, **token)
        newest_first += [event["message"] for event in page["events"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert newest_first == expected[::-1]


def test_a_reader_at_the_end_waits_with_the_same_token(logs, group):
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    empty = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True)
    assert empty["events"] == []
    moment = now()
    put(logs, group, "s", [(moment, "first")])
    page = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True, nextToken=empty["nextForwardToken"])
    assert [event["message"] for event in page["events"]] == ["first"]
    end = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True, nextToken=page["nextForwardToken"])
    assert (end["events"], end["nextForwardToken"]) == ([], page["nextForwardToken"])
    put(logs, group, "s", [(moment, "second"), (moment + 1, "third")])
    more = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True, nextToken=end["nextForwardToken"])
    assert [event["message"] for event in more["events"]] == ["second", "third"]
    back = logs.get_log_events(logGroupName=group, logStreamName="s", nextToken=more["nextBackwardToken"])
    assert [event["message"] for event in back["events"]] == ["first"]


def test_times_are_bounded_as_each_operation_says(logs, group):
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    base = now() - HOUR
    put(logs, group, "s", [(base + n, str(n)) for n in range(5)])
    bounds = {"startTime": base + 1, "endTime": base + 3}
    assert forward(logs, group, "s", **bounds) == ["1", "2"]  # the end is excluded here
    found = logs.filter_log_events(logGroupName=group, **bounds)["events"]
    assert [event["message"] for event in found] == ["1", "2", "3"]  # and included here
    assert len({event["eventId"] for event in found}) == 3


def test_a_page_holds_at_most_a_megabyte(logs, group):
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    base = now() - HOUR
    for n in range(3):
        put(logs, group, "s", [(base + 3 * n + k, f"{n}{k}" + "x" * 340_000) for k in range(3)])
    first = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True)["events"]
    assert len(first) == 3
    assert [message[:2] for message in forward(logs, group, "s")] == [f"{n}{k}" for n in range(3) for k in range(3)]


def test_batches_that_aws_refuses(logs, group, refused):
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    moment = now()
    for events in (
        [{"timestamp": moment, "message": "b"}, {"timestamp": moment - 1, "message": "a"}],
        [{"timestamp": moment - 25 * HOUR, "message": "a"}, {"timestamp": moment, "message": "b"}],
        [{"timestamp": moment, "message": "x" * 600_000}] * 2,
    ):
        with refused("InvalidParameterException"):
            logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    assert forward(logs, group, "s") == []
    with refused("ResourceNotFoundException"):
        put(logs, group, "none", [(moment, "x")])
    with refused("ResourceNotFoundException"):
        put(logs, "/no/such/group", "s", [(moment, "x")])


def test_events_out_of_time_are_rejected_and_the_others_kept(logs, group):
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    moment = now()
    answer = put(logs, group, "s", [(moment - 15 * 24 * HOUR, "old"), (moment, "kept"), (moment + 3 * HOUR, "new")])
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    assert forward(logs, group, "s") == ["kept"]


def test_retention_ends_what_can_be_read(logs, group):
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    moment = now()
    put(logs, group, "s", [(moment - 30 * HOUR, "two days ago")])
    put(logs, group, "s", [(moment, "today")])
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    assert forward(logs, group, "s") == ["today"]
    assert [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]] == ["today"]
    assert put(logs, group, "s", [(moment - 30 * HOUR, "late")])["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    logs.delete_retention_policy(logGroupName=group)
    assert forward(logs, group, "s") == ["two days ago", "today"]


def test_streams_are_merged_by_time(logs, group, refused):
    base = now() - HOUR
    for stream in ("job-1/a", "job-1/b", "job-2/a"):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        put(logs, group, stream, [(base + n, f"{stream} {n}") for n in range(3)])
    found = logs.filter_log_events(logGroupName=group, logStreamNamePrefix="job-1/")["events"]
    assert [event["message"] for event in found] == [f"job-1/{s} {n}" for n in range(3) for s in "ab"]
    assert {event["logStreamName"] for event in found} == {"job-1/a", "job-1/b"}
    assert len(logs.filter_log_events(logGroupName=group)["events"]) == 9
    with refused("InvalidParameterException"):
        logs.filter_log_events(logGroupName=group, logStreamNames=["job-1/a"], logStreamNamePrefix="job")
    with refused("ResourceNotFoundException"):
        logs.filter_log_events(logGroupName=group, logStreamNames=["none"])


@pytest.mark.parametrize("token", ["nonsense", "f/123", "x/" + "0" * 56])
def test_an_invented_token_is_refused(logs, group, refused, token):
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    with refused("InvalidParameterException"):
        logs.get_log_events(logGroupName=group, logStreamName="s", nextToken=token)
    with refused("InvalidParameterException"):
        logs.filter_log_events(logGroupName=group, nextToken=token)
