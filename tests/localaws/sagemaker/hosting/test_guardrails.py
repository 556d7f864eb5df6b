"""Deployment guardrails: traffic moves step by step as the clock advances, and back when an alarm goes off."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.leaked_processes import kill
from tests.localaws.sagemaker.hosting.endpoint_fixtures import XGBOOST, EndpointFixtures, booster_file, echo, fixtures_of, until
from tests.localaws.subscribed_queues import queue_for_rules


class Guarded(EndpointFixtures):
    """Endpoints that answer with the letter of their model, on a local AWS whose clock the tests advance."""

    def __init__(self, client: Callable[..., Any], handle: launch.Handle) -> None:
        super().__init__(client, handle)
        self.events, self.sqs = client("events"), client("sqs")

    def config_of(self, letter: str, count: int = 1) -> str:
        return self.config({"ModelName": self.model(echo(letter)), "InitialInstanceCount": count})

    def endpoint(self, letter: str, count: int = 1) -> str:
        name = self.create(self.config_of(letter, count))
        assert self.settled(name)["EndpointStatus"] == "InService"
        return name

    def update(self, name: str, letter: str, deployment: dict, count: int = 1) -> str:
        config = self.config_of(letter, count)
        self.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config, DeploymentConfig=deployment)
        return config

    def described(self, name: str) -> dict:
        return self.sagemaker.describe_endpoint(EndpointName=name)

    def stage(self, name: str) -> tuple[str, str]:
        """The status and message of a deployment's stage."""
        [variant] = self.described(name).get("PendingDeploymentSummary", {}).get("ProductionVariants", [{}])
        return (variant["VariantStatus"][0]["Status"], variant["VariantStatus"][0].get("StatusMessage", "")) if variant else ("", "")

    def baking(self, name: str, words: str = "") -> str:
        """The message of a baking stage, in which alarms are watched."""
        return until(lambda: (stage := self.stage(name))[0] == "Baking" and words in stage[1] and stage[1], f"{name} bakes {words}")

    def answers(self, name: str, times: int = 60) -> dict[str, int]:
        found = [self.invoke(name) for _ in range(times)]
        return {letter: found.count(letter) for letter in sorted(set(found))}

    def alarm(self) -> str:
        """An alarm on the metric ``errors`` of a namespace with the alarm's name."""
        name = self.name("Alarm")
        self.cloudwatch.put_metric_alarm(
            **{"AlarmName": name, "Namespace": name, "MetricName": "errors", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1},
            **{"Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching"},
        )
        return name

    def trip(self, alarm: str) -> None:
        """Publish too many errors in one minute."""
        self.cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="by hand")


def blue_green(kind: str, wait: int = 0, termination: int = 0, alarms: tuple[str, ...] = (), **traffic) -> dict:
    routing = {"Type": kind, "WaitIntervalInSeconds": wait, **traffic}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": termination, "MaximumExecutionTimeoutInSeconds": 7200}
    rollback = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]}} if alarms else {}
    return {"BlueGreenUpdatePolicy": policy} | rollback


def size(value: int, kind: str = "INSTANCE_COUNT") -> dict:
    return {"Type": kind, "Value": value}


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    handle = launch.start(tmp_path_factory.mktemp("guardrails") / "state")
    yield fixtures_of(handle, Guarded)
    handle.stop()


