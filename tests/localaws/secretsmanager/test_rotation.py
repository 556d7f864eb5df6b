"""Rotation by functions: the four steps, tests of the configuration, failures and their repetitions, and schedules on the clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from tests.localaws.awslambda.programs import log, package
from tests.localaws.secretsmanager.conftest import ROTATION, eventually, rotation_function
from tests.localaws.subscribed_queues import queue_for_rules

DAY = 86_400


def rotated(secrets, name: str):
    return eventually(lambda: secrets.describe_secret(SecretId=name).get("LastRotatedDate"))


def steps(client, function: str) -> list[str]:
    """The steps with which a function was invoked."""
    try:
        return [line.split()[1] for line in log(client, function) if line.startswith("step ")]
    except ClientError:  # it has no log group until it is invoked
        return []


def wait_for_test(client, secrets, name: str, function: str) -> None:
    """Wait until the test of a rotation's configuration has ended."""
    eventually(lambda: steps(client, function) == ["testSecret"] and "AWSPENDING" not in labels(secrets, name))


def labels(secrets, name: str) -> dict[str, str]:
    """Label -> version."""
    found = secrets.describe_secret(SecretId=name)["VersionIdsToStages"]
    return {label: id for id, stages in found.items() for label in stages}


def test_a_rotation_makes_a_new_current_value_and_keeps_the_previous_one(client, secrets, name):
    function, arn = rotation_function(client)
    first = secrets.create_secret(Name=name, SecretString="first")["VersionId"]
    made = secrets.rotate_secret(SecretId=name, RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 30})
    rotated(secrets, name)
    found = labels(secrets, name)
    assert (found["AWSCURRENT"], found["AWSPREVIOUS"]) == (made["VersionId"], first)
    assert len(secrets.get_secret_value(SecretId=name)["SecretString"]) == 32
    assert secrets.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "first"
    assert steps(client, function) == ["createSecret", "setSecret", "testSecret", "finishSecret"]
    described = secrets.describe_secret(SecretId=name)
    assert described["RotationEnabled"] and described["RotationRules"] == {"AutomaticallyAfterDays": 30}
    secrets.rotate_secret(SecretId=name)  # AWSPENDING is still at the current version, as AWS's templates leave it
    eventually(lambda: labels(secrets, name)["AWSPREVIOUS"] == made["VersionId"])


def test_without_immediate_rotation_only_the_test_runs(client, secrets, name):
    function, arn = rotation_function(client)
    secrets.create_secret(Name=name, SecretString="first")
    secrets.rotate_secret(SecretId=name, RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 1}, RotateImmediately=False)
    wait_for_test(client, secrets, name, function)
    described = secrets.describe_secret(SecretId=name)
    assert "LastRotatedDate" not in described and described["NextRotationDate"]
    assert [*described["VersionIdsToStages"].values()] == [["AWSCURRENT"]]


def test_secrets_manager_must_be_allowed_to_invoke_the_function(client, secrets, name, refused):
    function, arn = rotation_function(client, allowed=False)
    secrets.create_secret(Name=name, SecretString="first")
    with refused("AccessDeniedException") as error:
        secrets.rotate_secret(SecretId=name, RotationLambdaARN=arn)
    assert "cannot invoke the specified Lambda function" in str(error.value)
    client("lambda").add_permission(
        FunctionName=function,
        StatementId="other",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
        SourceArn="arn:aws:secretsmanager:us-east-1:123456789012:secret:another-AbCdEf",
    )
    with refused("AccessDeniedException"):
        secrets.rotate_secret(SecretId=name, RotationLambdaARN=arn)
    with refused("AccessDeniedException"):
        secrets.rotate_secret(SecretId=name, RotationLambdaARN=arn + "-gone")
    with refused("InvalidRequestException") as error:
        secrets.rotate_secret(SecretId=name)
    assert "Managed rotation" in str(error.value)
    with refused("NotSupportedByLocalAws"):
        secrets.rotate_secret(SecretId=name, ExternalSecretRotationMetadata=[{"Key": "a", "Value": "b"}])
    assert "RotationEnabled" not in secrets.describe_secret(SecretId=name)


