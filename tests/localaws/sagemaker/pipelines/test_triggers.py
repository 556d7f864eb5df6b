"""Rules of EventBridge and schedules start pipelines: when data arrives, and at times of the clock."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from course.localaws.server import launch
from tests.localaws.events.events_fixtures import ACCOUNT, EventsFixtures, refusal

ROLE = f"arn:aws:iam::{ACCOUNT}:role/SageMakerRole"
START = "sagemaker:StartPipelineExecution"


class TriggerFixtures(EventsFixtures):
    def __init__(self, handle: launch.Handle) -> None:
        super().__init__(handle)
        self.sagemaker = self.client("sagemaker")

    def pipeline(self) -> str:
        """Creates a pipeline that fails at once. Returns its ARN."""
        parameters = [{"Name": name, "Type": "String", "DefaultValue": "none"} for name in ("Key", "Bucket")]
        step = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "enough"}}
        definition = json.dumps({"Version": "2020-12-01", "Parameters": parameters, "Steps": [step]})
        name = self.name("pipeline")
        given = {"PipelineName": name, "PipelineDefinition": definition, "RoleArn": ROLE, "ClientRequestToken": name.ljust(32, "x")}
        return self.sagemaker.create_pipeline(**given)["PipelineArn"]

    def executions(self, pipeline: str, count: int) -> list[dict]:
        """Waits until ``count`` executions have ended. Returns the parameters of all, the oldest first."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            listed = self.sagemaker.list_pipeline_executions(PipelineName=pipeline, SortOrder="Ascending")["PipelineExecutionSummaries"]
            if len(listed) >= count and all(each["PipelineExecutionStatus"] == "Failed" for each in listed):
                break
            time.sleep(0.05)
        arns = [each["PipelineExecutionArn"] for each in listed]
        found = [self.sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)["PipelineParameters"] for arn in arns]
        return [{each["Name"]: each["Value"] for each in parameters} for parameters in found]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TriggerFixtures]:
    handle = launch.start(tmp_path_factory.mktemp("triggers") / "state")
    yield TriggerFixtures(handle)
    handle.stop()


def test_data_that_arrives_starts_a_pipeline_with_its_name(aws: TriggerFixtures) -> None:
    s3, bucket, pipeline = aws.client("s3"), aws.name("arrivals"), aws.pipeline()
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    given = [{"Name": "Key", "Value": "$.detail.object.key"}, {"Name": "Bucket", "Value": bucket}]
    role = aws.role("events.amazonaws.com", START)
    target = {"Arn": pipeline, "RoleArn": role, "SageMakerPipelineParameters": {"PipelineParameterList": given}}
    key = {"object": {"key": [{"wildcard": "months/*.csv"}]}, "bucket": {"name": [bucket]}}
    aws.rule({"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": key}, target)
    for name in ("months/2013-06.csv", "months/readme.txt", "months/2013-07.csv"):
        s3.put_object(Bucket=bucket, Key=name, Body=b"x")
    expected = [{"Key": f"months/2013-0{month}.csv", "Bucket": bucket} for month in (6, 7)]
    assert aws.executions(pipeline, 2) == expected


def test_a_rule_needs_a_role_that_may_start_the_pipeline(aws: TriggerFixtures) -> None:
    source, pipeline, (dead, url) = aws.name("source"), aws.pipeline(), aws.queue()
    name = aws.rule({"source": [source]})
    missing = refusal(aws.events.put_targets, Rule=name, Targets=[{"Id": "p", "Arn": pipeline}])
    assert missing == f"ValidationException: RoleArn is required for target {pipeline}."
    target = {"Id": "p", "Arn": pipeline, "DeadLetterConfig": {"Arn": dead}}
    aws.events.put_targets(Rule=name, Targets=[target | {"RoleArn": aws.role("events.amazonaws.com")}])
    aws.put(source, {})
    [message] = aws.messages(url)
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    aws.events.put_targets(Rule=name, Targets=[target | {"RoleArn": aws.role("events.amazonaws.com", START), "Arn": f"{pipeline}-absent"}])
    aws.put(source, {})
    [message] = aws.messages(url)
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"
    assert aws.executions(pipeline, 0) == []


@pytest.mark.nightly  # imports the SDK; by day boto3 makes the schedule
def test_schedules_of_the_sdk_start_a_pipeline(aws: TriggerFixtures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")  # the SDK asks for a region when it is imported
    from sagemaker.mlops.workflow._event_bridge_client_helper import EventBridgeSchedulerHelper
    from sagemaker.mlops.workflow.triggers import PipelineSchedule

    helper, pipeline, role = EventBridgeSchedulerHelper(aws.scheduler), aws.pipeline(), aws.role("scheduler.amazonaws.com", START)

    def put(schedule: PipelineSchedule) -> str:
        expression, state = schedule.resolve_schedule_expression(), schedule.resolve_trigger_state()
        return helper.upsert_schedule("hourly", pipeline, expression, state, datetime.now(tz=UTC), role)["ScheduleArn"]

    arn = put(PipelineSchedule(name="hourly", rate=(1, "hour")))
    aws.handle.advance(2 * 3600 + 60)
    assert len(aws.executions(pipeline, 3)) == 3
    # The SDK takes the start date from its own clock, which has not been advanced.
    assert put(PipelineSchedule(name="hourly", cron="0 3 ? * * *", enabled=False)) == arn
    described = helper.describe_schedule("hourly")
    assert (described["ScheduleExpression"], described["State"]) == ("cron(0 3 ? * * *)", "DISABLED")
    aws.handle.advance(24 * 3600)
    helper.delete_schedule("hourly")
    assert refusal(helper.describe_schedule, schedule_name="hourly").startswith("ResourceNotFoundException")
    assert len(aws.executions(pipeline, 3)) == 3


def test_a_schedule_gives_parameters(aws: TriggerFixtures) -> None:
    pipeline, role = aws.pipeline(), aws.role("scheduler.amazonaws.com", START)
    given = [{"Name": "Key", "Value": "<aws.scheduler.scheduled-time>"}, {"Name": "Bucket", "Value": "b"}]
    aws.scheduler.create_schedule(
        Name="parameters",
        ScheduleExpression="rate(9 days)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": pipeline, "RoleArn": role, "SageMakerPipelineParameters": {"PipelineParameterList": given}},
    )
    [parameters] = aws.executions(pipeline, 1)
    assert datetime.fromisoformat(parameters["Key"]) and parameters["Bucket"] == "b"
