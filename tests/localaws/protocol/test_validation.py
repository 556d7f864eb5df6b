"""AWS's wording of violations, compared with AWS's messages that users quoted in public issues."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from course.localaws.core.errors import AwsError
from course.localaws.protocol import model as module
from course.localaws.protocol.model import raw
from course.localaws.protocol.service import validate
from course.localaws.protocol.validation import MOST_REPORTED
from tests.localaws.parameter_strategies import model

LEFT_OUT = Path(module.__file__).with_name("left_out.yaml")
ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
JOB = {
    "TrainingJobName": "job",
    "RoleArn": ROLE,
    "AlgorithmSpecification": {"TrainingInputMode": "File", "TrainingImage": "image"},
    "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


def refusal(operation: str, params: dict, service: str = "sagemaker") -> str:
    with pytest.raises(AwsError) as refused:
        validate(model(service, operation), params)
    return refused.value.message


def test_a_missing_member():
    assert refusal("CreateTrainingJob", {name: value for name, value in JOB.items() if name != "RoleArn"}) == (
        "1 validation error detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null"
    )


def test_a_name_too_long_and_of_wrong_characters_is_reported_twice():
    # https://github.com/aws-samples/sagemaker-ml-workflow-with-apache-airflow/issues/3, with today's pattern
    name = "{{ ti.xcom_pull(task_ids='model_training')['Training']['TrainingJobName'] }}"
    assert refusal("CreateModel", {"ModelName": name}) == (
        f"2 validation errors detected: Value '{name}' at 'modelName' failed to satisfy constraint: Member must have length less than or "
        f"equal to 63; Value '{name}' at 'modelName' failed to satisfy constraint: Member must satisfy regular expression pattern: "
        r"[a-zA-Z0-9]([\-a-zA-Z0-9]*[a-zA-Z0-9])?"
    )


def test_a_member_inside_a_list_has_its_place():
    # https://github.com/aws/amazon-sagemaker-examples/issues/2236
    variants = [{"VariantName": "AllTraffic", "ModelName": "ENTER MODEL NAME"}]
    message = refusal("CreateEndpointConfig", {"EndpointConfigName": "c", "ProductionVariants": variants})
    assert message.startswith(
        "1 validation error detected: Value 'ENTER MODEL NAME' at 'productionVariants.1.member.modelName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: "
    )


def test_values_of_a_map_are_reported_once_for_the_whole():
    # https://github.com/aws-samples/amazon-sagemaker-pytorch-detectron2/issues/10
    message = refusal("CreateTrainingJob", JOB | {"HyperParameters": {"a": "x" * 2501, "b": "1", "c": "y" * 2501}})
    assert message == (
        f"1 validation error detected: Value '{{a={'x' * 2501}, b=1, c={'y' * 2501}}}' at 'hyperParameters' failed to satisfy constraint: "
        "Map value must satisfy constraint: [Member must have length less than or equal to 2500, Member must have length greater than or "
        "equal to 0, Member must satisfy regular expression pattern: .*]"
    )


def test_the_size_of_a_map():
    # https://github.com/aws/sagemaker-python-sdk/pull/6016
    message = refusal("CreateTrainingJob", JOB | {"HyperParameters": {f"k{number}": "1" for number in range(101)}})
    assert message.startswith("1 validation error detected: Value '{k0=1, k1=1, ")
    assert message.endswith("' at 'hyperParameters' failed to satisfy constraint: Member must have length less than or equal to 100")


def test_keys_of_a_map():
    message = refusal("CreateTrainingJob", JOB | {"HyperParameters": {"k" * 257: "1"}})
    assert " at 'hyperParameters' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less" in message


def test_an_enum_and_a_range():
    resources = {"InstanceType": "ml.huge", "InstanceCount": -1, "VolumeSizeInGB": 1}
    message = refusal("CreateTrainingJob", JOB | {"ResourceConfig": resources})
    assert message.startswith(
        "2 validation errors detected: Value 'ml.huge' at 'resourceConfig.instanceType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [ml."
    )
    assert message.endswith(
        "; Value '-1' at 'resourceConfig.instanceCount' failed to satisfy constraint: Member must have value greater than or equal to 0"
    )


def test_a_null_in_a_list():
    message = refusal("CreateTrainingJob", JOB | {"VpcConfig": {"SecurityGroupIds": ["sg-1", None], "Subnets": ["subnet-1"]}})
    assert "Value '[sg-1, null]' at 'vpcConfig.securityGroupIds' failed to satisfy constraint: Member must satisfy constraint: [" in message
    assert message.endswith(", Member must not be null]")
    assert refusal("AddTags", {"ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:model/x", "Tags": [None]}) == (
        "1 validation error detected: Value null at 'tags.1.member' failed to satisfy constraint: Member must not be null"
    )


def test_a_body_is_not_printed():
    # https://github.com/aws/aws-sdk-js/issues/4203: the runtime's code is ValidationError
    with pytest.raises(AwsError) as refused:
        validate(model("sagemaker-runtime", "InvokeEndpoint"), {"EndpointName": "e", "Body": b"x" * 30_000_000})
    assert refused.value.code == "ValidationError"
    assert refused.value.message.startswith(
        "1 validation error detected: Value at 'body' failed to satisfy constraint: Member must have length less than or equal to "
    )


def test_a_secret_is_not_printed():
    message = refusal("CreateModelCard", {"ModelCardName": "c", "ModelCardStatus": "Draft", "Content": "s3cret\u2028"})
    assert "Value at 'content' failed" in message
    assert "s3cret" not in message


def test_one_member_of_a_union():
    source = {"S3": {"S3Uri": "s3://b/m"}}
    job = {
        "AIRecommendationJobName": "j",
        "AIWorkloadConfigIdentifier": "w",
        "RoleArn": ROLE,
        "OutputConfig": {"S3OutputLocation": "s3://b/o"},
    }
    job |= {"PerformanceTarget": {"Constraints": [{"Metric": "cost"}]}}
    validate(model("sagemaker", "CreateAIRecommendationJob"), job | {"ModelSource": source})
    message = refusal("CreateAIRecommendationJob", job | {"ModelSource": {}})
    assert "Value at 'modelSource' failed to satisfy constraint: Member must have exactly one of: [S3" in message


def test_at_most_ten_are_reported():
    tags = [{"Key": "!" * 200, "Value": "!" * 300} for _ in range(30)]
    message = refusal("AddTags", {"ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:model/x", "Tags": tags})
    assert message.startswith(f"{MOST_REPORTED} validation errors detected: ")
    assert message.count("failed to satisfy constraint") == MOST_REPORTED


def test_a_text_far_too_long_is_only_called_too_long():
    message = refusal("CreateModel", {"ModelName": "!" * 1_000_000})
    assert message.startswith("1 validation error detected: ")
    assert message.endswith("Member must have length less than or equal to 63")


def test_what_aws_leaves_out_is_required_by_the_model():
    for member in yaml.safe_load(LEFT_OUT.read_text())["members"]:
        shape, _, name = member.partition(".")
        assert name in raw("sagemaker")["shapes"][shape]["required"], f"{member} need not stand in {LEFT_OUT.name}"