def test_a_failed_rotation_leaves_the_current_value_and_is_repeated(aws, refused):
    secrets, name = aws("secretsmanager"), "failing"
    function, arn = rotation_function(aws, fails="setSecret")
    queue, target = queue_for_rules(aws("sqs"), "failures")
    pattern = {"source": ["aws.secretsmanager"], "detail": {"eventName": ["RotationFailed", "RotationSucceeded"]}}
    aws("events").put_rule(Name="rotations", EventPattern=json.dumps(pattern))
    aws("events").put_targets(Rule="rotations", Targets=[{"Id": "q", "Arn": target}])
    first = secrets.create_secret(Name=name, SecretString="first")["VersionId"]
    made = secrets.rotate_secret(SecretId=name, RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 7})["VersionId"]
    eventually(lambda: "setSecret" in steps(aws, function))
    eventually(lambda: any("the service refused it" in line for line in log(aws, function)))
    assert labels(secrets, name) == {"AWSCURRENT": first, "AWSPENDING": made}
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "first"
    aws.handle.advance(90)
    eventually(lambda: steps(aws, function) == ["createSecret", "setSecret"] * 2)
    with refused("InvalidRequestException") as error:
        secrets.rotate_secret(SecretId=name)
    assert "A previous rotation isn't complete" in str(error.value)
    eventually(lambda: steps(aws, function) == ["createSecret", "setSecret"] * 3)
    aws("lambda").update_function_code(FunctionName=function, ZipFile=package(ROTATION.replace("FAILS", "''")))
    aws.handle.advance(3600)
    rotated(secrets, name)
    assert labels(secrets, name)["AWSCURRENT"] == made
    told = []

    def all_told() -> bool:
        for message in aws("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            told.append(json.loads(message["Body"])["detail"])
        return any(each["eventName"] == "RotationSucceeded" for each in told)

    eventually(all_told)
    failed = [each for each in told if each["eventName"] == "RotationFailed"]
    assert failed and all("setSecret" in each["errorMessage"] for each in failed)


def test_a_schedule_rotates_on_the_clock_also_after_a_restart(aws):
    secrets, name = aws("secretsmanager"), "scheduled"
    function, arn = rotation_function(aws)
    secrets.create_secret(Name=name, SecretString="first")
    schedule = {"ScheduleExpression": "cron(0 4 * * ? *)", "Duration": "2h"}
    secrets.rotate_secret(SecretId=name, RotationLambdaARN=arn, RotationRules=schedule, RotateImmediately=False)
    wait_for_test(aws, secrets, name, function)
    following = secrets.describe_secret(SecretId=name)["NextRotationDate"].astimezone(UTC)
    assert (following.hour, following.minute) == (6, 0)  # the end of the window
    aws.restart()
    secrets = aws("secretsmanager")
    aws.handle.advance(3 * DAY)
    assert steps(aws, function)[1:] == ["createSecret", "setSecret", "testSecret", "finishSecret"] * 3
    last = rotated(secrets, name).astimezone(UTC)
    assert secrets.describe_secret(SecretId=name)["NextRotationDate"] > last
    secrets.cancel_rotate_secret(SecretId=name)
    aws.handle.advance(3 * DAY)
    assert len(steps(aws, function)) == 13
    described = secrets.describe_secret(SecretId=name)
    assert not described["RotationEnabled"] and "NextRotationDate" not in described


# The first time, the second step sleeps until the process is killed.
SLEEPS = """if step == "setSecret":
        if not secrets.describe_secret(SecretId=arn).get("Tags"):
            secrets.tag_resource(SecretId=arn, Tags=[{"Key": "slept", "Value": "once"}])
            __import__("time").sleep(30)
    elif step == "createSecret":"""


def test_a_rotation_goes_on_after_a_kill(aws):
    secrets, name = aws("secretsmanager"), "killed"
    function, arn = rotation_function(aws)
    slow = ROTATION.replace("FAILS", "''").replace('if step == "createSecret":', SLEEPS)
    aws("lambda").update_function_code(FunctionName=function, ZipFile=package(slow))
    secrets.create_secret(Name=name, SecretString="first")
    made = secrets.rotate_secret(SecretId=name, RotationLambdaARN=arn)["VersionId"]
    eventually(lambda: secrets.describe_secret(SecretId=name).get("Tags") and "setSecret" in steps(aws, function))
    aws.restart()
    secrets = aws("secretsmanager")
    rotated(secrets, name)
    assert labels(secrets, name)["AWSCURRENT"] == made
    assert steps(aws, function) == ["createSecret", "setSecret", "createSecret", "setSecret", "testSecret", "finishSecret"]


def test_a_value_put_by_hand_counts_as_a_rotation(aws):
    secrets, name = aws("secretsmanager"), "by-hand"
    function, arn = rotation_function(aws)
    secrets.create_secret(Name=name, SecretString="first")
    secrets.rotate_secret(SecretId=name, RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 2}, RotateImmediately=False)
    wait_for_test(aws, secrets, name, function)
    before = secrets.describe_secret(SecretId=name)["NextRotationDate"]
    aws.handle.advance(DAY)
    secrets.put_secret_value(SecretId=name, SecretString="second")
    after = secrets.describe_secret(SecretId=name)["NextRotationDate"]
    assert (after - before).days == 1
    aws.handle.advance(DAY)
    assert steps(aws, function) == ["testSecret"]
    aws.handle.advance(DAY)
    assert len(steps(aws, function)) == 5
    assert datetime.now(UTC) < rotated(secrets, name)
