"""Rules, schedules and deliveries survive `kill -9`, and fire once for each time."""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from pathlib import Path

import pytest

from course.localaws.server import launch
from tests.localaws.events.events_fixtures import ACCOUNT, EventsFixtures
from tests.localaws.moto.restartable_aws import RestartableAws

HOUR = 3600
KILLS = 20


@pytest.fixture
def restartable(tmp_path: Path):
    aws = RestartableAws(tmp_path / "state")
    yield aws
    aws.stop()


def test_everything_is_there_after_a_kill_and_fires_once(restartable: RestartableAws) -> None:
    aws = EventsFixtures(restartable.handle)
    arn, url = aws.queue()
    bus = aws.events.create_event_bus(Name="flights")["EventBusArn"]
    aws.rule({"source": ["course"]}, {"Arn": arn}, EventBusName="flights")
    name = aws.rule(None, {"Arn": arn, "Input": '"rule"'}, ScheduleExpression="rate(1 hour)")
    role = aws.role("scheduler.amazonaws.com", "sqs:SendMessage")
    aws.scheduler.create_schedule_group(Name="nightly")
    aws.scheduler.create_schedule(
        Name="train",
        GroupName="nightly",
        ScheduleExpression="cron(0 3 * * ? *)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": role, "Input": '"schedule"'},
    )
    before = [aws.events.describe_rule(Name=name), aws.scheduler.get_schedule(Name="train", GroupName="nightly")]
    put = aws.put("course", {}, EventBusName="flights")["EventId"]
    restartable.restart()

    aws = EventsFixtures(restartable.handle)
    assert [event["id"] for event in aws.bodies(url)] == [put]
    after = [aws.events.describe_rule(Name=name), aws.scheduler.get_schedule(Name="train", GroupName="nightly")]
    for answer in (*before, *after):
        answer.pop("ResponseMetadata")
    assert before == after
    assert aws.events.describe_event_bus(Name="flights")["Arn"] == bus
    aws.handle.advance(24 * HOUR)
    aws.settled()
    restartable.restart()
    aws = EventsFixtures(restartable.handle)
    fired = aws.bodies(url, 25)
    assert sorted(fired) == ["rule"] * 24 + ["schedule"]


@pytest.mark.nightly  # the test above kills by day
def test_a_delivery_that_a_kill_interrupts_is_made_once(restartable: RestartableAws) -> None:
    aws = EventsFixtures(restartable.handle)
    arn, url = aws.queue()
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/killed"
    aws.client("logs").create_log_group(logGroupName="/killed")
    aws.rule({"source": ["course"]}, {"Arn": arn}, {"Arn": group})
    put: list[str] = []
    for _ in range(KILLS):
        entry = {"Source": "course", "DetailType": "t", "Detail": "{}"}
        put += [result["EventId"] for result in aws.events.put_events(Entries=[entry] * 10)["Entries"]]
        restartable.restart()
        aws = EventsFixtures(restartable.handle)
    assert [event["id"] for event in aws.bodies(url, 10 * KILLS)] == put
    aws.settled()
    events = aws.client("logs").filter_log_events(logGroupName="/killed")["events"]
    assert sorted(json.loads(event["message"])["id"] for event in events) == sorted(put)


@pytest.mark.nightly
def test_kills_while_the_clock_is_advanced_repeat_no_time(restartable: RestartableAws) -> None:
    aws, chance = EventsFixtures(restartable.handle), random.Random(16)
    arn, url = aws.queue()
    aws.rule(None, {"Arn": arn, "InputPath": "$.time"}, ScheduleExpression="rate(1 minute)")
    for _ in range(10):
        handle = restartable.handle
        advancing = threading.Thread(target=_advance, args=(handle,))
        advancing.start()
        time.sleep(chance.uniform(0.0, 0.2))
        restartable.restart()
        advancing.join()
    aws = EventsFixtures(restartable.handle)
    aws.handle.advance(2 * HOUR)
    aws.settled()
    times = [message["Body"] for message in aws.messages(url, 120)]
    assert len(times) == len(set(times)) and times == sorted(times)


def _advance(handle: launch.Handle) -> None:
    with contextlib.suppress(Exception):  # the local AWS is killed meanwhile
        handle.advance(HOUR)
