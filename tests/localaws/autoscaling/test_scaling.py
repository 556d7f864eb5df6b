"""Application Auto Scaling of endpoint variants: alarms, schedules and limits start and stop real model servers."""

from __future__ import annotations

import concurrent.futures
import datetime
from collections.abc import Callable
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.localaws.sagemaker.hosting.endpoint_fixtures import EndpointFixtures, echo, fixtures_of, script, until

DIMENSION, PROVISIONED = "sagemaker:variant:DesiredInstanceCount", "sagemaker:variant:DesiredProvisionedConcurrency"
SLOW = """
import time
def model_fn(d): return 0
def transform_fn(model, data, content_type, accept):
    time.sleep(0.5)
    return 'done', 'text/plain'
"""


class Scaled(EndpointFixtures):
    """A local AWS with a test-controlled clock and scaling endpoints."""

    def __init__(self, client: Callable[..., Any], handle: launch.Handle) -> None:
        super().__init__(client, handle)
        self.scaling = client("application-autoscaling")

    def target(self, least: int = 1, most: int = 3, **more) -> tuple[str, dict]:
        """Registers an endpoint with one instance. Returns its name and the parameters that identify its variant."""
        name = self.deploy(echo("A"))
        place = {"ServiceNamespace": "sagemaker", "ResourceId": f"endpoint/{name}/variant/AllTraffic", "ScalableDimension": DIMENSION}
        self.scaling.register_scalable_target(**place, MinCapacity=least, MaxCapacity=most, **more)
        return name, place

    def track(self, place: dict, **more) -> dict:
        configuration = {
            "TargetValue": 10.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
        }
        return self.scaling.put_scaling_policy(
            **place, PolicyName="track", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=configuration | more
        )

    def count(self, name: str) -> int:
        return self.settled(name)["ProductionVariants"][0]["CurrentInstanceCount"]

    def activities(self, place: dict, **more) -> list[dict]:
        """Returns the scaling activities, the oldest first."""
        found = self.scaling.describe_scaling_activities(ServiceNamespace="sagemaker", ResourceId=place["ResourceId"], **more)
        return found["ScalingActivities"][::-1]

    def minute_of(self, name: str, invocations: int) -> None:
        """Invoke the endpoint ``invocations`` times, and advance the clock to the next minute."""
        for _ in range(invocations):
            self.invoke(name)
        self.to_the_minute()

    def put(self, namespace: str, value: float) -> None:
        """Put a custom data point, and advance the clock to the next minute."""
        self.cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "load", "Value": value, "Timestamp": self.time()}])
        self.to_the_minute()

    def time(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.handle.advance(0), datetime.UTC)

    def processes(self) -> int:
        """Returns the processes of all model servers."""
        found = 0
        for process in psutil.process_iter(["environ"]):
            environment = process.info["environ"] or {}
            found += environment.get("COURSE_BOX", "").startswith(str(self.handle.state)) and "SAGEMAKER_BIND_TO_PORT" in environment
        return found


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    handle = launch.start(tmp_path_factory.mktemp("scaling") / "state")
    yield fixtures_of(handle, Scaled)
    handle.stop()


def test_target_tracking_follows_the_load_out_and_back_in(aws):
    name, place = aws.target()
    made = aws.track(place, ScaleOutCooldown=60, ScaleInCooldown=60)
    high, low = [alarm["AlarmName"] for alarm in made["Alarms"]]
    assert high.startswith(f"TargetTracking-{place['ResourceId']}-AlarmHigh-") and low.startswith(
        f"TargetTracking-{place['ResourceId']}-AlarmLow-"
    )
    alarms = {alarm["AlarmName"]: alarm for alarm in aws.cloudwatch.describe_alarms(AlarmNames=[high, low])["MetricAlarms"]}
    assert [(alarms[each]["EvaluationPeriods"], alarms[each]["Threshold"], alarms[each]["Statistic"]) for each in (high, low)] == [
        (3, 10.0, "Sum"),
        (15, 9.0, "Sum"),
    ]
    aws.to_the_minute()
    for _ in range(3):
        aws.minute_of(name, 25)
    assert aws.count(name) == 3
    [out] = aws.activities(place)
    assert out["Description"] == "Setting desired instance count to 3."
    assert out["Cause"] == f"monitor alarm {high} in state ALARM triggered policy track"
    assert (out["StatusCode"], out["StatusMessage"]) == (
        "Successful",
        "Successfully set desired instance count to 3. Change successfully fulfilled by sagemaker.",
    )
    assert {aws.invoke(name) for _ in range(20)} == {"A"}
    of_three = aws.processes()
    aws.handle.advance(20 * 60)
    assert aws.count(name) == 1
    [_, back] = aws.activities(place)
    assert back["Description"] == "Setting desired instance count to 1." and low in back["Cause"]
    until(lambda: aws.processes() * 3 == of_three, "two servers have ended")
    aws.scaling.deregister_scalable_target(**place)
    assert not aws.cloudwatch.describe_alarms(AlarmNames=[high, low])["MetricAlarms"]
    assert aws.invoke(name) == "A"


