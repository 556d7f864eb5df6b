"""Application Auto Scaling of inference components: alarms, schedules and limits start and stop real copies."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.localaws.sagemaker.hosting.component_fixtures import MEMORY, ComponentFixtures
from tests.localaws.sagemaker.hosting.endpoint_fixtures import fixtures_of, until

DIMENSION = "sagemaker:inference-component:DesiredCopyCount"


class ScaledComponents(ComponentFixtures):
    """A local AWS with a test-controlled clock and scaling components."""

    def __init__(self, client: Callable[..., Any], handle: launch.Handle) -> None:
        super().__init__(client, handle)
        self.scaling = client("application-autoscaling")

    def target(self, endpoint: str, least: int = 1, most: int = 3, **component: Any) -> tuple[str, dict]:
        """Registers a component with one copy. Returns its name and the parameters that identify it."""
        name = self.served(endpoint, **component)
        place = {"ServiceNamespace": "sagemaker", "ResourceId": f"inference-component/{name}", "ScalableDimension": DIMENSION}
        self.scaling.register_scalable_target(**place, MinCapacity=least, MaxCapacity=most)
        return name, place

    def track(self, place: dict, metric: str = "SageMakerInferenceComponentInvocationsPerCopy", target: float = 10.0) -> list[dict]:
        """Put a policy. Returns its high and its low alarm."""
        configuration = {"TargetValue": target, "PredefinedMetricSpecification": {"PredefinedMetricType": metric}}
        names = self.scaling.put_scaling_policy(
            **place, PolicyName="track", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=configuration
        )["Alarms"]
        found = self.cloudwatch.describe_alarms(AlarmNames=[alarm["AlarmName"] for alarm in names])["MetricAlarms"]
        return sorted(found, key=lambda alarm: -alarm["Threshold"])

    def copies(self, name: str) -> int:
        return self.component_settled(name)["RuntimeConfig"]["CurrentCopyCount"]

    def streams(self, name: str) -> int:
        """Returns the component's log streams, one for every copy that ever ran."""
        return len(self.logs.describe_log_streams(logGroupName=f"/aws/sagemaker/InferenceComponents/{name}")["logStreams"])

    def activities(self, place: dict, **more: Any) -> list[dict]:
        """Returns the scaling activities, the oldest first."""
        found = self.scaling.describe_scaling_activities(ServiceNamespace="sagemaker", ResourceId=place["ResourceId"], **more)
        return found["ScalingActivities"][::-1]

    def minute_of(self, endpoint: str, name: str, invocations: int) -> None:
        for _ in range(invocations):
            self.ask(endpoint, name)
        self.to_the_minute()

    def time(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(self.handle.advance(0), datetime.UTC)


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    handle = launch.start(tmp_path_factory.mktemp("scaling-components") / "state")
    yield fixtures_of(handle, ScaledComponents)
    handle.stop()


@pytest.mark.nightly  # of instances by day in test_scaling.py
def test_target_tracking_starts_and_stops_copies(aws):
    endpoint = aws.host(2)
    name, place = aws.target(endpoint)
    high, low = aws.track(place)
    for alarm in (high, low):
        assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/SageMaker", "InvocationsPerCopy", "Sum")
        assert alarm["Dimensions"] == [{"Name": "InferenceComponentName", "Value": name}]
    assert high["AlarmName"].startswith(f"TargetTracking-{place['ResourceId']}-AlarmHigh-")
    aws.to_the_minute()
    for _ in range(3):
        aws.minute_of(endpoint, name, 25)
    assert aws.copies(name) == 3
    until(lambda: aws.streams(name) == 3, "each copy writes a log of its own")
    [out] = aws.activities(place)
    assert (out["Description"], out["StatusCode"]) == ("Setting desired copy count to 3.", "Successful")
    assert out["Cause"] == f"monitor alarm {high['AlarmName']} in state ALARM triggered policy track"
    assert {aws.ask(endpoint, name) for _ in range(10)} == {"a"}
    aws.handle.advance(20 * 60)
    assert aws.copies(name) == 1 and aws.ask(endpoint, name) == "a"
    assert aws.activities(place)[-1]["Description"] == "Setting desired copy count to 1."
    aws.scaling.deregister_scalable_target(**place)
    assert not aws.cloudwatch.describe_alarms(AlarmNames=[high["AlarmName"]])["MetricAlarms"]


def test_copies_and_instances_scale_to_zero_and_back_after_a_refused_request(aws):
    managed = {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 2}
    endpoint = aws.host(ManagedInstanceScaling=managed)
    name, place = aws.target(endpoint, least=0)
    aws.track(place)
    steps = [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}]
    policy = aws.scaling.put_scaling_policy(
        **place,
        PolicyName="from-zero",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps, "Cooldown": 60},
    )
    aws.cloudwatch.put_metric_alarm(
        AlarmName=f"{name}-without-capacity",
        **{"Namespace": "AWS/SageMaker", "MetricName": "NoCapacityInvocationFailures", "Statistic": "Sum", "Period": 60},
        **{"EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold"},
        Dimensions=[{"Name": "InferenceComponentName", "Value": name}],
        AlarmActions=[policy["PolicyARN"]],
    )
    aws.handle.advance(20 * 60)
    assert aws.copies(name) == 0
    until(lambda: aws.instances(endpoint) == 0, "no instance is left")
    with pytest.raises(ClientError, match="ApplicationAutoScaling may be in-progress"):
        aws.ask(endpoint, name)
    aws.to_the_minute()
    assert aws.copies(name) == 1 and aws.instances(endpoint) == 1
    assert aws.ask(endpoint, name) == "a"
    assert [activity["Description"][-2:] for activity in aws.activities(place)] == ["0.", "1."]
    aws.scaling.deregister_scalable_target(**place)


