"""Steps of a local AWS that is killed and started again: each makes what it makes once, and no step waits for ever."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path

import pytest

from tests import by_day
from tests.localaws.boto_clients import client_factory
from tests.localaws.sagemaker.chaos import KillableAws
from tests.localaws.sagemaker.hosting.endpoint_fixtures import XGBOOST, archive, booster_file
from tests.localaws.sagemaker.job_fixtures import ROLE
from tests.localaws.sagemaker.pipelines.check_fixtures import FIRST, SKIP, abalones, quality_check, supplied, table
from tests.localaws.sagemaker.pipelines.definitions import get, step
from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines

AGAIN = [{"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 20}]
CASES = by_day.first([(1, 1), *((seed, 3) for seed in range(2, 12))], 1)  # seed, kills


class Killed:
    """Pipelines on a local AWS that can be killed.

    Attributes
    ----------
    pipelines : Pipelines
        Of the present local AWS.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._aws = KillableAws(folder / "state", seed)
        self.random = self._aws.random
        self.pipelines = Pipelines(client_factory(self._aws.aws.handle))

    def kill(self) -> None:
        self._aws.kill_gateway()
        self.pipelines = Pipelines(client_factory(self._aws.aws.handle))

    def stop(self) -> None:
        self._aws.aws.handle.stop()


@pytest.fixture
def killed(tmp_path: Path, request: pytest.FixtureRequest):
    found = Killed(tmp_path, getattr(request, "param", 1))
    yield found
    found.stop()


