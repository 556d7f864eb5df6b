"""Models, endpoint configurations and tags over boto3, with AWS's errors."""

from __future__ import annotations

import json
import uuid

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
ARN = "arn:aws:sagemaker:us-east-1:123456789012"


@pytest.fixture(scope="module")
def sagemaker(client):
    return client("sagemaker", config=Config(parameter_validation=False))


@pytest.fixture(scope="module")
def archive(client) -> str:
    """The URI of a model archive."""
    bucket = f"models-{uuid.uuid4().hex[:8]}"
    client("s3").create_bucket(Bucket=bucket)
    client("s3").put_object(Bucket=bucket, Key="a/model.tar.gz", Body=b"x")
    return f"s3://{bucket}/a/model.tar.gz"


@pytest.fixture
def name() -> str:
    return f"Test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def model(sagemaker, name) -> str:
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})
    return name


def refusal(call, **params) -> tuple[str, str]:
    """The code and message of the error that a call raises."""
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def variant(model: str, name: str = "all", **members) -> dict:
    return {"VariantName": name, "ModelName": model, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1} | members


# ---- models -----------------------------------------------------------------------------------------------------------------------


def test_a_model_is_described_as_aws_does(sagemaker, archive, name):
    container = {"Image": IMAGE, "ModelDataUrl": archive, "Environment": {"SAGEMAKER_PROGRAM": "inference.py"}}
    made = sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    assert made["ModelArn"] == f"{ARN}:model/{name.lower()}"
    described = sagemaker.describe_model(ModelName=name)
    assert described["PrimaryContainer"] == container | {
        "Mode": "SingleModel",
        "ModelDataSource": {"S3DataSource": {"S3Uri": archive, "S3DataType": "S3Object", "CompressionType": "Gzip"}},
    }
    assert (described["ModelName"], described["ExecutionRoleArn"], described["EnableNetworkIsolation"]) == (name, ROLE, False)
    assert not {"Containers", "VpcConfig", "Tags", "LastModifiedTime"} & described.keys()


def test_a_pipeline_of_containers_is_kept_in_order(sagemaker, name):
    containers = [{"Image": IMAGE, "ContainerHostname": f"c{number}"} for number in range(15)]
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, Containers=containers)
    described = sagemaker.describe_model(ModelName=name)
    assert [container["ContainerHostname"] for container in described["Containers"]] == [f"c{number}" for number in range(15)]
    too_many = [*containers, {"Image": IMAGE}]
    code, message = refusal(sagemaker.create_model, ModelName=f"{name}-2", ExecutionRoleArn=ROLE, Containers=too_many)
    assert "at 'containers' failed to satisfy constraint: Member must have length less than or equal to 15" in message


def test_a_model_that_is_not_there(sagemaker):
    missing = ("ValidationException", f'Could not find model "{ARN}:model/no-such".')
    assert refusal(sagemaker.describe_model, ModelName="No-Such") == missing
    assert refusal(sagemaker.delete_model, ModelName="No-Such") == missing


def test_a_model_that_is_there_already(sagemaker, model):
    again = {"ModelName": model.upper(), "ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": IMAGE}}
    expected = f'Cannot create already existing model "{ARN}:model/{model.lower()}".'
    assert refusal(sagemaker.create_model, **again) == ("ValidationException", expected)


def test_a_deleted_model_is_gone(sagemaker, model):
    sagemaker.delete_model(ModelName=model)
    assert refusal(sagemaker.describe_model, ModelName=model)[0] == "ValidationException"


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({}, "Specify either PrimaryContainer or Containers"),
        ({"PrimaryContainer": {"Image": IMAGE}, "Containers": [{"Image": IMAGE}]}, "Specify either PrimaryContainer or Containers"),
        ({"Containers": []}, "at least one container"),
        ({"PrimaryContainer": {}}, "A container needs an Image"),
        ({"PrimaryContainer": {"Image": "busybox"}}, "does not know the image busybox"),
        (
            {"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": "s3://no-such-bucket/x"}},
            "Could not find model data at s3://no-such-bucket/x.",
        ),
        (
            {"PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": "https://example.com/x"}},
            "'https://example.com/x' is not of the form s3://bucket/key",
        ),
        (
            {"Containers": [{"Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": "s3://b/m/"}] * 2},
            "More than one container in MultiModel mode",
        ),
        ({"Containers": [{"Image": IMAGE, "ContainerHostname": "a"}] * 2}, "Container hostnames must be unique within a model; got a, a."),
    ],
)
def test_models_that_are_refused(sagemaker, name, members, says):
    code, message = refusal(sagemaker.create_model, ModelName=name, ExecutionRoleArn=ROLE, **members)
    assert (code, says in message) == ("ValidationException", True), message
    assert refusal(sagemaker.describe_model, ModelName=name)[0] == "ValidationException"


