"""EventBridge Scheduler: schedules are stored, fire on the clock in their time zone, and are refused in AWS's words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from course.localaws.server import launch
from tests.localaws.events.events_fixtures import ACCOUNT, EventsFixtures, refusal

HOUR = 3600
OFF = {"Mode": "OFF"}


class SchedulerFixtures(EventsFixtures):
    """A local AWS of the module's own, whose clock is advanced, and a role that Scheduler may assume."""

    def __init__(self, handle: launch.Handle) -> None:
        super().__init__(handle)
        self.schedule_role = self.role("scheduler.amazonaws.com", "sqs:SendMessage", "events:PutEvents", "sagemaker:StartPipelineExecution")

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.handle.advance(0), UTC)

    def schedule(self, expression: str, arn: str, **members: object) -> str:
        """Creates a schedule that sends its time. Returns its name."""
        name = members.pop("Name", None) or self.name("schedule")
        target = {"Arn": arn, "RoleArn": self.schedule_role, "Input": '{"at": "<aws.scheduler.scheduled-time>"}'} | members.pop(
            "Target", {}
        )
        given = {"Name": name, "ScheduleExpression": expression, "FlexibleTimeWindow": OFF, "Target": target}
        self.scheduler.create_schedule(**given | members)
        return name

    def times(self, url: str, count: int) -> list[datetime]:
        self.settled()
        return [datetime.fromisoformat(body["at"]) for body in self.bodies(url, count)]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SchedulerFixtures]:
    handle = launch.start(tmp_path_factory.mktemp("scheduler") / "state")
    yield SchedulerFixtures(handle)
    handle.stop()


