"""From drift to retraining: an alarm on a monitor's metric notifies people through SNS and starts a pipeline through EventBridge."""

from __future__ import annotations

import json

from tests.localaws.sagemaker.job_fixtures import ROLE
from tests.localaws.sagemaker.monitoring.monitoring_fixtures import Monitored, quiet_hour
from tests.localaws.subscribed_queues import subscribe


def topic(monitored: Monitored) -> tuple[str, str]:
    """The ARN of a new topic, and the URL of a queue that gets its messages."""
    sns, sqs, name = monitored.aws.client("sns"), monitored.aws.client("sqs"), monitored.aws.name("people")
    arn, url = sns.create_topic(Name=name)["TopicArn"], sqs.create_queue(QueueName=name)["QueueUrl"]
    subscribe(sns, sqs, arn, url)
    return arn, url


def pipeline(monitored: Monitored) -> str:
    """The name of a new pipeline that ends at once."""
    name = monitored.aws.name("retrain")
    definition = {
        "Version": "2020-12-01",
        "Parameters": [{"Name": "Alarm", "Type": "String", "DefaultValue": "none"}],
        "Steps": [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "enough"}}],
    }
    monitored.aws.sagemaker.create_pipeline(
        PipelineName=name, PipelineDefinition=json.dumps(definition), RoleArn=ROLE, ClientRequestToken=name.ljust(32, "x")
    )
    return name


def starter(monitored: Monitored) -> str:
    """The ARN of a role with which EventBridge may start pipelines."""
    iam, name = monitored.aws.client("iam"), monitored.aws.name("starter")
    trust = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    allowed = {"Effect": "Allow", "Action": "sagemaker:StartPipelineExecution", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName=name, PolicyName="start", PolicyDocument=document)
    return role["Role"]["Arn"]


def rule(monitored: Monitored, name: str, pattern: dict, arn: str, role: str, value: str) -> None:
    """Start a pipeline on an event, with a part of it as the parameter Alarm."""
    events = monitored.aws.client("events")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    parameters = {"PipelineParameterList": [{"Name": "Alarm", "Value": value}]}
    events.put_targets(Rule=name, Targets=[{"Id": "p", "Arn": arn, "RoleArn": role, "SageMakerPipelineParameters": parameters}])


def test_drift_notifies_and_starts_a_pipeline(monitored: Monitored) -> None:
    aws = monitored.aws
    quiet_hour(monitored)
    schedule, alarm, retrain = monitored.schedule(aws.name("drifting")), aws.name("late"), pipeline(monitored)
    (people, url), role, arn = topic(monitored), starter(monitored), f"arn:aws:sagemaker:us-east-1:123456789012:pipeline/{retrain}"
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=alarm,
        Namespace="aws/sagemaker/Endpoints/data-metrics",
        MetricName="feature_data_delay",
        Dimensions=[{"Name": "Endpoint", "Value": "delays"}, {"Name": "MonitoringSchedule", "Value": schedule}],
        Statistic="Maximum",
        Period=3600,
        EvaluationPeriods=1,
        Threshold=10.0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
        AlarmActions=[people],
    )
    wanted = {"alarmName": [alarm], "state": {"value": ["ALARM"]}}
    pattern = {"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"], "detail": wanted}
    rule(monitored, alarm, pattern, arn, role, "$.detail.alarmName")
    # The job of the execution has its own event, as every processing job.
    ended = {"ProcessingJobStatus": ["Completed"], "ExitMessage": [{"prefix": "CompletedWithViolations"}]}
    pattern = {"source": ["aws.sagemaker"], "detail-type": ["SageMaker Processing Job State Change"], "detail": ended}
    rule(monitored, schedule, pattern, arn, role, "$.detail.MonitoringScheduleArn")

    monitored.send("UA", 5)  # delays up to 4.5
    monitored.advance(hours=1, minutes=20)
    monitored.ended(schedule, 1)
    monitored.send("XX", 15)  # an unknown carrier, and delays up to 14.5
    monitored.advance(hours=1)
    monitored.ended(schedule, 2)
    monitored.advance(minutes=5)

    def messages() -> list[dict]:
        found = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(json.loads(each["Body"])["Message"]) for each in found]

    [message] = aws.until(messages)
    assert (message["AlarmName"], message["NewStateValue"]) == (alarm, "ALARM")

    def started() -> set[str]:
        listed = aws.sagemaker.list_pipeline_executions(PipelineName=retrain)["PipelineExecutionSummaries"]
        found = [aws.sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=each["PipelineExecutionArn"]) for each in listed]
        return {each["Value"] for parameters in found for each in parameters["PipelineParameters"]}

    monitor = aws.sagemaker.describe_monitoring_schedule(MonitoringScheduleName=schedule)["MonitoringScheduleArn"]
    assert aws.until(started, lambda found: len(found) == 2) == {alarm, monitor}