@pytest.mark.nightly  # an endpoint of its own
def test_scale_in_disabled_suspended_and_at_the_limit(aws):
    name, place = aws.target(most=2)
    aws.track(place, DisableScaleIn=True)
    aws.scaling.register_scalable_target(**place, SuspendedState={"DynamicScalingOutSuspended": True})
    aws.to_the_minute()
    for _ in range(3):
        aws.minute_of(name, 25)
    assert aws.count(name) == 1 and not aws.activities(place)
    aws.scaling.register_scalable_target(**place, SuspendedState={"DynamicScalingOutSuspended": False})
    aws.minute_of(name, 25)
    assert aws.count(name) == 2
    aws.minute_of(name, 60)
    [out, not_scaled] = aws.activities(place, IncludeNotScaledActivities=True)
    assert not_scaled["NotScaledReasons"] == [{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 2, "MinCapacity": 1, "CurrentCapacity": 2}]
    assert aws.activities(place) == [out]
    aws.handle.advance(20 * 60)
    assert aws.count(name) == 2
    aws.scaling.deregister_scalable_target(**place)


def test_step_scaling_by_a_custom_alarm_and_its_cooldown(aws):
    name, place = aws.target(most=4)
    namespace = aws.name("Load")
    steps = [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 3},
    ]
    policy = aws.scaling.put_scaling_policy(
        **place,
        PolicyName="steps",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps, "Cooldown": 600},
    )
    rule = {"EvaluationPeriods": 1, "Threshold": 10.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
    aws.cloudwatch.put_metric_alarm(
        **{"AlarmName": namespace, "Namespace": namespace, "MetricName": "load", "Statistic": "Maximum", "Period": 60},
        **rule,
        AlarmActions=[policy["PolicyARN"]],
    )
    [described] = aws.scaling.describe_scaling_policies(ServiceNamespace="sagemaker", ResourceId=place["ResourceId"])["ScalingPolicies"]
    assert [alarm["AlarmName"] for alarm in described["Alarms"]] == [namespace]
    aws.to_the_minute()
    aws.put(namespace, 15)
    assert aws.count(name) == 2
    aws.put(namespace, 15)  # in the cooldown; the step is not larger
    assert aws.count(name) == 2
    aws.put(namespace, 25)  # a larger step is added to the capacity before the first one
    assert aws.count(name) == 4
    assert [activity["Description"][-2:] for activity in aws.activities(place)] == ["2.", "4."]
    aws.scaling.deregister_scalable_target(**place)


@pytest.mark.nightly  # an endpoint of its own; by day target tracking of the invocations
def test_target_tracking_of_a_custom_metric(aws):
    name, place = aws.target()
    namespace = aws.name("Load")
    metric = {"Namespace": namespace, "MetricName": "load"}
    policy = {"PolicyName": "own", "PolicyType": "TargetTrackingScaling"}

    def put(**specification) -> None:
        configuration = {"TargetValue": 10.0, "CustomizedMetricSpecification": specification}
        aws.scaling.put_scaling_policy(**place, **policy, TargetTrackingScalingPolicyConfiguration=configuration)

    queries = [
        {"Id": "m", "MetricStat": {"Metric": metric, "Stat": "Average"}, "ReturnData": False},
        {"Id": "e", "Expression": "FILL(m, 0)"},
    ]
    with pytest.raises(ClientError, match="FILL"):
        put(Metrics=queries)
    assert not aws.scaling.describe_scaling_policies(ServiceNamespace="sagemaker", PolicyNames=["own"])["ScalingPolicies"]
    put(**metric, Statistic="Average")
    aws.to_the_minute()
    for _ in range(3):
        aws.put(namespace, 20)
    assert aws.count(name) == 2
    aws.scaling.deregister_scalable_target(**place)


@pytest.mark.nightly  # an endpoint of its own
def test_scheduled_actions_and_limits(aws):
    name, place = aws.target()
    aws.to_the_minute()
    soon = (aws.time() + datetime.timedelta(minutes=5)).replace(second=0, microsecond=0)
    aws.scaling.put_scheduled_action(
        **place,
        ScheduledActionName="busy",
        Schedule=f"at({soon:%Y-%m-%dT%H:%M:%S})",
        ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": 4},
    )
    aws.scaling.put_scheduled_action(
        **place, ScheduledActionName="calm", Schedule="rate(30 minutes)", ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 1}
    )
    aws.handle.advance(10 * 60)
    assert aws.count(name) == 2
    limits, activity = aws.activities(place)
    assert (limits["Description"], limits["Cause"]) == (
        "Setting min capacity to 2 and max capacity to 4",
        "scheduled action name busy was triggered",
    )
    assert (activity["Description"], activity["Cause"]) == ("Setting desired instance count to 2.", "minimum capacity was set to 2")
    assert limits["StartTime"] == soon
    aws.handle.advance(30 * 60)
    assert aws.count(name) == 1
    assert aws.activities(place)[-1]["Cause"] == "maximum capacity was set to 1"
    [target] = aws.scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[place["ResourceId"]])["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 1)
    aws.scaling.register_scalable_target(**place, MinCapacity=2, MaxCapacity=2)
    assert aws.count(name) == 2
    actions = aws.scaling.describe_scheduled_actions(ServiceNamespace="sagemaker", ResourceId=place["ResourceId"])["ScheduledActions"]
    assert [action["ScheduledActionName"] for action in actions] == ["busy", "calm"]
    aws.scaling.deregister_scalable_target(**place)
    assert not aws.scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"]


def test_a_failed_start_is_a_failed_activity(aws):
    _, place = aws.target()
    aws.scaling.register_scalable_target(**place, MinCapacity=40, MaxCapacity=40)
    [activity] = aws.activities(place)
    assert activity["StatusCode"] == "Failed" and activity["StatusMessage"].startswith(
        "Failed to set desired instance count to 40. Reason: "
    )
    aws.scaling.deregister_scalable_target(**place)


def test_tags_of_a_target(aws):
    _, place = aws.target(Tags={"team": "a"})
    [target] = aws.scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[place["ResourceId"]])["ScalableTargets"]
    arn = target["ScalableTargetARN"]
    aws.scaling.tag_resource(ResourceARN=arn, Tags={"stage": "test"})
    aws.scaling.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert aws.scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stage": "test"}