def test_a_canary_gets_its_share_then_all_traffic_and_the_old_fleet_ends_last(aws):
    name = aws.endpoint("A", 2)
    before = aws.described(name)["EndpointConfigName"]
    deployment = blue_green("CANARY", 300, 120, CanarySize=size(1))
    config = aws.update(name, "B", deployment, 2)
    assert aws.baking(name) == "Baking for 300 seconds (WaitIntervalInSeconds) with traffic enabled on canary capacity of 1 instance(s)."
    described = aws.described(name)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("Updating", before)
    pending = described["PendingDeploymentSummary"]
    assert (pending["EndpointConfigName"], pending["ProductionVariants"][0]["DesiredInstanceCount"]) == (config, 2)
    assert described["LastDeploymentConfig"] == deployment
    shares = aws.answers(name)
    assert shares.keys() == {"A", "B"} and 10 < shares["B"] < 50  # 30 expected; fails in two of a million runs
    with pytest.raises(ClientError, match="in-progress"):
        aws.sagemaker.delete_endpoint(EndpointName=name)
    aws.handle.advance(200)
    assert aws.stage(name)[0] == "Baking" and aws.answers(name, 30).keys() == {"A", "B"}
    aws.handle.advance(101)
    assert aws.baking(name) == "Baking for 120 seconds (TerminationWaitInSeconds) with traffic enabled on full capacity of 2 instance(s)."
    assert aws.answers(name, 20).keys() == {"B"}
    aws.handle.advance(121)
    described = aws.settled(name)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", config)
    assert "PendingDeploymentSummary" not in described and "FailureReason" not in described
    assert aws.answers(name, 10).keys() == {"B"}


@pytest.mark.nightly  # a deployment of its own; by day a canary and a rolling one
def test_one_jump_passes_all_steps_of_a_linear_deployment(aws):
    name = aws.endpoint("A")
    aws.update(name, "B", blue_green("LINEAR", 100, 50, LinearStepSize=size(25, "CAPACITY_PERCENT")))
    aws.baking(name)
    aws.handle.advance(151)
    assert "partial capacity" in aws.stage(name)[1] and aws.answers(name).keys() == {"A", "B"}
    aws.handle.advance(200)
    assert aws.described(name)["EndpointStatus"] == "InService" and aws.answers(name, 10).keys() == {"B"}


def test_an_alarm_rolls_back_and_no_request_is_lost(aws):
    name, alarm = aws.endpoint("A"), aws.alarm()
    before = aws.described(name)["EndpointConfigName"]
    stop, seen = threading.Event(), []

    def load() -> None:
        while not stop.is_set():
            seen.append(aws.invoke(name))

    thread = threading.Thread(target=load)
    thread.start()
    try:
        aws.update(name, "B", blue_green("CANARY", 600, 60, (alarm,), CanarySize=size(50, "CAPACITY_PERCENT")))
        aws.baking(name)
        until(lambda: "B" in seen[-50:], "the canary answers")
        aws.to_the_minute()
        assert aws.described(name)["EndpointStatus"] == "Updating"
        aws.cloudwatch.put_metric_data(
            Namespace=alarm, MetricData=[{"MetricName": "errors", "Value": 9.0, "Timestamp": aws.handle.advance(0)}]
        )
        aws.handle.advance(600)
        described = aws.settled(name)
        count = len(seen)
        until(lambda: len(seen) > count + 5, "requests go on")
    finally:
        stop.set()
        thread.join()
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", before)
    assert alarm in described["FailureReason"] and "rolled back" in described["FailureReason"]
    assert set(seen) == {"A", "B"} and set(seen[count + 1 :]) == {"A"}
    assert "PendingDeploymentSummary" not in described


@pytest.mark.nightly  # images/test_xgboost_versions.py asks the server by day
def test_an_alarm_rolls_back_a_release_that_the_image_cannot_read(aws):
    """AWS's example of guardrails deploys a model of XGBoost 0.90 in a newer image: it comes into service, and then fails every request."""
    name = aws.deploy(booster_file())
    pickled = Path(__file__).parents[2] / "images/xgboost-0.90.pkl"
    bad = aws.config({"ModelName": aws.model({"xgboost-model": pickled.read_bytes()}, XGBOOST.replace("1.7-1", "1.2-1"))})
    alarm = aws.name("Errors")
    aws.cloudwatch.put_metric_alarm(
        **{"AlarmName": alarm, "Namespace": "AWS/SageMaker", "MetricName": "Invocation5XXErrors", "Statistic": "Sum", "Period": 60},
        **{"EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold"},
        **{"Dimensions": [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "AllTraffic"}]},
    )
    deployment = blue_green("ALL_AT_ONCE", 0, 600, (alarm,))
    aws.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=bad, DeploymentConfig=deployment)
    aws.baking(name)
    with pytest.raises(ClientError, match="Unable to load model"):
        aws.invoke(name)
    aws.handle.advance(120)
    assert alarm in aws.settled(name)["FailureReason"] and float(aws.invoke(name))


