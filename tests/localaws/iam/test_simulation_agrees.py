"""The policy simulator and real calls decide alike: drawn policies, and the same request once simulated and once made."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from course.localaws.core.credentials import ACCOUNT
from tests.localaws.iam.callers import User
from tests.localaws.iam.drawn_requests import QUIET
from tests.localaws.moto.restartable_aws import RestartableAws

PLACE = f"us-east-1:{ACCOUNT}"
TOPIC, QUEUE = f"arn:aws:sns:{PLACE}:late", f"arn:aws:sqs:{PLACE}:late"
RULE, GROUP = f"arn:aws:events:{PLACE}:rule/nightly", f"arn:aws:logs:{PLACE}:log-group:/delays:log-stream:"
QUEUE_URL = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/late"
# Action, resource, tags of the resource, service, and the call.
REQUESTS = [
    ("sns:Publish", TOPIC, {"team": "delays"}, "sns", lambda client: client.publish(TopicArn=TOPIC, Message="m")),
    ("sns:GetTopicAttributes", TOPIC, {"team": "delays"}, "sns", lambda client: client.get_topic_attributes(TopicArn=TOPIC)),
    ("sqs:ReceiveMessage", QUEUE, {}, "sqs", lambda client: client.receive_message(QueueUrl=QUEUE_URL)),
    ("events:DescribeRule", RULE, {"team": "weather"}, "events", lambda client: client.describe_rule(Name="nightly")),
    ("logs:DescribeLogStreams", GROUP, {}, "logs", lambda client: client.describe_log_streams(logGroupName="/delays")),
    ("iam:ListUsers", "*", {}, "iam", lambda client: client.list_users()),
    ("ec2:DescribeVpcs", "*", {}, "ec2", lambda client: client.describe_vpcs()),
]
ACTIONS = ["*", "sns:*", "sns:Publish", "SQS:receive*", "events:Describe*", "logs:*", "iam:List*", "ec2:DescribeVpcs", "s3:GetObject"]
RESOURCES = ["*", TOPIC, QUEUE, RULE, f"arn:aws:logs:{PLACE}:log-group:/delays:*", "arn:aws:sns:*:*:l?te", "arn:aws:*:us-west-2:*:*"]
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "StringEquals": st.sampled_from([{"aws:ResourceTag/team": "delays"}, {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}]),
        "StringNotEqualsIfExists": st.just({"aws:ResourceTag/team": "weather"}),
        "IpAddress": st.sampled_from([{"aws:SourceIp": "127.0.0.0/8"}, {"aws:SourceIp": "10.0.0.0/8"}]),
        "Bool": st.sampled_from([{"aws:SecureTransport": "true"}, {"aws:SecureTransport": "false"}]),
        "Null": st.just({"aws:MultiFactorAuthPresent": "true"}),
    },
)
STATEMENTS = st.builds(
    lambda effect, action, actions, resource, resources, condition: {
        "Effect": effect, action: actions, resource: resources, **({"Condition": condition} if condition else {}),
    },
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(["Action", "Action", "NotAction"]),
    st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3),
    st.sampled_from(["Resource", "Resource", "NotResource"]),
    st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=3),
    CONDITIONS,
)  # fmt: skip


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    aws = RestartableAws(tmp_path_factory.mktemp("simulation") / "state")
    aws("sns").create_topic(Name="late", Tags=[{"Key": "team", "Value": "delays"}])
    aws("sqs").create_queue(QueueName="late")
    aws("events").put_rule(Name="nightly", ScheduleExpression="rate(1 day)", Tags=[{"Key": "team", "Value": "weather"}])
    aws("logs").create_log_group(logGroupName="/delays")
    yield aws
    aws.stop()


@pytest.fixture(scope="module")
def user(aws) -> User:
    return User(aws)


@settings(max_examples=40, **QUIET)
@given(policies=st.lists(st.lists(STATEMENTS, min_size=1, max_size=3), min_size=1, max_size=2), request_=st.sampled_from(REQUESTS))
def test_simulated_and_real_calls_are_decided_alike(aws, user, policies, request_):
    check(aws, user, policies, request_)


@pytest.mark.nightly
@settings(max_examples=300, **QUIET)
@given(policies=st.lists(st.lists(STATEMENTS, min_size=1, max_size=4), min_size=1, max_size=3), request_=st.sampled_from(REQUESTS))
def test_many_simulated_and_real_calls_are_decided_alike(aws, user, policies, request_):
    check(aws, user, policies, request_)


def check(aws: RestartableAws, user: User, policies: list[list[dict]], request: tuple) -> None:
    action, resource, tags, service, call = request
    for number in range(3):
        statements = policies[number] if number < len(policies) else [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        aws("iam").put_user_policy(UserName=user.name, PolicyName=f"p{number}", PolicyDocument=document)
    context = {"aws:SourceIp": "127.0.0.1", "aws:RequestedRegion": "us-east-1", "aws:SecureTransport": "true"}
    context |= {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
    entries = [{"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"} for key, value in context.items()]
    simulated = aws("iam").simulate_principal_policy(
        PolicySourceArn=user.arn, ActionNames=[action], ResourceArns=[resource], ContextEntries=entries
    )["EvaluationResults"][0]["EvalDecision"]
    assert made(call, user(service)) == simulated


def made(call, client) -> str:
    try:
        call(client)
    except ClientError as error:
        message = error.response["Error"]["Message"]
        assert "is not authorized to perform" in message, error
        return "explicitDeny" if "with an explicit deny" in message else "implicitDeny"
    return "allowed"
