"""All services together: one program with S3, IAM, SQS and SageMaker, through a kill, a reset and a stop."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.request

import boto3
import psutil
import pytest
from botocore.config import Config
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course.localaws.server import launch
from tests.localaws.boto_clients import client_factory

PATIENCE = 60  # seconds for what should take a few
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"


def wait_for(describe, member: str, wanted: str) -> None:
    """Wait until a description's status is ``wanted``. Raises at once if it is ``Failed``."""
    end = time.monotonic() + PATIENCE
    while (seen := describe())[member] != wanted:
        assert seen[member] != "Failed", seen["FailureReason"]
        assert time.monotonic() < end, f"still {seen[member]}"
        time.sleep(0.05)


class Account:
    """The steps of the program, in order."""

    def __init__(self, handle: launch.Handle) -> None:
        self.client = client_factory(handle)
        self.sagemaker = self.client("sagemaker")

    def store_data(self) -> None:
        rows = "\n".join(f"{x % 2},{x % 2},{x}" for x in range(200))
        self.client("s3").create_bucket(Bucket="flights")
        self.client("s3").put_object(Bucket="flights", Key="train/data.csv", Body=rows.encode())

    def train(self, name: str) -> None:
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://flights/train/"}}
        self.sagemaker.create_training_job(
            TrainingJobName=name,
            AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            RoleArn=ROLE,
            InputDataConfig=[{"ChannelName": "train", "DataSource": source, "ContentType": "text/csv"}],
            OutputDataConfig={"S3OutputPath": "s3://flights/out"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
            StoppingCondition={"MaxRuntimeInSeconds": 300},
            HyperParameters={"objective": "binary:logistic", "num_round": "5"},
        )
        wait_for(lambda: self.sagemaker.describe_training_job(TrainingJobName=name), "TrainingJobStatus", "Completed")

    def deploy(self, job: str, name: str) -> None:
        artefact = self.sagemaker.describe_training_job(TrainingJobName=job)["ModelArtifacts"]["S3ModelArtifacts"]
        container = {"Image": IMAGE, "ModelDataUrl": artefact}
        self.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        variant = {"VariantName": "all", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        self.wait_in_service(name)

    def wait_in_service(self, name: str) -> None:
        wait_for(lambda: self.sagemaker.describe_endpoint(EndpointName=name), "EndpointStatus", "InService")

    def predict(self, name: str) -> float:
        answer = self.client("sagemaker-runtime").invoke_endpoint(EndpointName=name, ContentType="text/csv", Body=b"1,3")
        return float(answer["Body"].read())


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """A local AWS with a trained and deployed model."""
    state = tmp_path_factory.mktemp("seams") / "state"
    account = Account(launch.start(state))
    try:
        account.store_data()
        account.train("delays")
        account.deploy("delays", "delays")
        yield state
    finally:
        if handle := launch.find(state):
            handle.stop()


def running(handle: launch.Handle) -> list[tuple]:
    return [(item["resource"], item["instance_type"], item["count"], item["status"]) for item in handle.running()]


def processes(handle: launch.Handle) -> list[psutil.Process]:
    return psutil.Process(handle.pid).children(recursive=True)


def all_gone(gone: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(gone, timeout=PATIENCE)[1]


def test_a_program_over_many_services(story):
    handle = launch.find(story)
    account = Account(handle)
    assert account.predict("delays") > 0.5
    queue = account.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
    account.client("sqs").send_message(QueueUrl=queue, MessageBody="retrain")
    assert account.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "retrain"
    lines = account.client("logs").filter_log_events(logGroupName="/aws/sagemaker/TrainingJobs")["events"]
    assert any("train-logloss" in line["message"] for line in lines)
    decisions = account.client("iam").simulate_principal_policy(PolicySourceArn=ROLE, ActionNames=["sagemaker:CreateTrainingJob"])
    assert decisions["EvaluationResults"][0]["EvalDecision"] == "allowed"
    assert account.client("sts").get_caller_identity()["Arn"].endswith("assumed-role/Administrator/learner")


def test_who_called_whom_is_in_the_log_with_the_job_as_caller(story):
    seen = {(event["caller"].rpartition(":")[2], event["service"], event["operation"]) for event in launch.find(story).events(limit=10_000)}
    assert ("assumed-role/Administrator/learner", "sagemaker", "CreateTrainingJob") in seen
    assert ("training-job/delays", "s3", "GetObject") in seen
    assert ("endpoint/delays", "s3", "GetObject") in seen


def test_the_resources_that_aws_would_bill_are_listed(story):
    handle = launch.find(story)
    assert running(handle) == [("endpoint/delays", "ml.m5.large", 1, "InService")]


@pytest.mark.nightly  # hosting/test_runtime.py kills by day
def test_after_a_kill_no_process_stays_and_the_endpoint_comes_back(story):
    first = launch.find(story)
    Account(first).client("sqs").create_queue(QueueName="orders")
    children = processes(first)
    assert children
    os.kill(first.pid, signal.SIGKILL)
    assert all_gone(children)

    second = launch.start(story)
    account = Account(second)
    account.wait_in_service("delays")
    assert account.predict("delays") > 0.5
    assert account.client("sqs").get_queue_url(QueueName="orders")["QueueUrl"]
    assert account.sagemaker.describe_training_job(TrainingJobName="delays")["TrainingJobStatus"] == "Completed"


def test_after_a_reset_nothing_runs_and_everything_works_again(story):
    handle = launch.find(story)
    children = processes(handle)
    assert children
    handle.reset()
    assert all_gone(children)
    assert handle.running() == []
    account = Account(handle)
    assert account.sagemaker.list_endpoints()["Endpoints"] == []
    account.store_data()
    account.train("again")
    account.deploy("again", "again")
    assert account.predict("again") > 0.5


def test_at_the_end_nothing_stays(story):
    handle = launch.find(story)
    children = processes(handle)
    assert children
    handle.stop()
    assert all_gone(children)
    assert not [path for path in (story / "boxes").rglob("*")]
    assert "Traceback" not in (story / "server.log").read_text()


def test_temporary_keys_of_an_assumed_role_are_that_role(local_aws, client):
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    client("iam").create_role(RoleName="auditor", AssumeRolePolicyDocument=json.dumps(trust))
    role = "arn:aws:iam::123456789012:role/auditor"
    keys = client("sts").assume_role(RoleArn=role, RoleSessionName="night")["Credentials"]
    names = {"aws_access_key_id": "AccessKeyId", "aws_secret_access_key": "SecretAccessKey", "aws_session_token": "SessionToken"}
    auditor = client("sts", **{name: keys[key] for name, key in names.items()})
    assert auditor.get_caller_identity()["Arn"] == "arn:aws:sts::123456789012:assumed-role/auditor/night"
    with pytest.raises(auditor.exceptions.ClientError, match="security token"):
        client("sts", **{name: keys[key] for name, key in names.items()} | {"aws_session_token": "other"}).get_caller_identity()


def test_keys_of_a_user_are_that_user_until_they_are_deleted(local_aws, client):
    client("iam").create_user(UserName="ada")
    key = client("iam").create_access_key(UserName="ada")["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1")
    ada = session.client("sts", endpoint_url=local_aws.endpoint)
    assert ada.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/ada"
    client("iam").delete_access_key(UserName="ada", AccessKeyId=key["AccessKeyId"])
    with pytest.raises(ada.exceptions.ClientError, match="InvalidClientTokenId"):
        ada.get_caller_identity()


@pytest.fixture(scope="module")
def bucket(local_aws, client) -> str:
    client("s3").create_bucket(Bucket="odd-keys")
    return "odd-keys"


KEYS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=40)


@pytest.mark.nightly  # the same without other services by day in s3/
@settings(max_examples=40, deadline=None)
@given(KEYS)
@example("a//b")
@example("/a")
@example("../a/./..")
@example("a?versionId=1&x#y")
@example("%2F%41 +~!*'()")
@example("ü/🛫\u202e")
@example("\x01\r\n")
def test_any_key_can_be_put_got_presigned_listed_and_deleted(client, bucket, key):
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    for version in ("s3", "s3v4"):
        url = client("s3", config=Config(signature_version=version)).generate_presigned_url("get_object", {"Bucket": bucket, "Key": key})
        with urllib.request.urlopen(url) as response:
            assert response.read() == key.encode()
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
