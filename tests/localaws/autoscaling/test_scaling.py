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
def world(tmp_path_factory):
    handle = launch.start(tmp_path_factory.mktemp("scaling") / "state")
    yield fixtures_of(handle, Scaled)
    handle.stop()


def test_target_tracking_follows_the_load_out_and_back_in(world):
    name, place = world.target()
    made = world.track(place, ScaleOutCooldown=60, ScaleInCooldown=60)
    high, low = [alarm["AlarmName"] for alarm in made["Alarms"]]
    assert high.startswith(f"TargetTracking-{place['ResourceId']}-AlarmHigh-") and low.startswith(
        f"TargetTracking-{place['ResourceId']}-AlarmLow-"
    )
    alarms = {alarm["AlarmName"]: alarm for alarm in world.cloudwatch.describe_alarms(AlarmNames=[high, low])["MetricAlarms"]}
    assert [(alarms[each]["EvaluationPeriods"], alarms[each]["Threshold"], alarms[each]["Statistic"]) for each in (high, low)] == [
        (3, 10.0, "Sum"),
        (15, 9.0, "Sum"),
    ]
    world.to_the_minute()
    for _ in range(3):
        world.minute_of(name, 25)
    assert world.count(name) == 3
    [out] = world.activities(place)
    assert out["Description"] == "Setting desired instance count to 3."
    assert out["Cause"] == f"monitor alarm {high} in state ALARM triggered policy track"
    assert (out["StatusCode"], out["StatusMessage"]) == (
        "Successful",
        "Successfully set desired instance count to 3. Change successfully fulfilled by sagemaker.",
    )
    assert {world.invoke(name) for _ in range(20)} == {"A"}
    of_three = world.processes()
    world.handle.advance(20 * 60)
    assert world.count(name) == 1
    [_, back] = world.activities(place)
    assert back["Description"] == "Setting desired instance count to 1." and low in back["Cause"]
    until(lambda: world.processes() * 3 == of_three, "two servers have ended")
    world.scaling.deregister_scalable_target(**place)
    assert not world.cloudwatch.describe_alarms(AlarmNames=[high, low])["MetricAlarms"]
    assert world.invoke(name) == "A"


def test_scale_in_disabled_suspended_and_at_the_limit(world):
    name, place = world.target(most=2)
    world.track(place, DisableScaleIn=True)
    world.scaling.register_scalable_target(**place, SuspendedState={"DynamicScalingOutSuspended": True})
    world.to_the_minute()
    for _ in range(3):
        world.minute_of(name, 25)
    assert world.count(name) == 1 and not world.activities(place)
    world.scaling.register_scalable_target(**place, SuspendedState={"DynamicScalingOutSuspended": False})
    world.minute_of(name, 25)
    assert world.count(name) == 2
    world.minute_of(name, 60)
    [out, not_scaled] = world.activities(place, IncludeNotScaledActivities=True)
    assert not_scaled["NotScaledReasons"] == [{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 2, "MinCapacity": 1, "CurrentCapacity": 2}]
    assert world.activities(place) == [out]
    world.handle.advance(20 * 60)
    assert world.count(name) == 2
    world.scaling.deregister_scalable_target(**place)


