"""SageMaker as a service: every operation of the four models gets an answer, what was answered survives a kill."""

from __future__ import annotations

import uuid

import psutil
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings

from course.localaws.protocol.model import errors, service_model
from course.localaws.server import launch
from tests.leaked_processes import kill
from tests.localaws.boto_clients import client_factory
from tests.localaws.parameter_strategies import SERVICES, model, parameters

ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
ONE = settings(max_examples=1, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def clients(client):
    return {service: client(service, config=Config(inject_host_prefix=False)) for service in SERVICES}


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "service",  # protocol/test_every_operation.py sends samples to all of SageMaker's by day
    [pytest.param(service, marks=pytest.mark.nightly) if service == "sagemaker" else service for service in SERVICES],
)
def test_every_operation_is_answered(clients, service):
    for operation in service_model(service).operation_names:
        check_answered(clients[service], service, operation)


def check_answered(client, service: str, operation: str) -> None:
    """One example of an operation. All operations in one example would be more than Hypothesis draws."""

    @ONE
    @given(params=parameters(service, operation))
    def check(params: dict) -> None:
        is_answered(client, service, operation, params)

    check()


def is_answered(client, service: str, operation: str, params: dict) -> None:
    try:
        getattr(client, xform_name(operation))(**params)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        code = error.response["Error"]["Code"]
        assert 400 <= status < 500, (operation, error)
        # The execution role may not touch every kind of resource, nor pass a role of another partition, and parameters name any.
        ours = {"NotSupportedByLocalAws", "ValidationException", "AccessDeniedException"}
        assert code in ours | set(errors(model(service, operation))), (operation, error)


def test_the_request_log_says_which_resource(local_aws, client):
    name = f"seen-{uuid.uuid4().hex[:8]}"
    sagemaker = client("sagemaker")
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})
    arn = sagemaker.describe_model(ModelName=name)["ModelArn"]
    sagemaker.list_tags(ResourceArn=arn)
    sagemaker.list_models()
    events = [event for event in local_aws.events() if event["service"] == "sagemaker"][-4:]
    assert [(event["operation"], event["resource"]) for event in events] == [
        ("CreateModel", f"model/{name}"),
        ("DescribeModel", f"model/{name}"),
        ("ListTags", f"model/{name}"),
        ("ListModels", ""),
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"InstanceType": "ml.p3.2xlarge"},
            "'ml.p3.2xlarge for training job usage' is 0 Instances, with current utilization of 0 Instances",
        ),
        ({"MaxRuntimeInSeconds": 432001}, "'Longest run time for a training job' is 432000 Seconds, with current utilization of 0 Seconds"),
    ],
)
def test_a_job_beyond_a_quota_is_not_begun(client, changes, says):
    bucket, name = f"quota-{uuid.uuid4().hex[:8]}", f"quota-{uuid.uuid4().hex[:8]}"
    client("s3").create_bucket(Bucket=bucket)
    with pytest.raises(ClientError) as refused:
        client("sagemaker").create_training_job(
            TrainingJobName=name,
            RoleArn=ROLE,
            AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            OutputDataConfig={"S3OutputPath": f"s3://{bucket}/"},
            ResourceConfig={"InstanceType": changes.get("InstanceType", "ml.m5.large"), "InstanceCount": 1, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": changes.get("MaxRuntimeInSeconds", 60)},
        )
    assert refused.value.response["Error"]["Code"] == "ResourceLimitExceeded"
    assert says in refused.value.response["Error"]["Message"]
    assert client("sagemaker").list_training_jobs(NameContains=name)["TrainingJobSummaries"] == []


@pytest.mark.nightly  # test_server.py and test_training_faults.py kill by day
def test_acknowledged_writes_survive_a_kill(tmp_path):
    state = tmp_path / "state"
    handle = launch.start(state)
    sagemaker = client_factory(handle)("sagemaker")
    made = [f"kept-{number}" for number in range(20)]
    for name in made:
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE}, Tags=[{"Key": "k", "Value": name}])
    sagemaker.delete_model(ModelName=made.pop())
    before = sagemaker.describe_model(ModelName=made[0])
    process = psutil.Process(handle.pid)
    kill(handle.pid)
    process.wait(timeout=30)

    handle = launch.start(state)
    try:
        sagemaker = client_factory(handle)("sagemaker")
        pages = sagemaker.get_paginator("list_models").paginate(SortOrder="Ascending", PaginationConfig={"PageSize": 7})
        assert [model["ModelName"] for page in pages for model in page["Models"]] == made
        after = sagemaker.describe_model(ModelName=made[0])
        assert {**after, "ResponseMetadata": None} == {**before, "ResponseMetadata": None}
        assert sagemaker.list_tags(ResourceArn=after["ModelArn"])["Tags"] == [{"Key": "k", "Value": made[0]}]
    finally:
        handle.stop()
