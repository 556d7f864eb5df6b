"""Calls that also depend on the policy of a resource, on a role that they hand over, or on what a service's records say."""

from __future__ import annotations

import json

import pytest

from course.localaws.core.credentials import ACCOUNT
from tests.localaws.awslambda.programs import package
from tests.localaws.iam.callers import User, allow, deny, document
from tests.localaws.moto.restartable_aws import RestartableAws
from tests.localaws.refusals import refused

REGION = "us-east-1"
PLACE = f"{REGION}:{ACCOUNT}"
GROUP = "/course/delays"
PACKAGE = package("def main(event, context):\n    return 'warned'\n", "warn.py")


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    aws = RestartableAws(tmp_path_factory.mktemp("policies-and-roles") / "state")
    role = aws("iam").create_role(RoleName="of-functions", AssumeRolePolicyDocument=document(trust("lambda.amazonaws.com")))["Role"]["Arn"]
    aws("athena").create_work_group(Name="delays")
    aws("events").put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    aws("lambda").create_function(FunctionName="warn", Runtime="python3.12", Role=role, Handler="warn.main", Code={"ZipFile": PACKAGE})
    aws("logs").create_log_group(logGroupName=GROUP, tags={"team": "delays"})
    aws("sqs").create_queue(QueueName="late")
    yield aws
    aws.stop()


@pytest.fixture(scope="module")
def user(aws) -> User:
    return User(aws)


def trust(service: str) -> dict:
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}


# Resource policies


def test_the_policy_of_a_topic_allows_a_user_and_denies_another(aws):
    topic = aws("sns").create_topic(Name="shared")["TopicArn"]
    guest, other = User(aws), User(aws).may(allow("sns:*"))
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": guest.arn}, "Action": "SNS:Publish", "Resource": topic},
        {"Effect": "Deny", "Principal": {"AWS": other.arn}, "Action": "SNS:Publish", "Resource": topic},
    ]
    aws("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document(*statements))
    guest("sns").publish(TopicArn=topic, Message="m")
    _, message = refused(other("sns").publish, TopicArn=topic, Message="m")
    assert message.endswith("with an explicit deny in a resource-based policy")


def test_the_policy_of_a_queue_allows_a_user(aws):
    queue = aws("sqs").create_queue(QueueName="shared")["QueueUrl"]
    guest = User(aws)
    statement = {"Effect": "Allow", "Principal": {"AWS": guest.arn}, "Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:{PLACE}:shared"}
    aws("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": document(statement)})
    guest("sqs").send_message(QueueUrl=queue, MessageBody="m")
    assert refused(guest("sqs").receive_message, QueueUrl=queue)[0] == "AccessDenied"


def test_the_policy_of_a_secret_denies_everybody(aws):
    aws("secretsmanager").create_secret(Name="sealed", SecretString="s")
    statement = {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    aws("secretsmanager").put_resource_policy(SecretId="sealed", ResourcePolicy=document(statement))
    _, message = refused(aws("secretsmanager").get_secret_value, SecretId="sealed")
    assert message.endswith("with an explicit deny in a resource-based policy")


def test_the_policy_of_a_function_allows_a_user(aws):
    guest = User(aws)
    assert refused(guest("lambda").invoke, FunctionName="warn")[0] == "AccessDeniedException"
    aws("lambda").add_permission(FunctionName="warn", StatementId="guest", Action="lambda:InvokeFunction", Principal=guest.arn)
    assert json.load(guest("lambda").invoke(FunctionName="warn")["Payload"]) == "warned"


# Roles that are passed


@pytest.mark.parametrize(
    ("action", "service", "principal", "make"),
    [
        (
            "lambda:CreateFunction",
            "lambda",
            "lambda.amazonaws.com",
            lambda client, role: client.create_function(
                FunctionName="passed", Runtime="python3.12", Role=role, Handler="warn.main", Code={"ZipFile": PACKAGE}
            ),
        ),
        (
            "lambda:UpdateFunctionConfiguration",
            "lambda",
            "lambda.amazonaws.com",
            lambda client, role: client.update_function_configuration(FunctionName="warn", Role=role),
        ),
        (
            "states:CreateStateMachine",
            "stepfunctions",
            "states.amazonaws.com",
            lambda client, role: client.create_state_machine(
                name="passed", definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}), roleArn=role
            ),
        ),
        (
            "glue:CreateJob",
            "glue",
            "glue.amazonaws.com",
            lambda client, role: client.create_job(Name="passed", Role=role, Command={"Name": "glueetl"}),
        ),
        (
            "glue:CreateCrawler",
            "glue",
            "glue.amazonaws.com",
            lambda client, role: client.create_crawler(
                Name="passed", Role=role.rpartition("/")[2], DatabaseName="d", Targets={"S3Targets": [{"Path": "s3://b/p"}]}
            ),
        ),
        (
            "events:PutTargets",
            "events",
            "events.amazonaws.com",
            lambda client, role: client.put_targets(
                Rule="nightly", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{PLACE}:late", "RoleArn": role}]
            ),
        ),
        (
            "scheduler:CreateSchedule",
            "scheduler",
            "scheduler.amazonaws.com",
            lambda client, role: client.create_schedule(
                Name="passed",
                ScheduleExpression="rate(1 day)",
                FlexibleTimeWindow={"Mode": "OFF"},
                Target={"Arn": f"arn:aws:sqs:{PLACE}:late", "RoleArn": role},
            ),
        ),
        (
            "firehose:CreateDeliveryStream",
            "firehose",
            "firehose.amazonaws.com",
            lambda client, role: client.create_delivery_stream(
                DeliveryStreamName="passed", ExtendedS3DestinationConfiguration={"RoleARN": role, "BucketARN": "arn:aws:s3:::b"}
            ),
        ),
    ],
)
def test_a_service_gets_a_role_only_from_who_may_pass_it(aws, user, action, service, principal, make):
    name = f"for-{action.replace(':', '-')}"
    role = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document(trust(principal)))["Role"]["Arn"]
    user.may(allow(action))
    _, message = refused(make, user(service), role)
    assert f"is not authorized to perform: iam:PassRole on resource: {role} because" in message
    user.may(allow(action), allow("iam:PassRole", role, StringEquals={"iam:PassedToService": "other.amazonaws.com"}))
    assert "iam:PassRole" in refused(make, user(service), role)[1]
    user.may(allow(action), allow("iam:PassRole", role, StringEquals={"iam:PassedToService": principal}))
    make(user(service), role)


