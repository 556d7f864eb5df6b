"""Buses, rules and targets: what is stored and shown, and what is refused in AWS's words."""

from __future__ import annotations

import json

import pytest

from tests.localaws.events.events_fixtures import ACCOUNT, EventsFixtures, refusal

RULES = f"arn:aws:events:us-east-1:{ACCOUNT}:rule"
PATTERN = json.dumps({"source": ["course"]})


def test_a_rule_and_its_targets(aws: EventsFixtures) -> None:
    events, name, (queue, _) = aws.events, aws.name("rule"), aws.queue()
    arn = events.put_rule(Name=name, EventPattern=PATTERN, Description="first", Tags=[{"Key": "team", "Value": "delays"}])["RuleArn"]
    assert arn == f"{RULES}/{name}"
    assert events.put_targets(Rule=name, Targets=[{"Id": "a", "Arn": queue}])["FailedEntryCount"] == 0
    events.put_targets(Rule=name, Targets=[{"Id": "b", "Arn": queue, "Input": '"b"'}, {"Id": "a", "Arn": queue, "InputPath": "$.detail"}])
    shown = events.list_targets_by_rule(Rule=name)["Targets"]
    assert shown == [{"Id": "a", "Arn": queue, "InputPath": "$.detail"}, {"Id": "b", "Arn": queue, "Input": '"b"'}]
    assert name in events.list_rule_names_by_target(TargetArn=queue)["RuleNames"]

    # PutRule replaces the rule, but neither its targets nor its tags.
    events.put_rule(Name=name, ScheduleExpression="rate(5 minutes)", State="DISABLED", Tags=[{"Key": "team", "Value": "others"}])
    described = events.describe_rule(Name=name)
    described.pop("ResponseMetadata")
    assert described == {
        "Name": name,
        "Arn": arn,
        "ScheduleExpression": "rate(5 minutes)",
        "State": "DISABLED",
        "EventBusName": "default",
        "CreatedBy": ACCOUNT,
    }
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "delays"}]
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "stage", "Value": "test"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "stage", "Value": "test"}]
    events.enable_rule(Name=name)
    assert events.list_rules(NamePrefix=name)["Rules"][0]["State"] == "ENABLED"

    assert refusal(events.delete_rule, Name=name) == "ValidationException: Rule can't be deleted since it has targets."
    events.remove_targets(Rule=name, Ids=["a", "b"])
    events.delete_rule(Name=name)
    events.delete_rule(Name=name)  # as on AWS
    missing = f"ResourceNotFoundException: Rule {name} does not exist on EventBus default."
    assert refusal(events.describe_rule, Name=name) == missing
    assert refusal(events.put_targets, Rule=name, Targets=[{"Id": "a", "Arn": queue}]) == missing


def test_a_bus_of_ones_own(aws: EventsFixtures) -> None:
    events, bus = aws.events, aws.name("bus")
    arn = events.create_event_bus(Name=bus, Description="flights")["EventBusArn"]
    assert arn == f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/{bus}"
    assert refusal(events.create_event_bus, Name=bus) == f"ResourceAlreadyExistsException: Event bus {bus} already exists."
    assert events.put_rule(Name="r", EventPattern=PATTERN, EventBusName=arn)["RuleArn"] == f"{RULES}/{bus}/r"
    assert [rule["Name"] for rule in events.list_rules(EventBusName=bus)["Rules"]] == ["r"]
    shown = events.describe_event_bus(Name=bus)
    assert (shown["Name"], shown["Arn"], shown["Description"]) == (bus, arn, "flights")
    assert {"default", bus} <= {each["Name"] for each in events.list_event_buses()["EventBuses"]}
    scheduled = refusal(events.put_rule, Name="s", ScheduleExpression="rate(1 day)", EventBusName=bus)
    assert scheduled == "ValidationException: ScheduleExpression is supported only on the default event bus."
    assert "since it has rules" in refusal(events.delete_event_bus, Name=bus)
    events.delete_rule(Name="r", EventBusName=bus)
    events.delete_event_bus(Name=bus)
    assert refusal(events.describe_event_bus, Name=bus) == f"ResourceNotFoundException: Event bus {bus} does not exist."
    assert refusal(events.delete_event_bus, Name="default") == "ValidationException: Cannot delete event bus default."


def test_a_bus_of_another_account_is_refused_by_name(aws: EventsFixtures) -> None:
    other = "arn:aws:events:us-east-1:999999999999:event-bus/default"
    entry = {"Source": "course", "DetailType": "t", "Detail": "{}", "EventBusName": other}
    for message in (refusal(aws.events.put_events, Entries=[entry]), refusal(aws.events.list_rules, EventBusName=other)):
        assert message.startswith("NotSupportedByLocalAws") and other in message


