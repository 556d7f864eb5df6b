"""Retry policies: which failures a step tries again, and when on the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from course.localaws.server import launch
from tests.localaws.boto_clients import client_factory
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import ROLE, SKLEARN
from tests.localaws.sagemaker.pipelines.definitions import condition, step, text_of
from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines

HOUR = 3600
LIMIT = "SageMaker.RESOURCE_LIMIT"


@pytest.fixture(scope="module")
def clocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[launch.Handle, Pipelines]]:
    """A local AWS whose clock may be advanced."""
    handle = launch.start(tmp_path_factory.mktemp("retries") / "state")
    yield handle, Pipelines(client_factory(handle))
    handle.stop()


def too_large(name: str = "large", **members: object) -> dict:
    """A processing step whose job is refused: a new account has none of these instances."""
    arguments = {
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": SKLEARN, "ContainerEntrypoint": ["/bin/true"]},
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5}},
    }
    return step(name, "Processing", arguments, **members)


def policy(*exceptions: str, **members: object) -> list[dict]:
    return [{"ExceptionType": list(exceptions), **members}]


def pass_time(handle: launch.Handle, pipelines: Pipelines, arn: str, ended: Callable[[dict], object], minutes: int) -> int:
    """Advance the clock by some minutes at a time, until the step ``large`` is as wanted; returns how many minutes that were."""
    passed = 0

    def step_now() -> dict:
        nonlocal passed
        found = pipelines.steps(arn).get("large", {})
        if not (found and ended(found)):
            handle.advance(minutes * 60)
            passed += minutes
        return found

    pipelines.until(step_now, lambda found: found and ended(found))
    return passed


def test_a_step_waits_longer_each_time_and_gives_up(clocked: tuple[launch.Handle, Pipelines]) -> None:
    handle, pipelines = clocked
    arn = pipelines.start(too_large(RetryPolicies=policy(LIMIT, IntervalSeconds=HOUR, BackoffRate=3, MaxAttempts=2)))
    assert pass_time(handle, pipelines, arn, lambda found: found["AttemptCount"] == 2, minutes=5) >= 60
    assert pass_time(handle, pipelines, arn, lambda found: found["AttemptCount"] == 3, minutes=15) >= 180
    assert pipelines.ended(arn) == "Failed"
    found = pipelines.steps(arn)["large"]
    assert (found["StepStatus"], found["AttemptCount"]) == ("Failed", 3) and not found.get("Metadata")
    assert "ml.p3.2xlarge for processing job usage" in found["FailureReason"] and "CreateProcessingJob" in found["FailureReason"]
    assert "No retry policy" not in found["FailureReason"]


def test_retries_expire_after_some_minutes(clocked: tuple[launch.Handle, Pipelines]) -> None:
    handle, pipelines = clocked
    arn = pipelines.start(too_large(RetryPolicies=policy(LIMIT, IntervalSeconds=40 * 60, BackoffRate=1, ExpireAfterMin=60)))
    assert pass_time(handle, pipelines, arn, lambda found: found["StepStatus"] == "Failed", minutes=5) >= 80
    assert pipelines.ended(arn) == "Failed" and pipelines.steps(arn)["large"]["AttemptCount"] == 3


def test_a_step_that_waits_is_stopped_at_once(clocked: tuple[launch.Handle, Pipelines]) -> None:
    _, pipelines = clocked
    arn = pipelines.start(too_large(RetryPolicies=policy(LIMIT, IntervalSeconds=HOUR)))
    pipelines.waiting(arn, "large", "Starting")
    pipelines.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert pipelines.ended(arn) == "Stopped" and pipelines.steps(arn)["large"]["StepStatus"] == "Stopped"


@pytest.mark.parametrize(
    "policies", [[], policy("SageMaker.JOB_INTERNAL_ERROR"), policy(LIMIT, MaxAttempts=0), policy(LIMIT, ExpireAfterMin=0)]
)
def test_a_failure_that_no_policy_names_is_final(clocked: tuple[launch.Handle, Pipelines], policies: list[dict]) -> None:
    _, pipelines = clocked
    found = pipelines.failed(too_large(RetryPolicies=policies), condition("after") | {"DependsOn": ["large"]})
    assert found["large"]["AttemptCount"] == 1 and found.keys() == {"large"}
    named = any(LIMIT in each["ExceptionType"] for each in policies)
    said = "No retry policy configured for the exception type SAGEMAKER_RESOURCE_LIMIT." in found["large"]["FailureReason"]
    assert said != named


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ({"ExceptionType": ["SageMaker.UNKNOWN"]}, "SageMaker.UNKNOWN"),
        ({}, "ExceptionType"),
        ({"ExceptionType": [LIMIT], "MaxAttempts": 2, "ExpireAfterMin": 3}, "either MaxAttempts or ExpireAfterMin"),
        ({"ExceptionType": [LIMIT], "MaxAttempts": 21}, "from 0 to 20"),
        ({"ExceptionType": [LIMIT], "MaxAttempts": 1.5}, "integer"),
        ({"ExceptionType": [LIMIT], "IntervalSeconds": 43201}, "from 1 to 43200"),
        ({"ExceptionType": [LIMIT], "ExpireAfterMin": 14401}, "from 0 to 14400"),
        ({"ExceptionType": [LIMIT], "BackoffRate": "2"}, "number"),
        ({"ExceptionType": [LIMIT], "Pause": 1}, "Pause"),
        ("always", "object"),
    ],
)
def test_a_policy_that_is_not_valid(pipelines: Pipelines, entry: object, word: str) -> None:
    request = {"PipelineName": "wrong-policy", "RoleArn": ROLE, "PipelineDefinition": text_of(too_large(RetryPolicies=[entry]))}
    code, message = refused(pipelines.sagemaker.create_pipeline, **request)
    assert code == "ValidationException" and "$.Steps[0].RetryPolicies" in message and word in message


def test_policies_as_the_sdk_writes_them(pipelines: Pipelines) -> None:
    """`to_request` of StepRetryPolicy and SageMakerJobStepRetryPolicy; the JSON schema has one exception type as text."""
    written = [
        {"ExceptionType": ["Step.SERVICE_FAULT", "Step.THROTTLING"], "BackoffRate": 2.0, "IntervalSeconds": 1, "MaxAttempts": 5},
        {"ExceptionType": [LIMIT], "BackoffRate": 1.5, "IntervalSeconds": 60, "ExpireAfterMin": 120},
        {"ExceptionType": "SageMaker.CAPACITY_ERROR", "MaxAttempts": 20},
    ]
    definition = text_of(too_large(RetryPolicies=written), too_large("other", RetryPolicies=None))
    pipelines.sagemaker.create_pipeline(PipelineName="sdk-policies", RoleArn=ROLE, PipelineDefinition=definition)


@pytest.mark.nightly  # test_recovery.py restarts by day
def test_waiting_survives_a_restart(tmp_path: Path) -> None:
    """After the restart the step tries again at the time that was set before."""
    handle = launch.start(tmp_path / "state")
    pipelines = Pipelines(client_factory(handle))
    arn = pipelines.start(too_large(RetryPolicies=policy(LIMIT, IntervalSeconds=HOUR, MaxAttempts=1)))
    pipelines.waiting(arn, "large", "Starting")
    handle.stop()
    handle = launch.start(tmp_path / "state")
    try:
        pipelines.sagemaker = client_factory(handle)("sagemaker")
        assert pass_time(handle, pipelines, arn, lambda found: found["StepStatus"] == "Failed", minutes=10) >= 60
        assert pipelines.ended(arn) == "Failed" and pipelines.steps(arn)["large"]["AttemptCount"] == 2
    finally:
        handle.stop()