# IAM and STS


def test_a_user_asks_about_itself_without_naming_itself(aws):
    user = User(aws, Path="/staff/")
    user.may(allow(["iam:GetUser", "iam:ListAccessKeys"], "arn:aws:iam::*:user/staff/${aws:username}"))
    assert user("iam").get_user()["User"]["Arn"] == user.arn
    assert len(user("iam").list_access_keys()["AccessKeyMetadata"]) == 1
    assert refused(user("iam").get_user, UserName=User(aws).name)[0] == "AccessDenied"


def test_iam_knows_boundaries_and_policies_of_requests(aws):
    boundary = aws("iam").create_policy(PolicyName="limit", PolicyDocument=document(allow("s3:*")))["Policy"]["Arn"]
    delegate = User(aws).may(
        allow("iam:CreateUser", StringEquals={"iam:PermissionsBoundary": boundary}),
        allow("iam:AttachUserPolicy", ArnLike={"iam:PolicyARN": "arn:aws:iam::aws:policy/Amazon*"}),
    )
    assert refused(delegate("iam").create_user, UserName="unlimited")[0] == "AccessDenied"
    delegate("iam").create_user(UserName="limited", PermissionsBoundary=boundary)
    delegate("iam").attach_user_policy(UserName="limited", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    forbidden = {"UserName": "limited", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    assert refused(delegate("iam").attach_user_policy, **forbidden)[0] == "AccessDenied"


def test_who_one_is_needs_no_permission(aws):
    nobody = User(aws).may(deny())
    assert nobody("sts").get_caller_identity()["Arn"] == nobody.arn
    assert nobody("sts").get_session_token()["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert refused(nobody("sts").get_access_key_info, AccessKeyId="AKIAIOSFODNN7EXAMPLE")[0] == "AccessDenied"


def test_a_query_belongs_to_its_workgroup(aws, user):
    aws("s3").create_bucket(Bucket="every-service")
    asked = {"QueryString": "SELECT 1", "WorkGroup": "delays", "ResultConfiguration": {"OutputLocation": "s3://every-service/r/"}}
    query = aws("athena").start_query_execution(**asked)["QueryExecutionId"]
    user.may(allow("athena:GetQueryExecution", f"arn:aws:athena:{PLACE}:workgroup/delays"))
    assert user("athena").get_query_execution(QueryExecutionId=query)["QueryExecution"]["WorkGroup"] == "delays"
    user.may(allow("athena:GetQueryExecution", f"arn:aws:athena:{PLACE}:workgroup/primary"))
    assert refused(user("athena").get_query_execution, QueryExecutionId=query)[0] == "AccessDeniedException"


def test_a_policy_on_a_log_group_needs_the_star_that_aws_documents(user):
    arn = f"arn:aws:logs:{PLACE}:log-group:{GROUP}"
    user.may(allow("logs:*", arn))
    assert refused(user("logs").describe_log_streams, logGroupName=GROUP)[0] == "AccessDeniedException"
    user("logs").list_tags_for_resource(resourceArn=arn)
    user.may(allow("logs:*", f"{arn}:*"))
    user("logs").describe_log_streams(logGroupName=GROUP)
