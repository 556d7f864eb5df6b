"""Model, RegisterModel, EndpointConfig, Endpoint and InferenceComponent steps."""

from __future__ import annotations

import pytest

from tests.localaws.sagemaker.hosting.endpoint_fixtures import XGBOOST, archive, booster_file
from tests.localaws.sagemaker.job_fixtures import ROLE
from tests.localaws.sagemaker.pipelines.definitions import get, step
from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines


@pytest.fixture(scope="module")
def container(pipelines: Pipelines) -> dict:
    """A container that serves a small XGBoost model."""
    return {"Image": XGBOOST, "ModelDataUrl": pipelines.put("models/one.tar.gz", archive(booster_file()))}


def model(container: dict) -> dict:
    return step("make", "Model", {"ExecutionRoleArn": ROLE, "PrimaryContainer": container})


def config(**variant: object) -> dict:
    variants = [{"VariantName": "one", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1} | variant]
    return step("config", "EndpointConfig", {"EndpointConfigName": "delays", "ProductionVariants": variants})


def execution_of(pipelines: Pipelines, arn: str) -> str:
    tags = {tag["Key"]: tag["Value"] for tag in pipelines.sagemaker.list_tags(ResourceArn=arn)["Tags"]}
    return tags["sagemaker:pipeline-execution-arn"]


def test_a_model_has_a_name_of_the_execution_and_its_tag(pipelines: Pipelines, container: dict) -> None:
    tagged = model(container)
    tagged["Arguments"]["Tags"] = [{"Key": "team", "Value": "red"}]
    arn = pipelines.start(tagged, step("show", "Fail", {"ErrorMessage": get("Steps.make.ModelName")}))
    pipelines.ended(arn)
    found = pipelines.steps(arn)
    name, made = found["show"]["FailureReason"], found["make"]["Metadata"]["Model"]["Arn"]
    assert name.startswith(f"pipelines-{arn.rpartition('/')[2]}-make-")
    assert pipelines.sagemaker.describe_model(ModelName=name)["ModelArn"] == made
    assert execution_of(pipelines, made) == arn
    assert {"Key": "team", "Value": "red"} in pipelines.sagemaker.list_tags(ResourceArn=made)["Tags"]


def test_a_name_in_the_arguments_is_a_prefix(pipelines: Pipelines, container: dict) -> None:
    prefixed = model(container)
    prefixed["Arguments"]["ModelName"] = {"Std:Join": {"On": "-", "Values": ["late", get("Execution.PipelineName")]}}
    arn = pipelines.start(prefixed)
    assert pipelines.ended(arn) == "Succeeded"
    made = pipelines.steps(arn)["make"]["Metadata"]["Model"]["Arn"].rpartition("/")[2]
    assert made.startswith("late-steps-")
    assert f"-{arn.rpartition('/')[2]}-" in made


def test_a_package_is_the_next_version_of_a_group_that_the_step_makes(pipelines: Pipelines, container: dict) -> None:
    specification = {"Containers": [container], "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}
    arguments = {
        "ModelPackageGroupName": "steps-delays",
        "InferenceSpecification": specification,
        "ModelApprovalStatus": "PendingManualApproval",
        "Tags": [{"Key": "team", "Value": "red"}],
    }
    first, second = (step(name, "RegisterModel", arguments, DependsOn=others) for name, others in (("one", []), ("two", ["one"])))
    arn = pipelines.start(first, second, step("show", "Fail", {"ErrorMessage": get("Steps.two.ModelPackageArn")}))
    assert pipelines.ended(arn) == "Failed"
    found = pipelines.steps(arn)
    package = found["show"]["FailureReason"]
    assert package == found["two"]["Metadata"]["RegisterModel"]["Arn"]
    assert package.endswith("model-package/steps-delays/2")
    described = pipelines.sagemaker.describe_model_package(ModelPackageName=package)
    assert described["MetadataProperties"]["GeneratedBy"] == arn
    group = pipelines.sagemaker.describe_model_package_group(ModelPackageGroupName="steps-delays")["ModelPackageGroupArn"]
    assert execution_of(pipelines, group) == arn


def test_an_endpoint_is_created_and_then_updated(pipelines: Pipelines, container: dict) -> None:
    arguments = {"EndpointName": "steps-endpoint", "EndpointConfigName": get("Steps.config.EndpointConfigName"), "Tags": None}
    steps = model(container), config(ModelName=get("Steps.make.ModelName")), step("deploy", "Endpoint", arguments)
    configurations = []
    for _ in range(2):
        found = pipelines.run(*steps)
        described = pipelines.sagemaker.describe_endpoint(EndpointName="steps-endpoint")
        assert described["EndpointStatus"] == "InService"
        assert found["deploy"]["Metadata"] == {"Endpoint": {"Arn": described["EndpointArn"]}}
        name = described["EndpointConfigName"]
        assert name.startswith("delays-")
        assert found["config"]["Metadata"]["EndpointConfig"]["Arn"].endswith(name.lower())
        configurations.append(name)
    assert len(set(configurations)) == 2
    pipelines.sagemaker.delete_endpoint(EndpointName="steps-endpoint")


@pytest.mark.nightly  # an endpoint of its own; by day an endpoint is created and updated
def test_a_component_is_created_and_then_updated(pipelines: Pipelines, container: dict) -> None:
    def component(memory: int) -> dict:
        needs = {"NumberOfCpuCoresRequired": 1, "MinMemoryRequiredInMb": memory}
        return step("component", "InferenceComponent", {
            "InferenceComponentName": "steps-component",
            "EndpointName": get("Steps.deploy.EndpointName"),
            "VariantName": "one",
            "Specification": {"ModelName": get("Steps.make.ModelName"), "ComputeResourceRequirements": needs},
            "RuntimeConfig": {"CopyCount": 1},
        })  # fmt: skip

    configured = config()
    configured["Arguments"]["ExecutionRoleArn"] = ROLE
    endpoint = step("deploy", "Endpoint", {"EndpointName": "steps-host", "EndpointConfigName": get("Steps.config.EndpointConfigName")})
    pipelines.run(model(container), configured, endpoint, component(256))
    fixed = component(300)
    fixed["Arguments"]["EndpointName"] = "steps-host"
    found = pipelines.run(model(container), fixed)
    described = pipelines.sagemaker.describe_inference_component(InferenceComponentName="steps-component")
    assert found["component"]["Metadata"] == {"InferenceComponent": {"Arn": described["InferenceComponentArn"]}}
    assert described["Specification"]["ComputeResourceRequirements"]["MinMemoryRequiredInMb"] == 300
    pipelines.sagemaker.delete_inference_component(InferenceComponentName="steps-component")
    pipelines.until(lambda: not pipelines.sagemaker.list_inference_components(EndpointNameEquals="steps-host")["InferenceComponents"])
    pipelines.sagemaker.delete_endpoint(EndpointName="steps-host")


def test_a_refused_call_fails_the_step(pipelines: Pipelines) -> None:
    missing = {"EndpointName": "steps-missing", "EndpointConfigName": "no-such-configuration"}
    found = pipelines.failed(step("deploy", "Endpoint", missing))["deploy"]
    assert found["FailureReason"].startswith("ClientError: Failed to invoke sagemaker:CreateEndpoint. Error Details: Could not find")
    assert not found.get("Metadata")
