"""The caller's policies decide about calls of every service: with boto3, against a real local AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from course.localaws.core.credentials import ACCOUNT
from tests.localaws.awslambda.programs import package
from tests.localaws.iam.callers import User, allow, deny, document
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.refusals import refused

REGION = "us-east-1"
PLACE = f"{REGION}:{ACCOUNT}"
TAG = {"team": "delays"}
TAGS = [{"Key": "team", "Value": "delays"}]
LAMBDA_ROLE = f"arn:aws:iam::{ACCOUNT}:role/of-functions"
GROUP = "/course/delays"
PACKAGE = package("def main(event, context):\n    return 'warned'\n", "warn.py")


@dataclass(frozen=True)
class Call:
    """A call, the permission that it needs, and the error of its refusal. ``shown`` is the action as the service writes it."""

    service: str
    action: str
    resource: str
    make: Callable[[Any], object]
    code: str = "AccessDeniedException"
    shown: str = ""
    before: str = ""
    tagged: bool = True


def _secret(client: Any) -> object:
    return client.get_secret_value(SecretId="flights")


CALLS = {
    "athena": Call(
        "athena",
        "athena:GetWorkGroup",
        f"arn:aws:athena:{PLACE}:workgroup/delays",
        lambda client: client.get_work_group(WorkGroup="delays"),
    ),
    "cloudwatch": Call(
        "cloudwatch",
        "cloudwatch:SetAlarmState",
        f"arn:aws:cloudwatch:{PLACE}:alarm:late",
        lambda client: client.set_alarm_state(AlarmName="late", StateValue="OK", StateReason="test"),
    ),
    "dynamodb": Call(
        "dynamodb",
        "dynamodb:GetItem",
        f"arn:aws:dynamodb:{PLACE}:table/flights",
        lambda client: client.get_item(TableName="flights", Key={"id": {"S": "1"}}),
    ),
    "ecr": Call(
        "ecr", "ecr:ListImages", f"arn:aws:ecr:{PLACE}:repository/models", lambda client: client.list_images(repositoryName="models")
    ),
    "events": Call(
        "events", "events:DescribeRule", f"arn:aws:events:{PLACE}:rule/nightly", lambda client: client.describe_rule(Name="nightly")
    ),
    "glue": Call("glue", "glue:GetJob", f"arn:aws:glue:{PLACE}:job/clean", lambda client: client.get_job(JobName="clean")),
    "iam": Call(
        "iam", "iam:ListRolePolicies", LAMBDA_ROLE, lambda client: client.list_role_policies(RoleName="of-functions"), code="AccessDenied"
    ),
    "kinesis": Call(
        "kinesis",
        "kinesis:DescribeStream",
        f"arn:aws:kinesis:{PLACE}:stream/arrivals",
        lambda client: client.describe_stream(StreamName="arrivals"),
    ),
    "lambda": Call(
        "lambda",
        "lambda:GetFunctionConfiguration",
        f"arn:aws:lambda:{PLACE}:function:warn",
        lambda client: client.get_function_configuration(FunctionName="warn"),
    ),
    "logs": Call(
        "logs",
        "logs:DescribeLogStreams",
        f"arn:aws:logs:{PLACE}:log-group:{GROUP}:log-stream:",
        lambda client: client.describe_log_streams(logGroupName=GROUP),
    ),
    "scheduler": Call(
        "scheduler",
        "scheduler:GetScheduleGroup",
        f"arn:aws:scheduler:{PLACE}:schedule-group/nights",
        lambda client: client.get_schedule_group(Name="nights"),
    ),
    "secretsmanager": Call("secretsmanager", "secretsmanager:GetSecretValue", "", _secret),
    "sns": Call(
        "sns",
        "sns:Publish",
        f"arn:aws:sns:{PLACE}:late",
        lambda client: client.publish(TopicArn=f"arn:aws:sns:{PLACE}:late", Message="m"),
        code="AuthorizationError",
        shown="SNS:Publish",
    ),
    "sqs": Call(
        "sqs",
        "sqs:SendMessage",
        f"arn:aws:sqs:{PLACE}:late",
        lambda client: client.send_message(QueueUrl=f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/late", MessageBody="m"),
        code="AccessDenied",
        shown="sqs:sendmessage",
    ),
    "ssm": Call(
        "ssm",
        "ssm:GetParameter",
        f"arn:aws:ssm:{PLACE}:parameter/course/threshold",
        lambda client: client.get_parameter(Name="/course/threshold"),
    ),
    "states": Call(
        "stepfunctions",
        "states:DescribeStateMachine",
        f"arn:aws:states:{PLACE}:stateMachine:retrain",
        lambda client: client.describe_state_machine(stateMachineArn=f"arn:aws:states:{PLACE}:stateMachine:retrain"),
    ),
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    aws = RestartableAws(tmp_path_factory.mktemp("every-service") / "state")
    trust = {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]}, "Action": "sts:AssumeRole"}
    aws("iam").create_role(RoleName="of-functions", AssumeRolePolicyDocument=document(trust), Tags=TAGS)
    aws("athena").create_work_group(Name="delays", Tags=TAGS)
    aws("cloudwatch").put_metric_alarm(
        AlarmName="late", Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold", Tags=TAGS,
    )  # fmt: skip
    key = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    }
    aws("dynamodb").create_table(TableName="flights", BillingMode="PAY_PER_REQUEST", Tags=TAGS, **key)
    aws("ecr").create_repository(repositoryName="models", tags=TAGS)
    aws("events").put_rule(Name="nightly", ScheduleExpression="rate(1 day)", Tags=TAGS)
    aws("glue").create_job(Name="clean", Role=LAMBDA_ROLE, Command={"Name": "glueetl"}, Tags=TAG)
    aws("kinesis").create_stream(StreamName="arrivals", ShardCount=1)
    aws("kinesis").add_tags_to_stream(StreamName="arrivals", Tags=TAG)
    aws("lambda").create_function(
        FunctionName="warn",
        Runtime="python3.12",
        Role=LAMBDA_ROLE,
        Handler="warn.main",
        Code={"ZipFile": PACKAGE},
        Tags=TAG,
    )
    aws("logs").create_log_group(logGroupName=GROUP, tags=TAG)
    aws("scheduler").create_schedule_group(Name="nights", Tags=TAGS)
    aws("secretsmanager").create_secret(Name="flights", SecretString="s3cret", Tags=TAGS)
    aws("sns").create_topic(Name="late", Tags=TAGS)
    aws("sqs").create_queue(QueueName="late", tags=TAG)
    aws("ssm").put_parameter(Name="/course/threshold", Value="3", Type="String", Tags=TAGS)
    definition = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
    aws("stepfunctions").create_state_machine(
        name="retrain", definition=definition, roleArn=LAMBDA_ROLE, tags=[{"key": "team", "value": "delays"}]
    )
    yield aws
    aws.stop()


@pytest.fixture(scope="module")
def user(aws) -> User:
    return User(aws)


@pytest.fixture(params=CALLS)
def call(request, aws) -> Call:
    found = CALLS[request.param]
    if found.resource:
        return found
    arn = aws("secretsmanager").describe_secret(SecretId="flights")["ARN"]
    return Call(found.service, found.action, arn, found.make)


def test_a_user_without_policy_is_refused_in_the_words_of_the_service(user, call):
    user.may(allow("s3:ListAllMyBuckets"))
    code, message = refused(call.make, user(call.service))
    shown = call.shown or call.action
    assert (code, message) == (
        call.code,
        f"User: {user.arn} is not authorized to perform: {shown} on resource: {call.resource} because no identity-based policy allows the "
        f"{shown} action",
    )


def test_the_permission_on_the_resource_suffices(user, call):
    call.make(user.may(allow(call.action, call.resource))(call.service))


def test_the_permission_on_another_resource_does_not(user, call):
    user.may(allow(call.action, call.resource.replace("late", "other")[:-3] + "x"))
    assert refused(call.make, user(call.service))[0] == call.code


def test_an_explicit_deny_wins(user, call):
    user.may(allow(), deny(call.action, call.resource))
    code, message = refused(call.make, user(call.service))
    assert (code, message.rpartition(" with ")[2]) == (call.code, "an explicit deny in an identity-based policy")


def test_a_condition_on_the_tags_of_the_resource_decides(user, call):
    tagged = {"StringEquals": {"aws:ResourceTag/team": "delays"}}
    call.make(user.may(allow(call.action, **tagged))(call.service))
    user.may(allow(call.action, StringEquals={"aws:ResourceTag/team": "weather"}))
    assert refused(call.make, user(call.service))[0] == call.code
    user.may(allow(call.action, Null={"aws:ResourceTag/owner": "true"}))
    call.make(user(call.service))


def test_a_key_that_nothing_here_knows_never_counts_as_satisfied(user):
    user.may(allow("cloudformation:DescribeStacks", StringNotEquals={"aws:ResourceTag/team": "delays"}))
    _, message = refused(user("cloudformation").describe_stacks, StackName="any")
    assert "the condition key aws:ResourceTag/team cannot be evaluated by the local AWS" in message


@pytest.mark.parametrize(
    ("action", "service", "make"),
    [
        ("sns:CreateTopic", "sns", lambda client, tags: client.create_topic(Name="tagged", Tags=tags)),
        (
            ["secretsmanager:CreateSecret", "secretsmanager:TagResource"],
            "secretsmanager",
            lambda client, tags: client.create_secret(Name="tagged", SecretString="s", Tags=tags),
        ),
        (
            "ec2:CreateVpc",
            "ec2",
            lambda client, tags: client.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}]),
        ),
        (
            "logs:CreateLogGroup",
            "logs",
            lambda client, tags: client.create_log_group(logGroupName="/tagged", tags={tag["Key"]: tag["Value"] for tag in tags}),
        ),
        ("events:PutRule", "events", lambda client, tags: client.put_rule(Name="tagged", ScheduleExpression="rate(1 day)", Tags=tags)),
    ],
)
def test_a_condition_on_the_tags_of_the_request_decides(user, action, service, make):
    user.may(allow(action, StringEquals={"aws:RequestTag/team": "delays"}, **{"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}))
    for tags in ([{"Key": "owner", "Value": "me"}], [{"Key": "team", "Value": "weather"}], [*TAGS, {"Key": "owner", "Value": "me"}]):
        with pytest.raises(ClientError, match="is not authorized to perform"):
            make(user(service), tags)
    make(user(service), TAGS)
