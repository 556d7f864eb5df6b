"""A stack of CloudFormation of which a resource cannot be made."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import WaiterError

from tests.localaws.moto.restartable_aws import RestartableAws

ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "made"}}
MACHINE = {
    "Type": "AWS::StepFunctions::StateMachine",
    "DependsOn": "Q",
    "Properties": {"StateMachineName": "two words", "RoleArn": ROLE, "DefinitionString": "{}"},
}
BAD_QUEUE = {"Type": "AWS::SQS::Queue", "DependsOn": "Q", "Properties": {"QueueName": "two words"}}
NO_KEY = {"Type": "AWS::DynamoDB::Table", "DependsOn": "Q", "Properties": {"TableName": "a"}}
OUTPUT = {"Arn": {"Value": {"Fn::GetAtt": ["Bad", "Arn"]}, "Export": {"Name": "arn"}}}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableAws]:
    aws = RestartableAws(tmp_path_factory.mktemp("stacks") / "state")
    yield aws
    aws.stop()


def _template(bad: dict, outputs: dict | None = None) -> str:
    return json.dumps({"Resources": {"Q": QUEUE, "Bad": bad}, "Outputs": outputs or {}})


@pytest.mark.parametrize(
    ("bad", "outputs", "why"),
    [
        (MACHINE, None, "Invalid Name: 'two words'"),
        (BAD_QUEUE, None, "Can only include alphanumeric characters"),
        (NO_KEY, None, "TypeError"),  # moto's own error: it does not check what a template leaves out
        (BAD_QUEUE, OUTPUT, "Can only include alphanumeric characters"),
    ],
    ids=["state machine", "queue", "table without a key", "exported queue"],
)
def test_the_stack_is_rolled_back_and_its_events_say_why(aws: RestartableAws, bad: dict, outputs: dict | None, why: str) -> None:
    stacks = aws("cloudformation")
    identity = stacks.create_stack(StackName="rolled", TemplateBody=_template(bad, outputs))["StackId"]
    with pytest.raises(WaiterError):
        stacks.get_waiter("stack_create_complete").wait(StackName="rolled", WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    [stack] = stacks.describe_stacks(StackName="rolled")["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = stacks.describe_stack_events(StackName="rolled")["StackEvents"]
    [failed] = [event for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert (failed["LogicalResourceId"], failed["ResourceType"]) == ("Bad", bad["Type"])
    assert why in failed["ResourceStatusReason"]
    assert "QueueUrls" not in aws("sqs").list_queues()
    stacks.delete_stack(StackName=identity)


def test_a_failed_update_says_so_and_a_restart_shows_the_same(aws: RestartableAws) -> None:
    stacks = aws("cloudformation")
    stacks.create_stack(StackName="updated", TemplateBody=json.dumps({"Resources": {"Q": QUEUE}}))
    stacks.create_stack(StackName="rolled", TemplateBody=_template(MACHINE).replace('"made"', '"other"'))
    stacks.update_stack(StackName="updated", TemplateBody=_template(MACHINE))

    def shown() -> tuple:
        stacks = aws("cloudformation")
        [event] = [each for each in stacks.describe_stack_events(StackName="updated")["StackEvents"] if each["LogicalResourceId"] == "Bad"]
        statuses = {stack["StackName"]: stack["StackStatus"] for stack in stacks.describe_stacks()["Stacks"]}
        return statuses, event["ResourceStatus"], event["ResourceStatusReason"], aws("sqs").list_queues()["QueueUrls"][0].rpartition("/")[2]

    before = shown()
    assert before[0] == {"updated": "UPDATE_FAILED", "rolled": "ROLLBACK_COMPLETE"}
    assert before[1] == "UPDATE_FAILED" and "two words" in before[2] and before[3] == "made"
    aws.restart()
    assert shown() == before
