"""Rules fire on the clock of the local AWS, once for each of their times."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.localaws.events.events_fixtures import EventsFixtures

HOUR = 3600


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_a_rate_fires_for_every_time_that_is_skipped(clocked: EventsFixtures) -> None:
    arn, url = clocked.queue()
    begin = clocked.handle.advance(0)
    name = clocked.rule(None, {"Arn": arn}, ScheduleExpression="rate(2 hours)")
    clocked.handle.advance(5 * HOUR)
    events = clocked.bodies(url, 2)
    times = [moment(event["time"]) for event in events]
    assert [round((time - begin) / HOUR) for time in times] == [2, 4]
    assert [event["resources"] for event in events] == [[f"arn:aws:events:us-east-1:123456789012:rule/{name}"]] * 2
    assert {(event["source"], event["detail-type"], str(event["detail"])) for event in events} == {("aws.events", "Scheduled Event", "{}")}
    clocked.events.disable_rule(Name=name)
    clocked.handle.advance(5 * HOUR)
    clocked.settled()
    assert clocked.bodies(url, 0) == []
    clocked.events.enable_rule(Name=name)
    clocked.handle.advance(2 * HOUR + 60)
    assert len(clocked.bodies(url)) == 1
    clocked.events.remove_targets(Rule=name, Ids=["0"])
    clocked.events.delete_rule(Name=name)
    clocked.handle.advance(5 * HOUR)
    clocked.settled()
    assert clocked.bodies(url, 0) == []


def test_cron_fires_at_its_times_and_inputs_are_filled(clocked: EventsFixtures) -> None:
    arn, url = clocked.queue()
    template = {"InputPathsMap": {"at": "$.time"}, "InputTemplate": '{"at": <at>}'}
    clocked.rule(None, {"Arn": arn, "InputTransformer": template}, ScheduleExpression="cron(30 6 * * ? *)")
    clocked.handle.advance(48 * HOUR)
    times = [datetime.fromisoformat(body["at"]).astimezone(UTC) for body in clocked.bodies(url, 2)]
    assert [(time.hour, time.minute, time.second) for time in times] == [(6, 30, 0)] * 2
    assert (times[1] - times[0]).days == 1


def test_a_rule_that_is_put_again_begins_anew(clocked: EventsFixtures) -> None:
    arn, url = clocked.queue()
    name = clocked.rule(None, {"Arn": arn}, ScheduleExpression="rate(1 hour)")
    clocked.events.put_rule(Name=name, ScheduleExpression="rate(3 hours)")
    clocked.handle.advance(2 * HOUR)
    clocked.settled()
    assert clocked.bodies(url, 0) == []
    clocked.handle.advance(1 * HOUR + 60)
    assert len(clocked.bodies(url)) == 1