def test_a_scaled_variant_stays_until_it_is_deregistered_or_its_endpoint_deleted(aws):
    name, place = aws.target()
    high, _ = (alarm["AlarmName"] for alarm in aws.track(place)["Alarms"])
    other = aws.config({"ModelName": aws.model(echo("B")), "VariantName": "Other"})
    with pytest.raises(ClientError, match=r'The variant\(s\) "\["AllTraffic"\]" must be deregistered as scalable targets'):
        aws.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=other)
    aws.sagemaker.delete_endpoint(EndpointName=name)
    targets = aws.scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[place["ResourceId"]])
    assert not targets["ScalableTargets"] and not aws.cloudwatch.describe_alarms(AlarmNames=[high])["MetricAlarms"]


@pytest.mark.nightly  # a deployment of its own
def test_nothing_scales_while_a_deployment_bakes(aws):
    name, place = aws.target()
    aws.track(place)
    routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    aws.sagemaker.update_endpoint(
        EndpointName=name,
        EndpointConfigName=aws.config({"ModelName": aws.model(echo("B"))}),
        DeploymentConfig={"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 3600}},
    )
    until(lambda: aws.invoke(name) == "B", "the new model answers")
    aws.to_the_minute()
    for _ in range(3):
        aws.minute_of(name, 25)
    assert not aws.activities(place)
    [not_scaled] = aws.activities(place, IncludeNotScaledActivities=True)
    assert [reason["Code"] for reason in not_scaled["NotScaledReasons"]] == ["TargetServicePutResourceAsUnscalable"]
    aws.handle.advance(3600)
    assert aws.count(name) == 1
    aws.scaling.deregister_scalable_target(**place)


def test_an_asynchronous_endpoint_scales_to_zero_and_from_it_by_its_backlog(aws):
    name = aws.create(
        aws.config(
            {"ModelName": aws.model(echo("A"))},
            AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": f"s3://{aws.bucket}/answers"}},
        )
    )
    assert aws.settled(name)["EndpointStatus"] == "InService"
    place = {"ServiceNamespace": "sagemaker", "ResourceId": f"endpoint/{name}/variant/AllTraffic", "ScalableDimension": DIMENSION}
    aws.scaling.register_scalable_target(**place, MinCapacity=0, MaxCapacity=0)
    assert aws.count(name) == 0
    aws.scaling.register_scalable_target(**place, MinCapacity=0, MaxCapacity=2)
    policy = aws.scaling.put_scaling_policy(
        **place,
        PolicyName="from-zero",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
        },
    )
    aws.cloudwatch.put_metric_alarm(
        AlarmName=f"{name}-HasBacklogWithoutCapacity",
        **{"Namespace": "AWS/SageMaker", "MetricName": "HasBacklogWithoutCapacity", "Statistic": "Average", "Period": 60},
        **{"EvaluationPeriods": 2, "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold"},
        Dimensions=[{"Name": "EndpointName", "Value": name}],
        AlarmActions=[policy["PolicyARN"]],
    )
    aws.s3.put_object(Bucket=aws.bucket, Key="question", Body=b"1")
    answer = aws.runtime.invoke_endpoint_async(EndpointName=name, InputLocation=f"s3://{aws.bucket}/question", ContentType="text/csv")

    def answered() -> bool:
        found = aws.s3.list_objects_v2(Bucket=aws.bucket, Prefix=answer["OutputLocation"].partition(f"{aws.bucket}/")[2])
        if found["KeyCount"]:
            return True
        aws.to_the_minute()
        return False

    until(answered, "an instance came for the request")
    assert aws.count(name) == 1
    aws.scaling.deregister_scalable_target(**place)


