"""Rules and schedules that moto kept in an earlier release are taken over, and fire."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.localaws.moto.journal import Journal, JournalEntry, new_seed
from course.localaws.server import launch
from tests.localaws.events.events_fixtures import ACCOUNT, EventsFixtures

ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def requests(queue: str, role: str) -> Iterator[tuple[str, str, str, dict]]:
    """The requests that the earlier release passed to moto: service, path, target of the JSON protocol, and body."""
    target = {"Id": "1", "Arn": queue}
    yield "events", "/", "CreateEventBus", {"Name": "flights", "Tags": [{"Key": "team", "Value": "delays"}]}
    pattern = json.dumps({"source": ["course"]})
    yield "events", "/", "PutRule", {"Name": "matched", "EventPattern": pattern, "Description": "kept"}
    yield "events", "/", "PutTargets", {"Rule": "matched", "Targets": [target]}
    yield "events", "/", "PutRule", {"Name": "quiet", "EventPattern": pattern, "EventBusName": "flights", "State": "DISABLED"}
    yield "events", "/", "PutRule", {"Name": "hourly", "ScheduleExpression": "rate(1 hour)"}
    yield "events", "/", "PutTargets", {"Rule": "hourly", "Targets": [target | {"Input": '"rule"'}]}
    yield "scheduler", "/schedule-groups/nightly", "", {}
    members = {"FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {"Arn": queue, "RoleArn": role, "Input": '"schedule"'}}
    yield "scheduler", "/schedules/kept", "", {"GroupName": "nightly", "ScheduleExpression": "rate(2 hours)"} | members
    yield "scheduler", "/schedules/broken", "", {"ScheduleExpression": "whenever"} | members


@pytest.fixture
def old_state(tmp_path: Path) -> tuple[Path, str]:
    """A state folder as the earlier release left it, and the URL of the queue that its rules fill."""
    state = tmp_path / "state"
    handle = launch.start(state)
    aws = EventsFixtures(handle)
    queue, url = aws.queue()
    role = aws.role("scheduler.amazonaws.com", "sqs:SendMessage")
    handle.stop()
    for path in state.glob("events.db*"):
        path.unlink()
    journal = Journal(state / "journal.db")
    for service, path, operation, body in requests(queue, role):
        headers = [("host", "127.0.0.1:4566"), ("content-type", "application/x-amz-json-1.1" if operation else "application/json")]
        headers += [("x-amz-target", f"AWSEvents.{operation}")] if operation else []
        content, method = json.dumps(body).encode(), "POST"
        entry = JournalEntry(time.time(), new_seed(), service, "us-east-1", ROOT, "", method, path.encode(), b"", tuple(headers), content)
        journal.append(entry)
    journal.close()
    return state, url


@pytest.mark.nightly
def test_nothing_is_lost(old_state: tuple[Path, str]) -> None:
    state, url = old_state
    for opened in range(2):
        handle = launch.start(state)
        aws = EventsFixtures(handle)
        try:
            deadline = time.monotonic() + 60
            while len(aws.events.list_rules()["Rules"]) < 2 and time.monotonic() < deadline:
                time.sleep(0.1)
            rules = {rule["Name"]: rule for rule in aws.events.list_rules()["Rules"]}
            assert rules.keys() == {"matched", "hourly"} and rules["matched"]["Description"] == "kept"
            assert aws.events.describe_rule(Name="quiet", EventBusName="flights")["State"] == "DISABLED"
            bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/flights"
            assert aws.events.list_tags_for_resource(ResourceARN=bus)["Tags"] == [{"Key": "team", "Value": "delays"}]
            assert [each["Name"] for each in aws.scheduler.list_schedules()["Schedules"]] == ["kept"]
            assert aws.scheduler.get_schedule(Name="kept", GroupName="nightly")["ScheduleExpression"] == "rate(2 hours)"
            handle.advance(2 * 3600 + 60)
            id = aws.put("course", {})["EventId"]
            aws.settled()
            found = aws.bodies(url, 4)
            fired = [body for body in found if isinstance(body, str)]
            assert fired.count("rule") == 2 and fired.count("schedule") == (1 if opened else 2)  # a rate begins at once
            assert [body["id"] for body in found if isinstance(body, dict)] == [id]
        finally:
            handle.stop()