def test_model_data_that_is_missing_or_a_prefix(sagemaker, archive, name):
    folder = archive.removesuffix("a/model.tar.gz")
    create = {"ModelName": name, "ExecutionRoleArn": ROLE}
    code, message = refusal(sagemaker.create_model, PrimaryContainer={"Image": IMAGE, "ModelDataUrl": f"{folder}none"}, **create)
    assert message == f"Could not find model data at {folder}none."
    multi = {"Image": IMAGE, "ModelDataUrl": f"{folder}a/", "Mode": "MultiModel"}
    sagemaker.create_model(PrimaryContainer=multi, **create)
    assert "ModelDataSource" not in sagemaker.describe_model(ModelName=name)["PrimaryContainer"]


def test_a_role_that_sagemaker_cannot_use(sagemaker, client, archive, name):
    create = {"ModelName": name, "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": archive}}
    nobody = "arn:aws:iam::123456789012:role/Nobody"
    assert refusal(sagemaker.create_model, ExecutionRoleArn=nobody, **create)[1].startswith(f"Could not assume role {nobody}.")
    trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": trust})
    blind = client("iam").create_role(RoleName=f"Blind-{name}", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    code, message = refusal(sagemaker.create_model, ExecutionRoleArn=blind, **create)
    assert message.startswith(f'Could not access model data at {archive}. Please ensure that the role "{blind}" exists')


def test_models_are_listed_newest_first_in_pages(sagemaker):
    stem = f"list-{uuid.uuid4().hex[:8]}"
    made = [f"{stem}-{number}" for number in range(5)]
    for name in made:
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE})
    pages = list(sagemaker.get_paginator("list_models").paginate(NameContains=stem, PaginationConfig={"PageSize": 2}))
    assert [[model["ModelName"] for model in page["Models"]] for page in pages] == [made[:2:-1], made[2:0:-1], made[:1]]
    assert set(pages[0]["Models"][0]) == {"ModelName", "ModelArn", "CreationTime"}
    assert refusal(sagemaker.list_models, NextToken="bm9uc2Vuc2U=")[0] == "ValidationException"


# ---- endpoint configurations ------------------------------------------------------------------------------------------------------


def test_an_endpoint_configuration_is_described_as_aws_does(sagemaker, model, name):
    arn = sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant(model)])["EndpointConfigArn"]
    assert arn == f"{ARN}:endpoint-config/{name.lower()}"
    described = sagemaker.describe_endpoint_config(EndpointConfigName=name)
    assert described["ProductionVariants"] == [variant(model, InitialVariantWeight=1.0)]
    assert (described["EndpointConfigArn"], described["EnableNetworkIsolation"]) == (arn, False)
    listed = sagemaker.list_endpoint_configs(NameContains=name)["EndpointConfigs"]
    assert [set(config) for config in listed] == [{"EndpointConfigName", "EndpointConfigArn", "CreationTime"}]
    sagemaker.delete_endpoint_config(EndpointConfigName=name)
    missing = ("ValidationException", f'Could not find endpoint configuration "{arn}".')
    assert refusal(sagemaker.describe_endpoint_config, EndpointConfigName=name) == missing
    assert refusal(sagemaker.delete_endpoint_config, EndpointConfigName=name) == missing


def test_an_endpoint_configuration_that_is_there_already(sagemaker, model, name):
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant(model)])
    code, message = refusal(sagemaker.create_endpoint_config, EndpointConfigName=name, ProductionVariants=[variant(model)])
    assert message == f'Cannot create already existing endpoint configuration "{ARN}:endpoint-config/{name.lower()}".'