def deployment(container: dict, unique: str) -> list[dict]:
    """Steps that make one of each resource."""
    inference = {"Containers": [container], "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}
    variant = {"VariantName": "one", "ModelName": get("Steps.make.ModelName"), "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    entities = {
        "Actions": [{"ActionName": unique, "Source": {"SourceUri": unique}, "ActionType": "a"}],
        "Artifacts": [{"ArtifactName": unique, "Source": {"SourceUri": get("Steps.make.ModelArn")}, "ArtifactType": "a"}],
        "Associations": [{"Source": {"Name": unique, "Type": "Action"}, "Destination": {"Name": unique, "Type": "Artifact"}}],
    }
    return [
        step("make", "Model", {"ExecutionRoleArn": ROLE, "PrimaryContainer": container}),
        step("register", "RegisterModel", {"ModelPackageGroupName": unique, "InferenceSpecification": inference}),
        step("config", "EndpointConfig", {"EndpointConfigName": unique, "ProductionVariants": [variant]}),
        step("deploy", "Endpoint", {"EndpointName": unique, "EndpointConfigName": get("Steps.config.EndpointConfigName")}),
        step("record", "Lineage", entities),
    ]


@pytest.mark.parametrize(("killed", "kills"), CASES, indirect=["killed"])
def test_each_step_makes_one_of_each(killed: Killed, kills: int) -> None:
    unique = f"u{uuid.uuid4().hex[:8]}"
    container = {"Image": XGBOOST, "ModelDataUrl": killed.pipelines.put("models/one.tar.gz", archive(booster_file()))}
    arn = killed.pipelines.start(*deployment(container, unique))
    for _ in range(kills):
        time.sleep(killed.random.uniform(0, 1.5))
        killed.kill()
    killed.pipelines.ended(arn)
    found = killed.pipelines.steps(arn)
    client, id = killed.pipelines.sagemaker, arn.rpartition("/")[2]
    packages = client.list_model_packages(ModelPackageGroupName=unique)["ModelPackageSummaryList"] if "register" in found else []
    made = {
        "make": client.list_models(NameContains=id)["Models"],
        "register": packages,
        "config": client.list_endpoint_configs(NameContains=unique)["EndpointConfigs"],
        "deploy": client.list_endpoints(NameContains=unique)["Endpoints"],
        "record": client.list_actions(SourceUri=unique)["ActionSummaries"],
    }
    assert {name: len(each) for name, each in made.items()} == {name: int(name in found) for name in made}
    reasons = {name: each["FailureReason"] for name, each in found.items() if "FailureReason" in each}
    if reasons:  # a kill fails an endpoint that is being created
        assert list(reasons) == ["deploy"]
        assert "ended while the endpoint was being created" in reasons["deploy"]
    else:
        action = found["record"]["Metadata"]["Lineage"]["ActionArns"][unique]
        assert len(client.list_associations(SourceArn=action)["AssociationSummaries"]) == 1


def test_a_callback_step_can_be_answered_after_a_kill(killed: Killed) -> None:
    queue = killed.pipelines.sqs.create_queue(QueueName="questions")["QueueUrl"]
    arn = killed.pipelines.start(step("ask", "Callback", SqsQueueUrl=queue))
    killed.pipelines.waiting(arn, "ask")
    killed.kill()
    messages = killed.pipelines.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    [token] = [json.loads(message["Body"])["token"] for message in messages]
    killed.pipelines.sagemaker.send_pipeline_execution_step_success(CallbackToken=token)
    assert killed.pipelines.ended(arn) == "Succeeded"


@pytest.mark.nightly  # kills by day in the test above
@pytest.mark.parametrize(("killed", "kills"), CASES, indirect=["killed"])
def test_each_iteration_of_a_loop_runs_once(killed: Killed, kills: int) -> None:
    container = {"Image": XGBOOST, "Environment": {"ITEM": get("ForEach.CurrentItem")}}
    body = step("make", "Model", {"ExecutionRoleArn": ROLE, "PrimaryContainer": container})
    items = [str(number) for number in range(20)]
    arn = killed.pipelines.start(step("each", "ForEach", {"IterableItems": items, "MaxConcurrency": 2, "ForEachBody": [body]}))
    for _ in range(kills):
        time.sleep(killed.random.uniform(0, 1.5))
        killed.kill()
    status, found = killed.pipelines.ended(arn), killed.pipelines.steps(arn)
    assert status == "Succeeded", found
    assert found["each"]["Metadata"]["ForEach"]["SucceededStepCount"] == 20
    models = killed.pipelines.sagemaker.list_models(NameContains=arn.rpartition("/")[2], MaxResults=100)["Models"]
    assert len(models) == 20


@pytest.mark.nightly  # two jobs for each kill; by day the other steps are killed
@pytest.mark.parametrize(("killed", "kills"), [(seed, 2) for seed in range(1, 9)], indirect=["killed"])
def test_a_check_has_one_result(killed: Killed, kills: int) -> None:
    files = {file: f"s3://b/{file}.json" for file in ("Constraints", "Statistics")}
    data = table(killed.pipelines, "abalones", abalones())
    first = quality_check("first", data, RetryPolicies=AGAIN, **FIRST)
    second = quality_check("second", get("Parameters.Data"), RetryPolicies=AGAIN, **SKIP, **supplied(files), DependsOn=["first"])
    used = {"Environment": {"USED": get("Steps.second.BaselineUsedForDriftCheckConstraints")}, "Image": XGBOOST}
    model = step("model", "Model", {"ExecutionRoleArn": ROLE, "PrimaryContainer": used})
    arn = killed.pipelines.start(first, second, model, parameters=({"Name": "Data", "Type": "String", "DefaultValue": data},))
    for _ in range(kills):
        time.sleep(killed.random.uniform(0, 3))
        killed.kill()
    status, found = killed.pipelines.ended(arn), killed.pipelines.steps(arn)
    assert status == "Succeeded", found
    for name in ("first", "second"):
        jobs = killed.pipelines.sagemaker.list_processing_jobs(NameContains=f"-{arn.rpartition('/')[2]}-{name}-")["ProcessingJobSummaries"]
        assert len(jobs) == found[name]["AttemptCount"], (jobs, found[name])
        [done] = [each["ProcessingJobArn"] for each in jobs if each["ProcessingJobStatus"] == "Completed"]
        assert found[name]["Metadata"]["QualityCheck"]["CheckJobArn"] == done
    made = found["model"]["Metadata"]["Model"]["Arn"].rpartition("/")[2]
    container = killed.pipelines.sagemaker.describe_model(ModelName=made)["PrimaryContainer"]
    assert container["Environment"] == {"USED": files["Constraints"]}