def test_step_scaling_by_an_alarm_of_ones_own_and_its_cooldown(world):
    name, place = world.target(most=4)
    namespace = world.name("Load")
    steps = [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 3},
    ]
    policy = world.scaling.put_scaling_policy(
        **place,
        PolicyName="steps",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps, "Cooldown": 600},
    )
    rule = {"EvaluationPeriods": 1, "Threshold": 10.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
    world.cloudwatch.put_metric_alarm(
        **{"AlarmName": namespace, "Namespace": namespace, "MetricName": "load", "Statistic": "Maximum", "Period": 60},
        **rule,
        AlarmActions=[policy["PolicyARN"]],
    )
    [described] = world.scaling.describe_scaling_policies(ServiceNamespace="sagemaker", ResourceId=place["ResourceId"])["ScalingPolicies"]
    assert [alarm["AlarmName"] for alarm in described["Alarms"]] == [namespace]
    world.to_the_minute()
    world.put(namespace, 15)
    assert world.count(name) == 2
    world.put(namespace, 15)  # in the cooldown; the step is not larger
    assert world.count(name) == 2
    world.put(namespace, 25)  # a larger step is added to the capacity before the first one
    assert world.count(name) == 4
    assert [activity["Description"][-2:] for activity in world.activities(place)] == ["2.", "4."]
    world.scaling.deregister_scalable_target(**place)


def test_target_tracking_of_a_metric_of_ones_own(world):
    name, place = world.target()
    namespace = world.name("Load")
    metric = {"Namespace": namespace, "MetricName": "load"}
    policy = {"PolicyName": "own", "PolicyType": "TargetTrackingScaling"}

    def put(**specification) -> None:
        configuration = {"TargetValue": 10.0, "CustomizedMetricSpecification": specification}
        world.scaling.put_scaling_policy(**place, **policy, TargetTrackingScalingPolicyConfiguration=configuration)

    queries = [
        {"Id": "m", "MetricStat": {"Metric": metric, "Stat": "Average"}, "ReturnData": False},
        {"Id": "e", "Expression": "FILL(m, 0)"},
    ]
    with pytest.raises(ClientError, match="FILL"):
        put(Metrics=queries)
    assert not world.scaling.describe_scaling_policies(ServiceNamespace="sagemaker", PolicyNames=["own"])["ScalingPolicies"]
    put(**metric, Statistic="Average")
    world.to_the_minute()
    for _ in range(3):
        world.put(namespace, 20)
    assert world.count(name) == 2
    world.scaling.deregister_scalable_target(**place)


def test_scheduled_actions_and_limits(world):
    name, place = world.target()
    world.to_the_minute()
    soon = (world.time() + datetime.timedelta(minutes=5)).replace(second=0, microsecond=0)
    world.scaling.put_scheduled_action(
        **place,
        ScheduledActionName="busy",
        Schedule=f"at({soon:%Y-%m-%dT%H:%M:%S})",
        ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": 4},
    )
    world.scaling.put_scheduled_action(
        **place, ScheduledActionName="calm", Schedule="rate(30 minutes)", ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 1}
    )
    world.handle.advance(10 * 60)
    assert world.count(name) == 2
    limits, activity = world.activities(place)
    assert (limits["Description"], limits["Cause"]) == (
        "Setting min capacity to 2 and max capacity to 4",
        "scheduled action name busy was triggered",
    )
    assert (activity["Description"], activity["Cause"]) == ("Setting desired instance count to 2.", "minimum capacity was set to 2")
    assert limits["StartTime"] == soon
    world.handle.advance(30 * 60)
    assert world.count(name) == 1
    assert world.activities(place)[-1]["Cause"] == "maximum capacity was set to 1"
    [target] = world.scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[place["ResourceId"]])["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 1)
    world.scaling.register_scalable_target(**place, MinCapacity=2, MaxCapacity=2)
    assert world.count(name) == 2
    actions = world.scaling.describe_scheduled_actions(ServiceNamespace="sagemaker", ResourceId=place["ResourceId"])["ScheduledActions"]
    assert [action["ScheduledActionName"] for action in actions] == ["busy", "calm"]
    world.scaling.deregister_scalable_target(**place)
    assert not world.scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"]


def test_a_failed_start_is_a_failed_activity(world):
    _, place = world.target()
    world.scaling.register_scalable_target(**place, MinCapacity=40, MaxCapacity=40)
    [activity] = world.activities(place)
    assert activity["StatusCode"] == "Failed" and activity["StatusMessage"].startswith(
        "Failed to set desired instance count to 40. Reason: "
    )
    world.scaling.deregister_scalable_target(**place)


def test_tags_of_a_target(world):
    _, place = world.target(Tags={"team": "a"})
    [target] = world.scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[place["ResourceId"]])["ScalableTargets"]
    arn = target["ScalableTargetARN"]
    world.scaling.tag_resource(ResourceARN=arn, Tags={"stage": "test"})
    world.scaling.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert world.scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stage": "test"}


def test_a_scaled_variant_stays_until_it_is_deregistered_or_its_endpoint_deleted(world):
    name, place = world.target()
    high, _ = (alarm["AlarmName"] for alarm in world.track(place)["Alarms"])
    other = world.config({"ModelName": world.model(echo("B")), "VariantName": "Other"})
    with pytest.raises(ClientError, match=r'The variant\(s\) "\["AllTraffic"\]" must be deregistered as scalable targets'):
        world.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=other)
    world.sagemaker.delete_endpoint(EndpointName=name)
    targets = world.scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[place["ResourceId"]])
    assert not targets["ScalableTargets"] and not world.cloudwatch.describe_alarms(AlarmNames=[high])["MetricAlarms"]