@pytest.mark.nightly  # a canary is rolled back by day
def test_an_alarm_while_the_old_fleet_waits_for_its_end_rolls_back_too(aws):
    name, alarm = aws.endpoint("A"), aws.alarm()
    aws.update(name, "B", blue_green("ALL_AT_ONCE", 0, 600, (alarm,)))
    aws.baking(name, "full capacity")
    assert aws.answers(name, 10).keys() == {"B"}
    aws.trip(alarm)
    described = aws.settled(name)
    assert described["EndpointStatus"] == "InService" and alarm in described["FailureReason"]
    assert aws.answers(name, 10).keys() == {"A"}
    aws.update(name, "B", blue_green("ALL_AT_ONCE", 0, 600, (alarm,)))  # it is still in ALARM
    assert alarm in aws.settled(name)["FailureReason"] and aws.answers(name, 10).keys() == {"A"}


@pytest.mark.nightly  # a deployment of its own
def test_metrics_distinguish_the_fleets(aws):
    name = aws.endpoint("A")
    before = aws.described(name)["EndpointConfigName"]
    after = aws.update(name, "B", blue_green("ALL_AT_ONCE", 0, 60))
    aws.baking(name)
    aws.answers(name, 7)

    def invocations(config: str) -> float:
        values = {"EndpointName": name, "VariantName": "AllTraffic", "EndpointConfigName": config}
        dimensions = [{"Name": key, "Value": value} for key, value in values.items()]
        now = aws.handle.advance(0)
        span = {"StartTime": now - 3600, "EndTime": now + 120, "Period": 3600, "Statistics": ["Sum"]}
        found = aws.cloudwatch.get_metric_statistics(Namespace="AWS/SageMaker", MetricName="Invocations", Dimensions=dimensions, **span)
        return sum(point["Sum"] for point in found["Datapoints"])

    assert (invocations(before), invocations(after)) == (0, 7)
    aws.handle.advance(61)
    aws.settled(name)


def test_a_rolling_deployment_replaces_batch_by_batch(aws):
    name = aws.endpoint("A", 2)
    policy = {"MaximumBatchSize": size(1), "WaitIntervalInSeconds": 120, "MaximumExecutionTimeoutInSeconds": 3600}
    config = aws.update(name, "B", {"RollingUpdatePolicy": policy}, 2)
    aws.baking(name, "partial capacity of 1 instance(s)")
    assert aws.answers(name).keys() == {"A", "B"}
    aws.handle.advance(121)
    aws.baking(name, "full capacity of 2 instance(s)")
    described = aws.described(name)
    assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 1 and aws.answers(name, 10).keys() == {"B"}
    aws.handle.advance(121)
    described = aws.settled(name)
    assert described["EndpointConfigName"] == config and described["ProductionVariants"][0]["CurrentInstanceCount"] == 2


@pytest.mark.nightly  # a canary is rolled back by day
def test_a_rolling_deployment_is_rolled_back_with_the_old_fleet_whole(aws):
    name, alarm = aws.endpoint("A", 2), aws.alarm()
    policy = {"MaximumBatchSize": size(1), "WaitIntervalInSeconds": 120, "RollbackMaximumBatchSize": size(1)}
    deployment = {"RollingUpdatePolicy": policy, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]}}
    aws.update(name, "B", deployment, 2)
    aws.baking(name, "partial capacity")
    aws.handle.advance(121)
    aws.baking(name, "full capacity")
    aws.trip(alarm)
    described = aws.settled(name)
    assert alarm in described["FailureReason"] and described["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    assert aws.answers(name, 20).keys() == {"A"}


@pytest.mark.nightly  # a canary is rolled back by day
def test_a_deployment_that_takes_too_long_is_rolled_back_and_its_configuration_is_retained(aws):
    name = aws.endpoint("A")
    policy = {"MaximumBatchSize": size(50, "CAPACITY_PERCENT"), "WaitIntervalInSeconds": 700, "MaximumExecutionTimeoutInSeconds": 600}
    aws.update(name, "B", {"RollingUpdatePolicy": policy})
    aws.baking(name)
    aws.handle.advance(650)
    assert "MaximumExecutionTimeoutInSeconds (600)" in aws.settled(name)["FailureReason"]
    config = aws.config_of("C")
    aws.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config, RetainDeploymentConfig=True)
    assert "Baking for 700 seconds" in aws.baking(name)
    aws.handle.advance(650)
    assert aws.settled(name)["LastDeploymentConfig"] == {"RollingUpdatePolicy": policy}