def test_a_schedule_is_shown_updated_and_deleted(aws: SchedulerFixtures) -> None:
    scheduler, (arn, _) = aws.scheduler, aws.queue()
    name = aws.schedule("cron(0 3 * * ? *)", arn, Description="nightly", ScheduleExpressionTimezone="Europe/Berlin")
    shown = scheduler.get_schedule(Name=name)
    assert shown["Arn"] == f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/default/{name}"
    assert (shown["State"], shown["GroupName"], shown["ActionAfterCompletion"]) == ("ENABLED", "default", "NONE")
    assert shown["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert shown["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    target = {"Arn": arn, "RoleArn": aws.schedule_role}
    scheduler.update_schedule(Name=name, ScheduleExpression="rate(5 days)", FlexibleTimeWindow=OFF, Target=target, State="DISABLED")
    updated = scheduler.get_schedule(Name=name)
    assert (updated["ScheduleExpression"], updated["State"], updated["ScheduleExpressionTimezone"]) == ("rate(5 days)", "DISABLED", "UTC")
    assert "Description" not in updated and updated["CreationDate"] == shown["CreationDate"]
    [summary] = scheduler.list_schedules(NamePrefix=name, State="DISABLED")["Schedules"]
    assert (summary["Name"], summary["Target"]) == (name, {"Arn": arn})
    again = refusal(aws.schedule, expression="rate(1 day)", arn=arn, Name=name)
    assert again == f"ConflictException: Schedule {name} already exists."
    scheduler.delete_schedule(Name=name)
    missing = f"ResourceNotFoundException: Schedule {name} does not exist."
    assert refusal(scheduler.get_schedule, Name=name) == missing
    assert refusal(scheduler.delete_schedule, Name=name) == missing


def test_groups(aws: SchedulerFixtures) -> None:
    scheduler, group, (arn, _) = aws.scheduler, aws.name("group"), aws.queue()
    group_arn = scheduler.create_schedule_group(Name=group, Tags=[{"Key": "a", "Value": "1"}])["ScheduleGroupArn"]
    assert group_arn == f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/{group}"
    scheduler.tag_resource(ResourceArn=group_arn, Tags=[{"Key": "b", "Value": "2"}])
    scheduler.untag_resource(ResourceArn=group_arn, TagKeys=["a"])
    assert scheduler.list_tags_for_resource(ResourceArn=group_arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    name = aws.schedule("rate(7 days)", arn, GroupName=group)
    assert [each["Name"] for each in scheduler.list_schedules(GroupName=group)["Schedules"]] == [name]
    assert refusal(scheduler.get_schedule, Name=name) == f"ResourceNotFoundException: Schedule {name} does not exist."
    assert refusal(scheduler.create_schedule_group, Name=group) == f"ConflictException: Schedule group {group} already exists."
    assert {"default", group} <= {each["Name"] for each in scheduler.list_schedule_groups()["ScheduleGroups"]}
    scheduler.delete_schedule_group(Name=group)
    assert refusal(scheduler.get_schedule_group, Name=group) == f"ResourceNotFoundException: Schedule group {group} does not exist."
    assert refusal(scheduler.list_schedules, GroupName=group).startswith("ResourceNotFoundException")
    assert refusal(scheduler.delete_schedule_group, Name="default").startswith("ValidationException")


def test_a_one_time_schedule_fires_once_in_its_time_zone(aws: SchedulerFixtures) -> None:
    arn, url = aws.queue()
    wanted = (aws.now() + timedelta(hours=2)).replace(microsecond=0)
    local = wanted.astimezone(ZoneInfo("Asia/Tokyo")).strftime("%Y-%m-%dT%H:%M:%S")
    name = aws.schedule(f"at({local})", arn, ScheduleExpressionTimezone="Asia/Tokyo")
    gone = aws.schedule(f"at({local})", arn, ScheduleExpressionTimezone="Asia/Tokyo", ActionAfterCompletion="DELETE")
    past = aws.schedule("at(2020-01-01T00:00:00)", arn)
    aws.handle.advance(3 * HOUR)
    assert aws.times(url, 2) == [wanted] * 2
    assert aws.scheduler.get_schedule(Name=name)["State"] == "ENABLED"
    assert aws.scheduler.get_schedule(Name=past)
    assert refusal(aws.scheduler.get_schedule, Name=gone).startswith("ResourceNotFoundException")
    aws.handle.advance(48 * HOUR)
    assert aws.times(url, 0) == []


def test_a_rate_begins_at_once_or_at_its_start_date_and_ends_at_its_end_date(aws: SchedulerFixtures) -> None:
    (arn, url), (late_arn, late_url) = aws.queue(), aws.queue()
    begin = aws.now()
    name = aws.schedule("rate(1 hour)", arn)
    start = (begin + timedelta(hours=3)).replace(microsecond=0)
    aws.schedule("rate(1 hour)", late_arn, StartDate=start, EndDate=start + timedelta(hours=2), ActionAfterCompletion="DELETE", Name="ends")
    aws.handle.advance(2.5 * HOUR)
    assert [round((time - begin).total_seconds() / HOUR) for time in aws.times(url, 3)] == [0, 1, 2]
    assert aws.times(late_url, 0) == []
    aws.scheduler.delete_schedule(Name=name)
    aws.handle.advance(24 * HOUR)
    assert aws.times(late_url, 3) == [start + timedelta(hours=hours) for hours in range(3)]
    assert refusal(aws.scheduler.get_schedule, Name="ends").startswith("ResourceNotFoundException")
    assert aws.times(url, 0) == []


def test_cron_waits_for_its_start_date_and_keeps_its_times_when_only_the_target_changes(aws: SchedulerFixtures) -> None:
    arn, url = aws.queue()
    start = aws.now() + timedelta(days=2)
    given = {"StartDate": start, "ScheduleExpressionTimezone": "America/New_York"}
    name = aws.schedule("cron(15 4 * * ? *)", arn, **given)
    target = {"Arn": arn, "RoleArn": aws.schedule_role, "Input": '{"at": "<aws.scheduler.scheduled-time>", "new": true}'}
    aws.scheduler.update_schedule(Name=name, ScheduleExpression="cron(15 4 * * ? *)", FlexibleTimeWindow=OFF, Target=target, **given)
    aws.handle.advance(4 * 24 * HOUR)
    times = aws.times(url, 2)
    assert len(times) == 2 and times[0] >= start
    assert {(local.hour, local.minute) for local in (time.astimezone(ZoneInfo("America/New_York")) for time in times)} == {(4, 15)}


def test_a_disabled_schedule_does_not_fire(aws: SchedulerFixtures) -> None:
    arn, url = aws.queue()
    name = aws.schedule("rate(1 hour)", arn, State="DISABLED")
    aws.handle.advance(2 * HOUR)
    assert aws.times(url, 0) == []
    target = {"Arn": arn, "RoleArn": aws.schedule_role, "Input": '{"at": "<aws.scheduler.scheduled-time>"}'}
    aws.scheduler.update_schedule(Name=name, ScheduleExpression="rate(1 hour)", FlexibleTimeWindow=OFF, Target=target)
    aws.handle.advance(1 * HOUR)
    assert len(aws.times(url, 1)) == 1


def test_what_a_target_receives(aws: SchedulerFixtures) -> None:
    source, (arn, url), (bus_arn, bus_url) = aws.name("source"), aws.queue(), aws.queue()
    texts = {name: f"<aws.scheduler.{name}>" for name in ("schedule-arn", "scheduled-time", "execution-id", "attempt-number")}
    name = aws.schedule("rate(9 days)", arn, Target={"Input": json.dumps(texts)})
    [got] = aws.bodies(url)
    assert got["schedule-arn"].endswith(f":schedule/default/{name}") and got["attempt-number"] == "1" and len(got["execution-id"]) == 36
    aws.scheduler.create_schedule(
        Name=aws.name("default"),
        ScheduleExpression="rate(9 days)",
        FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
        Target={"Arn": arn, "RoleArn": aws.schedule_role},
    )
    [event] = aws.bodies(url)
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.scheduler", "Scheduled Event", "{}")
    aws.rule({"source": [source]}, {"Arn": bus_arn})
    parameters = {"Source": source, "DetailType": "Nightly"}
    bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
    aws.schedule("rate(9 days)", bus, Target={"EventBridgeParameters": parameters, "Input": '{"month": 6}'})
    [event] = aws.bodies(bus_url)
    assert (event["detail-type"], event["detail"]) == ("Nightly", {"month": 6})


def test_a_failed_invocation_goes_to_the_dead_letter_queue(aws: SchedulerFixtures) -> None:
    dead, url = aws.queue()
    role = aws.role("scheduler.amazonaws.com", "sqs:SendMessage")
    missing, topic = f"arn:aws:sqs:us-east-1:{ACCOUNT}:absent", f"arn:aws:sns:us-east-1:{ACCOUNT}:absent"
    name = aws.schedule("rate(9 days)", missing, Target={"DeadLetterConfig": {"Arn": dead}})
    aws.schedule("rate(9 days)", topic, Target={"DeadLetterConfig": {"Arn": dead}, "RoleArn": role})
    nothing = aws.role("scheduler.amazonaws.com")
    aws.schedule("rate(9 days)", missing, Target={"DeadLetterConfig": {"Arn": dead}, "RoleArn": nothing})
    first, second = aws.messages(url, 2)
    attributes = {name: value["StringValue"] for name, value in first["MessageAttributes"].items()}
    assert attributes["SCHEDULE_ARN"].endswith(f"/{name}") and attributes["TARGET_ARN"] == missing
    assert (attributes["ERROR_CODE"], attributes["RETRY_ATTEMPTS"], attributes["IS_PAYLOAD_TRUNCATED"]) == ("NO_RESOURCE", "0", "false")
    assert json.loads(first["Body"])["at"] == attributes["SCHEDULED_TIME"]
    assert second["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    aws.settled()
    assert aws.sum("AWS/Scheduler", "InvocationsSentToDeadLetterCount", ScheduleGroup="default") == 2


QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
PIPELINE = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:pipeline/p"
EXPRESSIONS = ["cron(0 1 * * * *)", "cron(7 20 * * NOT *)", "cron()", "rate(10 seconds)", "rate( 10 minutes )", "at(2021-12-31T23:59:59Z)"]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        *[({"ScheduleExpression": text}, f"Invalid Schedule Expression {text}.") for text in EXPRESSIONS],
        ({"ScheduleExpressionTimezone": "Mars/Phobos"}, "Invalid ScheduleExpressionTimezone Mars/Phobos."),
        (
            {"FlexibleTimeWindow": OFF | {"MaximumWindowInMinutes": 5}},
            "MaximumWindowInMinutes must not be provided when FlexibleTimeWindowMode is set to OFF.",
        ),
        (
            {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
            "MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE.",
        ),
        ({"StartDate": datetime(2020, 1, 1, tzinfo=UTC)}, "The StartDate you specify cannot be earlier than 5 minutes ago."),
        (
            {"StartDate": datetime(2090, 1, 1, tzinfo=UTC), "EndDate": datetime(2089, 1, 1, tzinfo=UTC)},
            "The StartDate you specify must come before the EndDate.",
        ),
        ({"Target": {"Input": "word"}}, "JSON syntax error in input for the target."),
        ({"Target": {"Arn": f"arn:aws:backup:us-east-1:{ACCOUNT}:x"}}, "backup is not a supported service for a target."),
        (
            {"Target": {"Arn": QUEUE.replace("us-east-1", "eu-west-1")}},
            "The target ARN provided does not match the current region us-east-1.",
        ),
        (
            {"Target": {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole"}},
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
        ),
    ],
)
def test_a_schedule_that_is_refused(aws: SchedulerFixtures, members: dict, message: str) -> None:
    given = {"expression": "rate(1 day)", "arn": QUEUE, "Name": "refused"} | members
    assert refusal(aws.schedule, **given) == f"ValidationException: {message}"
    assert refusal(aws.scheduler.get_schedule, Name="refused").startswith("ResourceNotFoundException")


@pytest.mark.parametrize("arn", [f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m", "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"])
def test_a_target_that_nothing_here_runs_is_refused_by_name(aws: SchedulerFixtures, arn: str) -> None:
    message = refusal(aws.schedule, expression="rate(1 day)", arn=arn)
    assert message.startswith("NotSupportedByLocalAws") and arn in message
