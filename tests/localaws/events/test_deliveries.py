"""Events reach the targets of the rules that match them, in the form that the target asks for, or the dead-letter queue."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from course.localaws.core.errors import AwsError
from course.localaws.events.targets import EVENTS, FunctionTarget, Invocation, PipelineTarget
from tests.localaws.events.events_fixtures import ACCOUNT, EventsFixtures
from tests.localaws.subscribed_queues import allow, subscribe

RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r"
PIPELINE = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:pipeline/delays"


def test_only_rules_that_match_send_the_event(aws: EventsFixtures) -> None:
    source, (arn, url), (other_arn, other_url) = aws.name("source"), aws.queue(), aws.queue()
    aws.rule({"source": [source], "detail": {"delay": [{"numeric": [">", 15]}]}}, {"Arn": arn})
    aws.rule({"source": [source], "detail": {"delay": [{"numeric": ["<=", 15]}]}}, {"Arn": other_arn})
    aws.events.disable_rule(Name=aws.rule({"source": [source]}, {"Arn": other_arn}))
    id = aws.put(source, {"delay": 20}, Resources=["flight/1"])["EventId"]
    [event] = aws.bodies(url)
    assert event.pop("time").endswith("Z")
    assert event == {
        "version": "0",
        "id": id,
        "detail-type": "test",
        "source": source,
        "account": ACCOUNT,
        "region": "us-east-1",
        "resources": ["flight/1"],
        "detail": {"delay": 20},
    }
    aws.settled()
    assert aws.bodies(other_url, 0) == []


def test_entries_are_checked_one_by_one(aws: EventsFixtures) -> None:
    good = {"Source": "course", "DetailType": "t", "Detail": "{}"}
    entries = [good, good | {"Detail": "{"}, good | {"Detail": "[]"}, good | {"Source": "aws.ec2"}, {"DetailType": "t", "Detail": "{}"}]
    entries.append(good | {"EventBusName": "absent"})
    answer = aws.events.put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 4
    codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
    assert codes == [None, "MalformedDetail", "MalformedDetail", "NotAuthorizedForSourceException", "InvalidArgument", None]
    assert answer["Entries"][4]["ErrorMessage"] == "Parameter Source is not valid. Reason: Source is a required argument."
    assert answer["Entries"][5]["EventId"]


def test_inputs(aws: EventsFixtures) -> None:
    source = aws.name("source")
    transformers = [
        ({"a": "$.detail.name", "n": "$.detail.count"}, '{"name": <a>, "text": "<a> has <n>", "n": <n>}'),
        ({"a": "$.detail.absent"}, '{"absent": <a>, "text": "none: <a>."}'),
        ({"a": "$.detail.name"}, '"<a> by <aws.events.rule-name>"'),
        ({"o": "$.detail.inner", "l": "$.detail.list[*].x"}, '{"object": <o>, "list": <l>, "first": "<o>"}'),
        ({}, '{"event": <aws.events.event>, "all": <aws.events.event.json>}'),
        ({"a": "$.detail.name"}, "<a> is late"),
    ]
    queues = [aws.queue() for _ in range(3 + len(transformers))]
    inputs = [{"Input": '{"fixed": 1}'}, {"InputPath": "$.detail.inner"}, {"InputPath": "$.detail.name"}]
    inputs += [{"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}} for paths, template in transformers]
    rules = [aws.rule({"source": [source]}, {"Arn": queue, **chosen}) for (queue, _), chosen in zip(queues, inputs, strict=True)]
    detail = {"name": "AA1", "count": 2, "inner": {"k": "v"}, "list": [{"x": 1}, {"x": 2}]}
    id = aws.put(source, detail)["EventId"]
    got = [aws.messages(url)[0]["Body"] for _, url in queues]
    assert got[:3] == ['{"fixed": 1}', '{"k":"v"}', '"AA1"']
    assert json.loads(got[3]) == {"name": "AA1", "text": "AA1 has 2", "n": 2}
    assert json.loads(got[4]) == {"absent": "", "text": "none: ."}
    assert got[5] == f'"AA1 by {rules[5]}"'
    assert json.loads(got[6]) == {"object": {"k": "v"}, "list": [1, 2], "first": "{k:v}"}
    event = json.loads(got[7])
    assert event["all"]["detail"] == detail and event["event"]["detailType"] == "test" and event["event"]["id"] == id
    assert "detail" not in event["event"]
    assert got[8] == "AA1 is late"


def test_a_fifo_queue_keeps_the_group(aws: EventsFixtures) -> None:
    source, (arn, url) = aws.name("source"), aws.queue(FifoQueue="true", ContentBasedDeduplication="true")
    aws.rule({"source": [source]}, {"Arn": arn, "SqsParameters": {"MessageGroupId": "flights"}})
    for place in range(3):
        aws.put(source, {"place": place})
    assert [event["detail"]["place"] for event in aws.bodies(url, 3)] == [0, 1, 2]


def test_a_topic_a_log_group_and_another_bus(aws: EventsFixtures) -> None:
    source, bus, (arn, url) = aws.name("source"), aws.name("bus"), aws.queue()
    sns, logs, group = aws.client("sns"), aws.client("logs"), f"/aws/events/{source}"
    topic = sns.create_topic(Name=source)["TopicArn"]
    let_rules_publish(sns, topic)
    subscribe(sns, aws.sqs, topic, url, RawMessageDelivery="true")
    logs.create_log_group(logGroupName=group)
    log_arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}"
    bus_arn = aws.events.create_event_bus(Name=bus)["EventBusArn"]
    aws.rule({"source": [source]}, {"Arn": arn}, EventBusName=bus)
    line = {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"timestamp": 1790000000000, "message": "flight <n>"}'}
    aws.rule({"source": [source]}, {"Arn": topic}, {"Arn": log_arn}, {"Arn": f"{log_arn}:*", "InputTransformer": line}, {"Arn": bus_arn})
    aws.put(source, {"n": 7})
    first, second = aws.bodies(url, 2)
    assert first == second and first["detail"] == {"n": 7}
    written = logs.filter_log_events(logGroupName=group)["events"]
    assert {event["message"] for event in written} == {"flight 7", json.dumps(first, separators=(",", ":"))}


def test_buses_that_are_each_others_targets_send_an_event_round_only_a_few_times(aws: EventsFixtures) -> None:
    source, (arn, url) = aws.name("source"), aws.queue()
    one, two = aws.name("bus"), aws.name("bus")
    arns = {bus: aws.events.create_event_bus(Name=bus)["EventBusArn"] for bus in (one, two)}
    aws.rule({"source": [source]}, {"Arn": arns[two]}, {"Arn": arn}, EventBusName=one)
    aws.rule({"source": [source]}, {"Arn": arns[one]}, EventBusName=two)
    aws.put(source, {}, EventBusName=one)
    aws.settled(aws.name("settled"))
    assert 1 <= len(aws.bodies(url)) <= 6


def test_a_failed_delivery_goes_to_the_dead_letter_queue(aws: EventsFixtures) -> None:
    source, (dead, url) = aws.name("source"), aws.queue()
    missing, group = f"arn:aws:sqs:us-east-1:{ACCOUNT}:absent", f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/absent"
    kept = {"DeadLetterConfig": {"Arn": dead}}
    name = aws.rule({"source": [source]}, {"Arn": missing, **kept}, {"Arn": group, **kept})
    role = aws.role("events.amazonaws.com", "sns:Publish")
    queue, _ = aws.queue()
    aws.events.put_targets(Rule=name, Targets=[{"Id": "denied", "Arn": queue, "RoleArn": role, **kept}])
    id = aws.put(source, {"n": 1})["EventId"]
    messages = aws.messages(url, 3)
    found = [{name: value["StringValue"] for name, value in message["MessageAttributes"].items()} for message in messages]
    assert [(each["TARGET_ARN"], each["ERROR_CODE"]) for each in found] == [
        (missing, "NO_RESOURCE"),
        (group, "NO_RESOURCE"),
        (queue, "NO_PERMISSIONS"),
    ]
    assert all(each["RULE_ARN"].endswith(f":rule/{name}") and each["RETRY_ATTEMPTS"] == "0" for each in found)
    assert "is not authorized to perform: sqs:SendMessage" in found[2]["ERROR_MESSAGE"]
    assert all(json.loads(message["Body"])["id"] == id for message in messages)
    aws.settled(aws.name("settled"))
    counted = {metric: 3 for metric in ("Invocations", "FailedInvocations", "InvocationsSentToDlq")} | {"TriggeredRules": 1}
    assert {metric: aws.sum("AWS/Events", metric, RuleName=name) for metric in counted} == counted


def test_a_topic_that_does_not_exist_is_not_tried_again(aws: EventsFixtures) -> None:
    source, (dead, url) = aws.name("source"), aws.queue()
    missing = f"arn:aws:sns:us-east-1:{ACCOUNT}:absent"
    aws.rule({"source": [source]}, {"Arn": missing, "DeadLetterConfig": {"Arn": dead}})
    aws.put(source, {})
    [message] = aws.messages(url)
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"


# ---- who lets a rule in -----------------------------------------------------------------------------------------------------


def let_rules_publish(sns: Any, topic: str) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": topic}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


def closed_queue(aws: EventsFixtures) -> tuple[str, str]:
    """Creates a queue without a policy. Returns its ARN and its URL."""
    name = aws.name("closed")
    return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}", aws.sqs.create_queue(QueueName=name)["QueueUrl"]


def test_a_rule_reaches_only_what_lets_it_in(aws: EventsFixtures) -> None:
    source, (dead, url), (queue, queue_url) = aws.name("source"), aws.queue(), closed_queue(aws)
    topic = aws.client("sns").create_topic(Name=source)["TopicArn"]
    kept = {"DeadLetterConfig": {"Arn": dead}}
    name = aws.rule({"source": [source]}, {"Arn": queue, **kept}, {"Arn": topic, **kept})
    aws.put(source, {})
    messages = aws.messages(url, 2)
    found = [{name: value["StringValue"] for name, value in message["MessageAttributes"].items()} for message in messages]
    assert [(each["TARGET_ARN"], each["ERROR_CODE"]) for each in found] == [(queue, "NO_PERMISSIONS"), (topic, "NO_PERMISSIONS")]
    why = "events.amazonaws.com is not authorized to perform: sqs:SendMessage on resource: "
    assert found[0]["ERROR_MESSAGE"] == f"{why}{queue} because no resource-based policy allows the sqs:SendMessage action"
    role = aws.role("events.amazonaws.com", "sqs:SendMessage")  # the target's role, in place of a policy
    aws.events.put_targets(Rule=name, Targets=[{"Id": "0", "Arn": queue, "RoleArn": role}])
    aws.put(source, {"n": 2})
    assert aws.bodies(queue_url)[0]["detail"] == {"n": 2}


@pytest.mark.parametrize(("condition", "gets"), [("own", 1), ("other", 0)])
def test_a_policy_can_name_the_rule(aws: EventsFixtures, condition: str, gets: int) -> None:
    source, (queue, url) = aws.name("source"), closed_queue(aws)
    name = aws.rule({"source": [source]}, {"Arn": queue})
    rule = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/{name}" + ("" if condition == "own" else "-other")
    allow(aws.sqs, url, "events.amazonaws.com", {"ArnEquals": {"aws:SourceArn": rule}})
    aws.put(source, {})
    aws.settled(aws.name("settled"))
    assert len(aws.bodies(url, gets)) == gets


def test_a_dead_letter_queue_that_does_not_let_rules_in_gets_nothing(aws: EventsFixtures) -> None:
    source, (dead, url) = aws.name("source"), closed_queue(aws)
    missing = f"arn:aws:sqs:us-east-1:{ACCOUNT}:absent"
    name = aws.rule({"source": [source]}, {"Arn": missing, "DeadLetterConfig": {"Arn": dead}})
    aws.put(source, {})
    aws.settled(aws.name("settled"))
    assert aws.messages(url, 0) == []
    counted = {metric: aws.sum("AWS/Events", metric, RuleName=name) for metric in ("FailedInvocations", "InvocationsSentToDlq")}
    assert counted == {"FailedInvocations": 1, "InvocationsSentToDlq": 0}


# ---- what other packages start ----------------------------------------------------------------------------------------------


def invocation(target: dict, payload: str = "{}", event: dict | None = None) -> Invocation:
    return Invocation("one", EVENTS, RULE, target, payload, event)


def test_a_pipeline_is_started_with_its_parameters() -> None:
    started: list[tuple] = []
    kind = PipelineTarget(lambda *arguments: started.append(arguments))
    given = [
        {"Name": "Key", "Value": "$.detail.object.key"},
        {"Name": "Size", "Value": "$.detail.object.size"},
        {"Name": "Env", "Value": "x"},
    ]
    target = {"Arn": PIPELINE, "RoleArn": "role", "SageMakerPipelineParameters": {"PipelineParameterList": given}}
    call = invocation(target, event={"detail": {"object": {"key": "a/b", "size": 5}}})
    kind.invoke(call)
    kind.invoke(call)
    [(arn, parameters, role, token), (*_, again)] = started
    assert (arn, parameters, role) == (PIPELINE, {"Key": "a/b", "Size": "5", "Env": "x"}, "role")
    assert token == again and len(token) == 32
    with pytest.raises(AwsError, match=re.escape("$.detail.object.key")):
        kind.invoke(invocation(target, event={"detail": {}}))
    kind.invoke(invocation({"Arn": PIPELINE, "RoleArn": "role", "SageMakerPipelineParameters": {}}))
    assert started[-1][1] == {}


def test_a_function_is_invoked_with_the_payload() -> None:
    invoked: list[tuple] = []
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
    FunctionTarget(lambda *arguments: invoked.append(arguments)).invoke(invocation({"Arn": function}, '{"a":1}'))
    assert invoked[0][:2] == (function, '{"a":1}')
