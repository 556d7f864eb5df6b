"""Asynchronous invocations, and what stays of functions, events and processes when the local AWS is killed."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from course.localaws.server import launch
from tests import by_day
from tests.leaked_processes import wait_for
from tests.localaws.awslambda.programs import ROLE_NAME, create, invoke, log, make_role, package
from tests.localaws.iam.callers import allow, document
from tests.localaws.moto.restartable_aws import RestartableAws

COUNTING = """
import json, time, boto3
s3 = boto3.client("s3")

def handler(event, context):
    attempts = s3.list_objects_v2(Bucket="attempts").get("KeyCount", 0)
    s3.put_object(Bucket="attempts", Key=f"{attempts}-{context.aws_request_id}", Body=json.dumps(event).encode())
    if attempts < event["failures"]:
        raise RuntimeError("not yet")
    if attempts == 0:
        time.sleep(event.get("seconds", 0))
"""
PRINTING = """
def handler(event, context):
    sent = event["Records"][0]["Sns"]
    print(sent["Message"], sent["TopicArn"])
    if sent["MessageAttributes"]:
        print(sent["Subject"], sent["MessageAttributes"])
"""
ON_ATTEMPTS = document(allow("s3:*", ["arn:aws:s3:::attempts", "arn:aws:s3:::attempts/*"]))
PATIENCE = 200.0  # seconds on a busy machine


class Attempts:
    """Counts the runs of `COUNTING` by the objects that it writes."""

    def __init__(self, client: Callable) -> None:
        self._s3 = client("s3")
        self._s3.create_bucket(Bucket="attempts")

    def keys(self) -> list[str]:
        return sorted(entry["Key"] for entry in self._s3.list_objects_v2(Bucket="attempts").get("Contents", []))

    def wait(self, number: int) -> list[str]:
        wait_for(lambda: len(self.keys()) >= number, f"{number} attempts", PATIENCE)
        return self.keys()


@pytest.fixture
def aws(tmp_path) -> Iterator[RestartableAws]:
    aws = RestartableAws(tmp_path / "state")
    make_role(aws)
    aws("iam").put_role_policy(RoleName=ROLE_NAME, PolicyName="attempts", PolicyDocument=ON_ATTEMPTS)
    yield aws
    aws.stop()


def reports(aws: RestartableAws, name: str) -> int:
    return sum(message.startswith("REPORT") for message in log(aws, name))


@pytest.mark.nightly  # waits for three processes
def test_a_failed_event_is_sent_twice_more_by_the_clock(aws):
    attempts = Attempts(aws)
    create(aws, "fails", COUNTING)
    answer = aws("lambda").invoke(FunctionName="fails", InvocationType="Event", Payload=json.dumps({"failures": 9}))
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    attempts.wait(1)
    wait_for(lambda: reports(aws, "fails") == 1, "the end of the first attempt")
    aws.handle.advance(59)
    assert len(attempts.keys()) == 1
    aws.handle.advance(2)
    attempts.wait(2)
    wait_for(lambda: reports(aws, "fails") == 2, "the end of the second attempt")
    aws.handle.advance(121)
    keys = attempts.wait(3)
    assert len({key.partition("-")[2] for key in keys}) == 1  # one request id
    wait_for(lambda: reports(aws, "fails") == 3, "the end of the last attempt")
    aws.handle.advance(3600)
    assert len(attempts.keys()) == 3


@pytest.mark.nightly  # seven seconds; by day a failed event is sent again
def test_an_event_ends_when_its_alias_is_deleted(aws):
    attempts = Attempts(aws)
    create(aws, "fails", COUNTING, Publish=True)
    aws("lambda").create_alias(FunctionName="fails", Name="live", FunctionVersion="1")
    aws("lambda").invoke(FunctionName="fails", InvocationType="Event", Qualifier="live", Payload=json.dumps({"failures": 9}))
    attempts.wait(1)
    wait_for(lambda: reports(aws, "fails") == 1, "the end of the first attempt")
    aws("lambda").delete_alias(FunctionName="fails", Name="live")
    aws.handle.advance(61)
    with contextlib.closing(sqlite3.connect(aws.state / "lambda.db")) as database:
        wait_for(lambda: database.execute("SELECT count(*) FROM events").fetchone() == (0,), "the end of the event")
    assert len(attempts.keys()) == 1


@pytest.mark.nightly  # events survive a kill by day in tests/localaws/events
def test_an_event_survives_a_kill_and_its_function_runs_again(aws):
    attempts = Attempts(aws)
    create(aws, "killed", COUNTING, Tags={"team": "x"})
    aws("lambda").invoke(FunctionName="killed", InvocationType="Event", Payload=json.dumps({"failures": 0, "seconds": 50}))
    attempts.wait(1)
    aws.restart()
    attempts.wait(2)
    wait_for(lambda: reports(aws, "killed") == 1, "the end of the event")
    aws.restart()
    found = aws("lambda").get_function(FunctionName="killed")
    assert (found["Tags"], found["Configuration"]["State"]) == ({"team": "x"}, "Active")
    assert "FunctionError" not in invoke(aws, "killed", {"failures": 0})
    assert len(attempts.keys()) == 3


def in_boxes(state: Path) -> list[int]:
    """The ids of the processes in boxes of a local AWS."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get("COURSE_BOX", "").startswith(str(state / "boxes")):
                found.append(process.pid)
    return found