def test_lists_come_in_pages_also_while_rules_are_deleted(aws: EventsFixtures) -> None:
    stem = aws.name("paged")
    for place in range(5):
        aws.events.put_rule(Name=f"{stem}-{place}", EventPattern=PATTERN)
    found, token = [], {}
    while True:
        answer = aws.events.list_rules(NamePrefix=stem, Limit=2, **token)
        found += [rule["Name"] for rule in answer["Rules"]]
        for rule in answer["Rules"]:
            aws.events.delete_rule(Name=rule["Name"])
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert found == [f"{stem}-{place}" for place in range(5)]
    assert refusal(aws.events.list_rules, NextToken="2").startswith("ValidationException: Invalid NextToken")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified."),
        ({"ScheduleExpression": "rate(1 minutes)"}, "ValidationException: Parameter ScheduleExpression is not valid."),
        ({"ScheduleExpression": "rate(3 minute)"}, "ValidationException: Parameter ScheduleExpression is not valid."),
        ({"ScheduleExpression": "cron(7 20 * * 1-7 *)"}, "ValidationException: Parameter ScheduleExpression is not valid."),
        ({"ScheduleExpression": "at(2030-01-01T00:00:00)"}, "ValidationException: Parameter ScheduleExpression is not valid."),
        (
            {"EventPattern": '{"source": []}'},
            "InvalidEventPatternException: Event pattern is not valid. Reason: Empty arrays are not allowed",
        ),
        (
            {"EventPattern": json.dumps({"source": ["x" * 2050]})},
            "ValidationException: Parameter EventPattern for rule refused exceeds limit of 2048.",
        ),
        ({"EventPattern": PATTERN, "EventBusName": "absent"}, "ResourceNotFoundException: Event bus absent does not exist."),
        (
            {"EventPattern": PATTERN, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole"},
            f"ValidationException: Provided role 'arn:aws:iam::{ACCOUNT}:role/SageMakerRole' cannot be assumed by principal "
            "'events.amazonaws.com'.",
        ),
    ],
)
def test_a_rule_that_is_refused(aws: EventsFixtures, members: dict, message: str) -> None:
    assert refusal(aws.events.put_rule, Name="refused", **members) == message


QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"Arn": "queue"}, "ValidationException: Parameter queue is not valid. Reason: Provided Arn is not in correct format."),
        (
            {"Arn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"},
            f"ValidationException: Parameter arn:aws:sqs:eu-west-1:{ACCOUNT}:q is not valid. Reason: The target must be in the region of "
            "the rule, us-east-1.",
        ),
        ({"Arn": f"{QUEUE}.fifo"}, "ValidationException: Parameter(s) SqsParameters must be specified for target: t."),
        (
            {"Arn": QUEUE, "Input": '"x"', "InputPath": "$.detail"},
            "ValidationException: Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
        ({"Arn": QUEUE, "Input": "word"}, "ValidationException: JSON syntax error in input for target t."),
        ({"Arn": QUEUE, "InputPath": "detail"}, "ValidationException: InputPath for target t is invalid."),
        ({"Arn": QUEUE, "InputPath": "$.detail['key']"}, "ValidationException: InputPath for target t is invalid."),
        (
            {"Arn": QUEUE, "InputTransformer": {"InputPathsMap": {"a": "$.id"}, "InputTemplate": '"<a> <b>"'}},
            "ValidationException: InputTemplate for target t contains invalid placeholder b.",
        ),
        (
            {"Arn": QUEUE, "InputTransformer": {"InputTemplate": "[<aws.events.event.json>]"}},
            "ValidationException: InputTemplate for target t contains placeholder aws.events.event.json valid only for JSON template.",
        ),
        (
            {"Arn": QUEUE, "SageMakerPipelineParameters": {}},
            "ValidationException: Parameter(s) SageMakerPipelineParameters not supported for target: t.",
        ),
        (
            {"Arn": QUEUE, "DeadLetterConfig": {"Arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:t"}},
            "ValidationException: sns is not supported as a dead letter resource.",
        ),
        (
            {"Arn": QUEUE, "DeadLetterConfig": {"Arn": f"{QUEUE}.fifo"}},
            "ValidationException: SQS FIFO is not supported by Dead Letter Queues.",
        ),
    ],
)
def test_a_target_that_is_refused(aws: EventsFixtures, target: dict, message: str) -> None:
    name = aws.rule({"source": ["never"]})
    assert refusal(aws.events.put_targets, Rule=name, Targets=[{"Id": "t", **target}]) == message
    assert aws.events.list_targets_by_rule(Rule=name)["Targets"] == []


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m",
        "arn:aws:sqs:us-east-1:999999999999:q",
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:l",
        f"arn:aws:events:us-east-1:{ACCOUNT}:api-destination/d/1",
    ],
)
def test_a_target_that_nothing_here_runs_is_refused_by_name(aws: EventsFixtures, arn: str) -> None:
    name = aws.rule({"source": ["never"]})
    message = refusal(aws.events.put_targets, Rule=name, Targets=[{"Id": "t", "Arn": arn}])
    assert message.startswith("NotSupportedByLocalAws") and arn in message


def test_a_rule_has_at_most_five_targets(aws: EventsFixtures) -> None:
    name = aws.rule({"source": ["never"]}, *[{"Arn": QUEUE}] * 5)
    message = refusal(aws.events.put_targets, Rule=name, Targets=[{"Id": "sixth", "Arn": QUEUE}])
    assert message == "LimitExceededException: The requested resource exceeds the maximum number allowed."


def test_a_pattern_is_tested(aws: EventsFixtures) -> None:
    event = {"id": "1", "account": ACCOUNT, "source": "course", "time": "2026-11-28T10:00:00Z", "region": "us-east-1", "detail-type": "t"}
    test = aws.events.test_event_pattern
    assert test(EventPattern=PATTERN, Event=json.dumps(event))["Result"]
    assert not test(EventPattern=PATTERN, Event=json.dumps(event | {"source": "other"}))["Result"]
    for broken in ('"text"', "{", json.dumps({"source": "course"})):
        assert refusal(test, EventPattern=PATTERN, Event=broken) == "ValidationException: Parameter Event is not valid."


@pytest.mark.parametrize("operation", ["create_archive", "list_connections", "put_permission"])
def test_what_is_not_here_is_refused_by_name(aws: EventsFixtures, operation: str) -> None:
    parameters = {"create_archive": {"ArchiveName": "a", "EventSourceArn": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"}}
    message = refusal(getattr(aws.events, operation), **parameters.get(operation, {}))
    assert message.startswith("NotSupportedByLocalAws: events:")
