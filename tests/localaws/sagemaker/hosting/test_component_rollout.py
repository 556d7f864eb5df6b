"""Rolling updates of inference components: batch by batch as the clock advances, and back when an alarm goes off."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.leaked_processes import kill
from tests.localaws.sagemaker.hosting.component_fixtures import MEMORY, ComponentFixtures, needs
from tests.localaws.sagemaker.hosting.endpoint_fixtures import SKLEARN, echo, fixtures_of, script, until


class Rolled(ComponentFixtures):
    """Components that answer with the letter of their model, on a local AWS whose clock the tests advance."""

    def roll(self, name: str, letter: str, copies: int | None = None, memory: int = 1024, model: str = "", **policy: Any) -> dict:
        """Begin an update; returns the new specification."""
        specification = {"ModelName": model or self.model(echo(letter), SKLEARN), "ComputeResourceRequirements": needs(memory)}
        alarms = policy.pop("alarms", ())
        rollback = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm} for alarm in alarms]}} if alarms else {}
        rolling = {"MaximumBatchSize": size(1), "WaitIntervalInSeconds": 300} | policy
        self.sagemaker.update_inference_component(
            InferenceComponentName=name,
            Specification=specification,
            DeploymentConfig={"RollingUpdatePolicy": rolling} | rollback,
            **({"RuntimeConfig": {"CopyCount": copies}} if copies else {}),
        )
        return specification

    def described(self, name: str) -> dict:
        return self.sagemaker.describe_inference_component(InferenceComponentName=name)

    def answers(self, endpoint: str, name: str, times: int = 40) -> dict[str, int]:
        found = [self.ask(endpoint, name) for _ in range(times)]
        return {letter: found.count(letter) for letter in sorted(set(found))}

    def streams(self, name: str) -> list[dict]:
        """Log streams: one for each copy that ever existed."""
        return self.logs.describe_log_streams(logGroupName=f"/aws/sagemaker/InferenceComponents/{name}")["logStreams"]

    def baking(self, endpoint: str, name: str, new: str) -> None:
        """Wait until the first new copies answer."""
        until(lambda: self.ask(endpoint, name) == new, f"copies of {new} answer")

    def alarm(self) -> str:
        name = self.name("Alarm")
        self.cloudwatch.put_metric_alarm(
            **{"AlarmName": name, "Namespace": name, "MetricName": "errors", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1},
            **{"Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching"},
        )
        return name


class Asking:
    """Sends requests to a component all the time. The ``with`` block fails if one request fails."""

    def __init__(self, aws: Rolled, endpoint: str, name: str) -> None:
        self._aws, self._endpoint, self._name = aws, endpoint, name
        self._ended, self._errors, self.answers = threading.Event(), [], []
        self._threads = [threading.Thread(target=self._ask) for _ in range(2)]

    def _ask(self) -> None:
        while not self._ended.is_set():
            try:
                self.answers.append(self._aws.ask(self._endpoint, self._name))
            except ClientError as error:
                self._errors.append(error)

    def __enter__(self) -> Asking:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        assert not self._errors and self.answers


def size(value: int, kind: str = "COPY_COUNT") -> dict:
    return {"Type": kind, "Value": value}


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    handle = launch.start(tmp_path_factory.mktemp("rollouts") / "state")
    yield fixtures_of(handle, Rolled)
    handle.stop()


def test_batches_take_over_one_by_one_and_lose_no_request(aws):
    endpoint = aws.host(2)
    name = aws.served(endpoint, "old", copies=4)
    with Asking(aws, endpoint, name) as asking:
        specification = aws.roll(name, "new", MaximumBatchSize=size(50, "CAPACITY_PERCENT"))
        aws.baking(endpoint, name, "new")
        described = aws.described(name)
        assert described["InferenceComponentStatus"] == "Updating"
        assert described["LastDeploymentConfig"]["RollingUpdatePolicy"]["MaximumBatchSize"] == size(50, "CAPACITY_PERCENT")
        mixed = aws.answers(endpoint, name)
        assert set(mixed) == {"old", "new"} and 5 <= mixed["new"] <= 35  # two of four copies
        aws.handle.advance(300)
        until(lambda: set(aws.answers(endpoint, name, 10)) == {"new"}, "all copies but the last batch's bake are new")
        assert aws.described(name)["InferenceComponentStatus"] == "Updating"
        aws.handle.advance(300)
        described = aws.component_settled(name)
    assert (described["InferenceComponentStatus"], described["Specification"]) == ("InService", specification)
    assert described["RuntimeConfig"] == {"DesiredCopyCount": 4, "CurrentCopyCount": 4} and "FailureReason" not in described
    assert set(asking.answers) == {"old", "new"} and aws.answers(endpoint, name, 10) == {"new": 10}
    assert len(aws.streams(name)) == 8


@pytest.mark.nightly  # batches by day in the first test
def test_a_batch_needs_free_resources_for_itself_only_and_new_needs_and_counts_take_effect(aws):
    endpoint = aws.host(3)
    name = aws.served(endpoint, "old", copies=2, memory=MEMORY)  # the third instance is free
    aws.roll(name, "new", copies=3, memory=MEMORY, MaximumBatchSize=size(1), WaitIntervalInSeconds=0)
    described = aws.component_settled(name)
    assert "FailureReason" not in described and described["RuntimeConfig"] == {"DesiredCopyCount": 3, "CurrentCopyCount": 3}
    assert aws.answers(endpoint, name, 10) == {"new": 10}


@pytest.mark.nightly  # alarms roll back by day in test_guardrails.py
def test_an_alarm_rolls_back_with_the_resources_that_are_free(aws):
    endpoint, alarm = aws.host(3), aws.alarm()
    name = aws.served(endpoint, "old", copies=2, memory=MEMORY)
    with Asking(aws, endpoint, name):
        aws.roll(name, "new", memory=MEMORY, alarms=(alarm,))
        aws.baking(endpoint, name, "new")
        aws.handle.advance(300)
        until(lambda: set(aws.answers(endpoint, name, 10)) == {"new"}, "the last batch bakes")
        aws.cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="by hand")
        described = aws.component_settled(name)
    assert described["InferenceComponentStatus"] == "InService" and alarm in described["FailureReason"]
    assert described["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}
    assert aws.answers(endpoint, name, 10) == {"old": 10}
    assert aws.scale(name, 3)["RuntimeConfig"]["CurrentCopyCount"] == 3  # all places of the new copies are free again


@pytest.mark.nightly  # an alarm where there is space runs by day
def test_an_alarm_when_more_copies_of_the_new_specification_fill_all_instances(aws):
    endpoint, alarm = aws.host(3), aws.alarm()
    name = aws.served(endpoint, "old", copies=2, memory=MEMORY)
    with Asking(aws, endpoint, name):
        aws.roll(name, "new", copies=3, memory=MEMORY, alarms=(alarm,))
        aws.baking(endpoint, name, "new")
        for _ in range(2):
            aws.handle.advance(300)
        until(lambda: aws.described(name)["RuntimeConfig"]["CurrentCopyCount"] == 2, "the last batch is about to come")
        until(lambda: len(aws.streams(name)) == 5, "all new copies are there")
        aws.cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="by hand")
        described = aws.component_settled(name)
    assert alarm in described["FailureReason"] and described["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}
    assert aws.answers(endpoint, name, 10) == {"old": 10}


@pytest.mark.nightly  # the other way back runs by day
def test_rolling_back_by_batches_beside_the_new_copies(aws):
    endpoint, alarm = aws.host(2), aws.alarm()
    name = aws.served(endpoint, "old", copies=4)
    with Asking(aws, endpoint, name):
        aws.roll(name, "new", alarms=(alarm,), MaximumBatchSize=size(2), RollbackMaximumBatchSize=size(1))
        aws.baking(endpoint, name, "new")
        aws.handle.advance(300)
        until(lambda: set(aws.answers(endpoint, name, 10)) == {"new"}, "the last batch bakes")
        aws.cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="by hand")
        assert alarm in aws.component_settled(name)["FailureReason"]
    assert aws.answers(endpoint, name, 10) == {"old": 10}


@pytest.mark.parametrize(("what", "words"), [("broken", "did not pass the ping health check"), ("large", "has enough free resources")])
def test_a_batch_that_fails_leaves_the_component_as_it_was(aws, what, words):
    endpoint = aws.host()
    name = aws.served(endpoint, "old", copies=2)
    with Asking(aws, endpoint, name):
        if what == "broken":
            aws.roll(name, "", model=aws.model(script("raise RuntimeError"), SKLEARN))
        else:
            aws.roll(name, "new", memory=MEMORY)
        described = aws.component_settled(name)
    assert words in described["FailureReason"] and described["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}
    assert aws.answers(endpoint, name, 10) == {"old": 10}


@pytest.mark.nightly  # test_guardrails.py covers it for fleets by day
def test_too_long_a_deployment_is_rolled_back(aws):
    endpoint = aws.host()
    name = aws.served(endpoint, "old", copies=2)
    aws.roll(name, "new", WaitIntervalInSeconds=500, MaximumExecutionTimeoutInSeconds=600)
    aws.baking(endpoint, name, "new")
    aws.handle.advance(500)
    until(lambda: set(aws.answers(endpoint, name, 10)) == {"new"}, "the last batch bakes")
    aws.handle.advance(500)
    described = aws.component_settled(name)
    assert "MaximumExecutionTimeoutInSeconds (600)" in described["FailureReason"]
    assert aws.answers(endpoint, name, 10) == {"old": 10}


def test_a_change_of_only_the_number_of_copies_uses_no_batches(aws):
    name = aws.served(aws.host(), "old", copies=2)
    policy = {"RollingUpdatePolicy": {"MaximumBatchSize": size(1), "WaitIntervalInSeconds": 300}}
    aws.sagemaker.update_inference_component(InferenceComponentName=name, RuntimeConfig={"CopyCount": 3}, DeploymentConfig=policy)
    described = aws.component_settled(name)
    assert (described["RuntimeConfig"]["CurrentCopyCount"], described["LastDeploymentConfig"]) == (3, policy)


def test_batches_of_a_wrong_size_are_refused(aws):
    endpoint = aws.host()
    name = aws.served(endpoint, "old", copies=2)
    for batch in (size(2), size(1, "CAPACITY_PERCENT"), size(60, "CAPACITY_PERCENT")):
        with pytest.raises(ClientError, match="it must be between 5% and 50% of the copy count"):
            aws.roll(name, "new", MaximumBatchSize=batch)
    assert aws.described(name)["InferenceComponentStatus"] == "InService"


@pytest.mark.nightly  # test_runtime.py covers a kill by day
def test_after_a_kill_all_old_copies_come_back(tmp_path):
    handle = launch.start(tmp_path / "state")
    aws = fixtures_of(handle, Rolled)
    endpoint = aws.host(3)
    name = aws.served(endpoint, "old", copies=2, memory=MEMORY)
    aws.roll(name, "new", memory=MEMORY)
    aws.baking(endpoint, name, "new")
    handle.advance(300)
    until(lambda: set(aws.answers(endpoint, name, 10)) == {"new"}, "one old copy is gone")
    kill(handle.pid)
    handle = launch.start(tmp_path / "state")
    try:
        aws = fixtures_of(handle, Rolled)
        assert aws.answers(endpoint, name, 10) == {"old": 10}  # waits for the copies
        described = aws.component_settled(name)
        assert described["FailureReason"].startswith("The local AWS ended during the update.")
        assert described["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}
        assert aws.scale(name, 3)["RuntimeConfig"]["CurrentCopyCount"] == 3
    finally:
        handle.stop()