@pytest.mark.parametrize("end", by_day.first(["kill", "stop"], 1))
def test_no_process_and_no_folder_is_left(aws, end):
    create(aws, "warm", "def handler(event, context):\n    return 1\n")
    invoke(aws, "warm")
    assert in_boxes(aws.state)
    if end == "stop":
        aws.stop()
        assert list((aws.state / "boxes").iterdir()) == []
    else:
        aws.kill()
    wait_for(lambda: not in_boxes(aws.state), "the end of the warm process")
    aws.handle = launch.start(aws.state)
    assert list((aws.state / "boxes").iterdir()) == []


def test_idle_processes_end_and_so_do_those_of_changed_functions(aws):
    boxes = aws.state / "boxes"
    create(aws, "idle", "def handler(event, context):\n    return 1\n")
    invoke(aws, "idle")
    aws("lambda").update_function_code(FunctionName="idle", ZipFile=package("def handler(event, context):\n    return 2\n"))
    wait_for(lambda: not list(boxes.iterdir()), "the end of the process with the old code")
    assert invoke(aws, "idle")["Payload"] == 2
    assert len(list((aws.state / "lambda").iterdir())) == 1  # the old package is gone
    aws.handle.advance(301)
    wait_for(lambda: not list(boxes.iterdir()), "the end of the idle process")


def test_a_process_that_is_killed_from_outside_is_the_callers_error(aws):
    create(aws, "victim", "import os, signal\ndef handler(event, context):\n    os.kill(os.getpid(), signal.SIGKILL)\n")
    answer = invoke(aws, "victim")
    assert answer["Payload"]["errorMessage"].endswith("Runtime exited with error: signal: killed")


def test_a_topic_invokes_a_function_that_allows_it(aws):
    create(aws, "notified", PRINTING)
    arn = aws("lambda").get_function_configuration(FunctionName="notified")["FunctionArn"]
    topic = aws("sns").create_topic(Name="news")["TopicArn"]
    aws("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    aws("sns").publish(TopicArn=topic, Message="unheard")
    aws("lambda").add_permission(
        FunctionName="notified", StatementId="sns", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com", SourceArn=topic
    )
    aws("sns").publish(TopicArn=topic, Message="heard")
    wait_for(lambda: aws("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/notified")["logGroups"], "the log group")
    wait_for(lambda: reports(aws, "notified"), "the end of the function")
    assert [line for line in log(aws, "notified") if "heard" in line] == [f"heard {topic}\n"]
    kind = {"kind": {"DataType": "String", "StringValue": "late"}}
    message = json.dumps({"default": "for others", "http": "for servers", "lambda": "for functions"})
    aws("sns").publish(TopicArn=topic, Message=message, MessageStructure="json", Subject="S", MessageAttributes=kind)
    wait_for(lambda: reports(aws, "notified") == 2, "the end of the function")
    printed = [line for line in log(aws, "notified") if line.startswith(("for ", "S "))]
    assert printed == [f"for functions {topic}\n", "S {'kind': {'Type': 'String', 'Value': 'late'}}\n"]


def test_a_rule_invokes_a_function(aws):
    create(aws, "ruled", "def handler(event, context):\n    print('got', event['detail']['n'])\n")
    arn = aws("lambda").get_function_configuration(FunctionName="ruled")["FunctionArn"]
    rule = aws("events").put_rule(Name="r", EventPattern=json.dumps({"source": ["course"]}))["RuleArn"]
    aws("lambda").add_permission(
        FunctionName="ruled", StatementId="r", Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceArn=rule
    )
    aws("events").put_targets(Rule="r", Targets=[{"Id": "f", "Arn": arn}])
    aws("events").put_events(Entries=[{"Source": "course", "DetailType": "d", "Detail": json.dumps({"n": 7})}])
    wait_for(lambda: aws("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/ruled")["logGroups"], "the log group", PATIENCE)
    wait_for(lambda: reports(aws, "ruled"), "the end of the function", PATIENCE)
    assert [line for line in log(aws, "ruled") if "got" in line] == ["got 7\n"]