def test_events_of_the_endpoint_and_of_its_deployment(aws):
    url, arn = queue_for_rules(aws.sqs, aws.name("queue"))
    kinds = ["SageMaker Endpoint State Change", "SageMaker Endpoint Deployment State Change"]
    aws.events.put_rule(Name="endpoints", EventPattern=json.dumps({"source": ["aws.sagemaker"], "detail-type": kinds}))
    aws.events.put_targets(Rule="endpoints", Targets=[{"Id": "q", "Arn": arn}])
    name = aws.endpoint("A")
    aws.update(name, "B", blue_green("ALL_AT_ONCE", 0, 60))
    aws.baking(name)
    aws.handle.advance(61)
    aws.settled(name)
    aws.events.remove_targets(Rule="endpoints", Ids=["q"])
    found = []
    while messages := aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages"):
        found += [json.loads(message["Body"]) for message in messages]
    mine = [event for event in found if event["detail"]["EndpointName"] == name]
    states = [event["detail"]["EndpointStatus"] for event in mine if event["detail-type"] == kinds[0]]
    assert sorted(states) == sorted(["CREATING", "IN_SERVICE", "UPDATING", "IN_SERVICE"])
    stages = [
        event["detail"]["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"][0]["Status"]
        for event in mine
        if event["detail-type"] == kinds[1]
    ]
    assert {"ActivatingTraffic", "Baking"} <= set(stages)


def test_what_is_refused(aws):
    name = aws.endpoint("A")
    too_long = blue_green("CANARY", 3600, 3600, CanarySize=size(50, "CAPACITY_PERCENT"))
    both = blue_green("ALL_AT_ONCE") | {
        "RollingUpdatePolicy": {"MaximumBatchSize": size(50, "CAPACITY_PERCENT"), "WaitIntervalInSeconds": 0}
    }
    for deployment, words in (
        (blue_green("CANARY", 10), "CanarySize must be specified"),
        (blue_green("ALL_AT_ONCE", CanarySize=size(1)), "CanarySize must be specified"),
        (blue_green("CANARY", CanarySize=size(1)), "at most 50%"),
        (blue_green("LINEAR", LinearStepSize=size(5, "CAPACITY_PERCENT")), "between 10% and 50%"),
        (too_long, "MaximumExecutionTimeoutInSeconds must be larger"),
        (both, "Only one of"),
    ):
        with pytest.raises(ClientError, match=words) as caught:
            aws.update(name, "B", deployment)
        assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert aws.described(name)["EndpointStatus"] == "InService"


@pytest.mark.nightly  # its own local AWS, started several times
def test_a_restart_undoes_an_unfinished_deployment_and_a_stop_does_not_wait_for_it(tmp_path):
    first = fixtures_of(launch.start(tmp_path / "state"), Guarded)
    name = first.endpoint("A")
    before = first.described(name)["EndpointConfigName"]
    deployment = blue_green("CANARY", 3000, CanarySize=size(50, "CAPACITY_PERCENT"))
    first.update(name, "B", deployment)
    first.baking(name)
    kill(first.handle.pid)
    again = fixtures_of(launch.start(tmp_path / "state"), Guarded)
    try:
        described = again.settled(name)
        assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", before)
        assert "PendingDeploymentSummary" not in described and "during the update" in described["FailureReason"]
        assert again.answers(name, 10).keys() == {"A"}
        again.update(name, "B", deployment)
        again.baking(name)
        again.handle.reset()
        again.bucket = again.name("models")
        again.s3.create_bucket(Bucket=again.bucket)
        name = again.endpoint("A")
        again.update(name, "B", deployment)
        again.baking(name)
    finally:
        again.handle.stop()