def test_nothing_scales_while_a_deployment_bakes(world):
    name, place = world.target()
    world.track(place)
    routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
    world.sagemaker.update_endpoint(
        EndpointName=name,
        EndpointConfigName=world.config({"ModelName": world.model(echo("B"))}),
        DeploymentConfig={"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 3600}},
    )
    until(lambda: world.invoke(name) == "B", "the new model answers")
    world.to_the_minute()
    for _ in range(3):
        world.minute_of(name, 25)
    assert not world.activities(place)
    [not_scaled] = world.activities(place, IncludeNotScaledActivities=True)
    assert [reason["Code"] for reason in not_scaled["NotScaledReasons"]] == ["TargetServicePutResourceAsUnscalable"]
    world.handle.advance(3600)
    assert world.count(name) == 1
    world.scaling.deregister_scalable_target(**place)


def test_an_asynchronous_endpoint_scales_to_zero_and_from_it_by_its_backlog(world):
    name = world.create(
        world.config(
            {"ModelName": world.model(echo("A"))},
            AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": f"s3://{world.bucket}/answers"}},
        )
    )
    assert world.settled(name)["EndpointStatus"] == "InService"
    place = {"ServiceNamespace": "sagemaker", "ResourceId": f"endpoint/{name}/variant/AllTraffic", "ScalableDimension": DIMENSION}
    world.scaling.register_scalable_target(**place, MinCapacity=0, MaxCapacity=0)
    assert world.count(name) == 0
    world.scaling.register_scalable_target(**place, MinCapacity=0, MaxCapacity=2)
    policy = world.scaling.put_scaling_policy(
        **place,
        PolicyName="from-zero",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
        },
    )
    world.cloudwatch.put_metric_alarm(
        AlarmName=f"{name}-HasBacklogWithoutCapacity",
        **{"Namespace": "AWS/SageMaker", "MetricName": "HasBacklogWithoutCapacity", "Statistic": "Average", "Period": 60},
        **{"EvaluationPeriods": 2, "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold"},
        Dimensions=[{"Name": "EndpointName", "Value": name}],
        AlarmActions=[policy["PolicyARN"]],
    )
    world.s3.put_object(Bucket=world.bucket, Key="question", Body=b"1")
    answer = world.runtime.invoke_endpoint_async(EndpointName=name, InputLocation=f"s3://{world.bucket}/question", ContentType="text/csv")

    def answered() -> bool:
        found = world.s3.list_objects_v2(Bucket=world.bucket, Prefix=answer["OutputLocation"].partition(f"{world.bucket}/")[2])
        if found["KeyCount"]:
            return True
        world.to_the_minute()
        return False

    until(answered, "an instance came for the request")
    assert world.count(name) == 1
    world.scaling.deregister_scalable_target(**place)


def test_provisioned_concurrency_follows_its_use(world):
    model = world.model(script(SLOW))
    serverless = {"MemorySizeInMB": 1024, "MaxConcurrency": 4, "ProvisionedConcurrency": 1}
    config = world.name("config")
    variant = {"VariantName": "AllTraffic", "ModelName": model, "ServerlessConfig": serverless}
    world.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
    name = world.create(config)
    assert world.settled(name)["EndpointStatus"] == "InService"
    place = {"ServiceNamespace": "sagemaker", "ResourceId": f"endpoint/{name}/variant/AllTraffic", "ScalableDimension": PROVISIONED}
    world.scaling.register_scalable_target(**place, MinCapacity=1, MaxCapacity=3)
    configuration = {
        "TargetValue": 0.7,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantProvisionedConcurrencyUtilization"},
    }
    world.scaling.put_scaling_policy(
        **place, PolicyName="use", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=configuration
    )
    world.to_the_minute()
    for _ in range(3):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: world.invoke(name), range(2)))
        world.to_the_minute()
    [summary] = world.settled(name)["ProductionVariants"]
    assert summary["CurrentServerlessConfig"]["ProvisionedConcurrency"] == 3
    [activity] = world.activities(place)
    assert activity["Description"] == "Setting desired provisioned concurrency to 3." and activity["StatusCode"] == "Successful"
    world.handle.advance(20 * 60)
    [summary] = world.settled(name)["ProductionVariants"]
    assert summary["CurrentServerlessConfig"]["ProvisionedConcurrency"] == 1
    world.scaling.deregister_scalable_target(**place)


def test_what_is_refused(world):
    name, place = world.target()
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
            getattr(world.scaling, operation)(**(place | changes))
        refused.append(caught.value.response["Error"]["Code"])
    assert refused == ["ValidationException"] * 5 + [
        "ObjectNotFoundException",
        "ValidationException",
        "ObjectNotFoundException",
    ]
    assert world.scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []  # moto serves other namespaces
