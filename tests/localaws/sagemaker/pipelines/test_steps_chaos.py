"""Steps of a local AWS that is killed and started again: each makes what it makes once, and no step waits for ever."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path

import pytest

from tests.localaws.boto_clients import client_factory
from tests.localaws.sagemaker.chaos import KillableAws
from tests.localaws.sagemaker.hosting.endpoint_fixtures import XGBOOST, archive, booster_file
from tests.localaws.sagemaker.job_fixtures import ROLE
from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines, get, step

CASES = [(1, 1), *(pytest.param(seed, 3, marks=pytest.mark.nightly) for seed in range(2, 12))]  # seed, kills


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
        self.pipelines = Pipelines(client_factory(self._aws.aws.handle), fresh=False)

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
    status, found = killed.pipelines.ended(arn), killed.pipelines.steps(arn)
    assert status == "Succeeded", found
    client, id = killed.pipelines.sagemaker, arn.rpartition("/")[2]
    assert len(client.list_models(NameContains=id)["Models"]) == 1
    assert len(client.list_endpoint_configs(NameContains=unique)["EndpointConfigs"]) == 1
    assert len(client.list_model_packages(ModelPackageGroupName=unique)["ModelPackageSummaryList"]) == 1
    assert client.describe_endpoint(EndpointName=unique)["EndpointStatus"] == "InService"
    made = found["record"]["Metadata"]["Lineage"]
    assert len(client.list_associations(SourceArn=made["ActionArns"][unique])["AssociationSummaries"]) == 1


def test_a_callback_step_can_be_answered_after_a_kill(killed: Killed) -> None:
    queue = killed.pipelines.sqs.create_queue(QueueName="questions")["QueueUrl"]
    arn = killed.pipelines.start(step("ask", "Callback", SqsQueueUrl=queue))
    killed.pipelines.waiting(arn, "ask")
    killed.kill()
    messages = killed.pipelines.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    [token] = [json.loads(message["Body"])["token"] for message in messages]
    killed.pipelines.sagemaker.send_pipeline_execution_step_success(CallbackToken=token)
    assert killed.pipelines.ended(arn) == "Succeeded"