@pytest.mark.nightly  # an endpoint of its own
def test_a_custom_metric_and_a_scheduled_action(aws):
    endpoint = aws.host(2)
    name, place = aws.target(endpoint)
    namespace = aws.name("Load")
    metric = {"Namespace": namespace, "MetricName": "load", "Statistic": "Average"}
    configuration = {"TargetValue": 10.0, "CustomizedMetricSpecification": metric}
    aws.scaling.put_scaling_policy(
        **place, PolicyName="own", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=configuration
    )
    aws.to_the_minute()
    for _ in range(3):
        aws.cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "load", "Value": 20, "Timestamp": aws.time()}])
        aws.to_the_minute()
    assert aws.copies(name) == 2
    aws.scaling.delete_scaling_policy(**place, PolicyName="own")
    soon = (aws.time() + datetime.timedelta(minutes=2)).replace(second=0, microsecond=0)
    aws.scaling.put_scheduled_action(
        **place,
        ScheduledActionName="night",
        Schedule=f"at({soon:%Y-%m-%dT%H:%M:%S})",
        ScalableTargetAction={"MinCapacity": 0, "MaxCapacity": 0},
    )
    aws.handle.advance(180)
    assert aws.copies(name) == 0
    *_, limits, last = aws.activities(place)
    assert limits["Cause"] == "scheduled action name night was triggered"
    assert (last["Description"], last["Cause"]) == ("Setting desired copy count to 0.", "maximum capacity was set to 0")
    aws.scaling.deregister_scalable_target(**place)


def test_without_free_resources_the_activity_fails_and_the_component_stays_in_service(aws):
    endpoint = aws.host(2)
    name, place = aws.target(endpoint, memory=MEMORY)
    aws.scaling.register_scalable_target(**place, MinCapacity=3, MaxCapacity=3)
    [activity] = aws.activities(place)
    assert activity["StatusCode"] == "Failed"
    assert activity["StatusMessage"].startswith(
        "Failed to set desired copy count to 3. Reason: No instance of variant AllTraffic has enough free resources"
    )
    assert aws.copies(name) == 1 and aws.ask(endpoint, name) == "a"
    aws.scaling.register_scalable_target(**place, MinCapacity=2, MaxCapacity=2)
    assert aws.copies(name) == 2
    aws.remove(name)  # this also deregisters the target
    assert not aws.scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[place["ResourceId"]])["ScalableTargets"]


def test_requests_under_way_at_high_resolution(aws):
    _, place = aws.target(aws.host())
    high, low = aws.track(place, "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution", 5.0)
    assert [(alarm["MetricName"], alarm["Period"]) for alarm in (high, low)] == [("ConcurrentRequestsPerCopy", 10)] * 2
    aws.scaling.deregister_scalable_target(**place)


def test_what_is_refused(aws):
    endpoint = aws.host()
    name, place = aws.target(endpoint)
    for changes, words in (
        ({"ResourceId": "inference-component/none"}, "The inference component doesn't exist"),
        ({"ResourceId": f"endpoint/{endpoint}/variant/AllTraffic"}, "it must be inference-component/<name>"),
        ({"ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}, "it must be endpoint/<name>/variant/<name>"),
        ({"MinCapacity": 4}, "Maximum capacity cannot be less than minimum capacity"),
    ):
        with pytest.raises(ClientError, match=words):
            aws.scaling.register_scalable_target(**(place | {"MinCapacity": 1, "MaxCapacity": 2} | changes))
    with pytest.raises(ClientError, match="is not one of the scalable dimension"):
        aws.track(place, "SageMakerVariantInvocationsPerInstance")
    aws.scaling.deregister_scalable_target(**place)