@pytest.mark.nightly  # target tracking runs by day
def test_provisioned_concurrency_follows_its_use(aws):
    model = aws.model(script(SLOW))
    serverless = {"MemorySizeInMB": 1024, "MaxConcurrency": 4, "ProvisionedConcurrency": 1}
    config = aws.name("config")
    variant = {"VariantName": "AllTraffic", "ModelName": model, "ServerlessConfig": serverless}
    aws.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
    name = aws.create(config)
    assert aws.settled(name)["EndpointStatus"] == "InService"
    place = {"ServiceNamespace": "sagemaker", "ResourceId": f"endpoint/{name}/variant/AllTraffic", "ScalableDimension": PROVISIONED}
    aws.scaling.register_scalable_target(**place, MinCapacity=1, MaxCapacity=3)
    configuration = {
        "TargetValue": 0.7,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantProvisionedConcurrencyUtilization"},
    }
    aws.scaling.put_scaling_policy(
        **place, PolicyName="use", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=configuration
    )
    aws.to_the_minute()
    for _ in range(3):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: aws.invoke(name), range(2)))
        aws.to_the_minute()
    [summary] = aws.settled(name)["ProductionVariants"]
    assert summary["CurrentServerlessConfig"]["ProvisionedConcurrency"] == 3
    [activity] = aws.activities(place)
    assert activity["Description"] == "Setting desired provisioned concurrency to 3." and activity["StatusCode"] == "Successful"
    aws.handle.advance(20 * 60)
    [summary] = aws.settled(name)["ProductionVariants"]
    assert summary["CurrentServerlessConfig"]["ProvisionedConcurrency"] == 1
    aws.scaling.deregister_scalable_target(**place)


def test_what_is_refused(aws):
    name, place = aws.target()
    refused = []
    for operation, changes in (
        ("register_scalable_target", {"MinCapacity": 3, "MaxCapacity": 1}),
        ("register_scalable_target", {"MinCapacity": 0}),
        ("register_scalable_target", {"ResourceId": "endpoint/none/variant/AllTraffic", "MinCapacity": 1, "MaxCapacity": 1}),
        ("register_scalable_target", {"ScalableDimension": PROVISIONED, "MinCapacity": 1, "MaxCapacity": 1}),
        ("register_scalable_target", {"ScalableDimension": "sagemaker:inference-component:DesiredCopyCount"}),
        ("deregister_scalable_target", {"ResourceId": "endpoint/none/variant/AllTraffic"}),
        ("put_scheduled_action", {"ScheduledActionName": "a", "Schedule": "daily", "ScalableTargetAction": {"MinCapacity": 1}}),
        ("delete_scaling_policy", {"PolicyName": "none"}),
    ):
        with pytest.raises(ClientError) as caught:
            getattr(aws.scaling, operation)(**(place | changes))
        refused.append(caught.value.response["Error"]["Code"])
    assert refused == ["ValidationException"] * 5 + [
        "ObjectNotFoundException",
        "ValidationException",
        "ObjectNotFoundException",
    ]
    assert aws.scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []  # moto serves other namespaces