def test_serverless_shadow_and_component_configurations_are_kept(sagemaker, model, name):
    serverless = {"VariantName": "all", "ModelName": model, "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
    sagemaker.create_endpoint_config(EndpointConfigName=f"{name}-1", ProductionVariants=[serverless])
    shadow = {"ProductionVariants": [variant(model)], "ShadowProductionVariants": [variant(model, "shadow", InitialVariantWeight=0.5)]}
    sagemaker.create_endpoint_config(EndpointConfigName=f"{name}-2", **shadow)
    described = sagemaker.describe_endpoint_config(EndpointConfigName=f"{name}-2")
    assert described["ShadowProductionVariants"][0]["InitialVariantWeight"] == 0.5
    components = {"VariantName": "all", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=f"{name}-3", ProductionVariants=[components], ExecutionRoleArn=ROLE)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ([{"ModelName": "no-such"}], f'Could not find model "{ARN}:model/no-such".'),
        ([{}, {}], "Variant names must be unique within an endpoint configuration; got all, all."),
        ([{"InitialVariantWeight": 0.0}], "InitialVariantWeight must be greater than 0"),
        ([{"InstanceType": None}], "needs an InstanceType"),
        ([{"InitialInstanceCount": None}], "needs an InitialInstanceCount"),
        ([{"ModelName": None}], "has no ModelName"),
        (
            [{"InstanceType": "ml.m5.tiny"}],
            "at 'productionVariants.1.member.instanceType' failed to satisfy constraint: Member must satisfy enum",
        ),
        (
            [{"InitialInstanceCount": 0}],
            "at 'productionVariants.1.member.initialInstanceCount' failed to satisfy constraint: Member must have value",
        ),
        (
            [{"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 1}}],
            "it can have neither InstanceType nor InitialInstanceCount",
        ),
        (
            [{"ManagedInstanceScaling": {"Status": "ENABLED"}}],
            "ManagedInstanceScaling is only supported for inference component endpoints.",
        ),
    ],
)
def test_endpoint_configurations_that_are_refused(sagemaker, model, name, changes, says):
    variants = [{member: value for member, value in (variant(model) | change).items() if value is not None} for change in changes]
    code, message = refusal(sagemaker.create_endpoint_config, EndpointConfigName=name, ProductionVariants=variants)
    assert (code, says in message) == ("ValidationException", True), message


def test_a_serverless_memory_that_aws_does_not_offer(sagemaker, model, name):
    serverless = {"VariantName": "all", "ModelName": model, "ServerlessConfig": {"MemorySizeInMB": 1500, "MaxConcurrency": 5}}
    code, message = refusal(sagemaker.create_endpoint_config, EndpointConfigName=name, ProductionVariants=[serverless])
    assert message == "MemorySizeInMB of variant all is 1500; it must be one of 1024, 2048, 3072, 4096, 5120, 6144."


def test_two_shadows(sagemaker, model, name):
    params = {"ProductionVariants": [variant(model)], "ShadowProductionVariants": [variant(model, "s1"), variant(model, "s2")]}
    code, message = refusal(sagemaker.create_endpoint_config, EndpointConfigName=name, **params)
    assert "exactly one production variant and one shadow variant" in message


# ---- tags -------------------------------------------------------------------------------------------------------------------------


def test_tags_of_a_resource(sagemaker, name):
    tags = [{"Key": "stage", "Value": "test"}, {"Key": "Äpfel", "Value": ""}]
    arn = sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE}, Tags=tags)["ModelArn"]
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == tags
    assert sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "live"}])["Tags"] == [
        {"Key": "stage", "Value": "live"},
        tags[1],
    ]
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["Äpfel"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "stage", "Value": "live"}]
    assert list(sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn))[0]["Tags"]


def test_tags_of_what_is_not_there(sagemaker):
    for call, more in ((sagemaker.list_tags, {}), (sagemaker.add_tags, {"Tags": []}), (sagemaker.delete_tags, {"TagKeys": ["a"]})):
        assert refusal(call, ResourceArn=f"{ARN}:model/no-such", **more) == (
            "ValidationException",
            f'Could not find model "{ARN}:model/no-such".',
        )
    assert refusal(sagemaker.list_tags, ResourceArn=f"{ARN}:teapot/x")[1].endswith("is not the ARN of a resource that the local AWS keeps.")
    assert refusal(sagemaker.list_tags, ResourceArn=f"{ARN}:model/no-such", NextToken="x")[1].startswith("Invalid NextToken")


def test_reserved_tags_and_too_many(sagemaker, model):
    arn = sagemaker.describe_model(ModelName=model)["ModelArn"]
    assert "reserved for AWS" in refusal(sagemaker.add_tags, ResourceArn=arn, Tags=[{"Key": "aws:me", "Value": "x"}])[1]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": f"k{number}", "Value": "x"} for number in range(50)])
    assert "at most 50 tags" in refusal(sagemaker.add_tags, ResourceArn=arn, Tags=[{"Key": "k50", "Value": "x"}])[1]
