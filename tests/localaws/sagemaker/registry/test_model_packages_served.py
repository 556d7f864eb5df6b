"""From a model package to a model and an endpoint, and from a model to a package, through boto3."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.hosting.endpoint_fixtures import ROLE, XGBOOST, archive, booster_file
from tests.localaws.sagemaker.registry.registry_fixtures import RegistryFixtures


@pytest.fixture(scope="module")
def registry(client) -> Iterator[RegistryFixtures]:
    made = RegistryFixtures(client)
    yield made
    made.close()


def test_a_version_made_of_a_model_or_another_version(registry: RegistryFixtures) -> None:
    model = registry.model(booster_file(), environment={"A": "b"})
    described = registry.sagemaker.describe_model(ModelName=model)
    group = registry.group()
    request = {"ModelPackageGroupName": group, "SourceUri": described["ModelArn"]}
    first = registry.sagemaker.create_model_package(**request)["ModelPackageArn"]
    [container] = registry.described(first)["InferenceSpecification"]["Containers"]
    assert (container["Image"], container["Environment"]) == (XGBOOST, {"A": "b"}) and "ModelDataSource" not in container
    second = registry.sagemaker.create_model_package(**request | {"SourceUri": first})["ModelPackageArn"]
    assert registry.described(second)["InferenceSpecification"] == registry.described(first)["InferenceSpecification"]


def test_only_an_approved_version_becomes_a_model_and_is_served(registry: RegistryFixtures) -> None:
    other = registry.put("other.tar.gz", archive(booster_file(7.0)))
    additional = [{"Name": "other", "Containers": [{"Image": XGBOOST, "ModelDataUrl": other}]}]
    arn = registry.version(
        registry.group(),
        InferenceSpecification=registry.specification(Environment={"A": "1"}),
        AdditionalInferenceSpecifications=additional,
    )
    name = registry.name("from-package")
    request = {"ModelName": name, "ExecutionRoleArn": ROLE, "PrimaryContainer": {"ModelPackageName": arn, "Environment": {"B": "2"}}}
    code, message = refused(registry.sagemaker.create_model, **request)
    assert (code, message) == (
        "ValidationException",
        f"Model package {arn} cannot be deployed: its ModelApprovalStatus is PendingManualApproval; it must be Approved.",
    )
    registry.approve(arn)
    both = request | {"PrimaryContainer": {"ModelPackageName": arn, "Image": XGBOOST}}
    assert "takes Image from the model package" in refused(registry.sagemaker.create_model, **both)[1]
    registry.sagemaker.create_model(**request)
    container = registry.sagemaker.describe_model(ModelName=name)["PrimaryContainer"]
    assert (container["ModelPackageName"], container["Image"], container["ModelDataUrl"]) == (arn, XGBOOST, registry.data)
    assert container["Environment"] == {"A": "1", "B": "2"}

    special = registry.name("additional")
    chosen = {"ModelPackageName": arn, "InferenceSpecificationName": "other"}
    registry.sagemaker.create_model(**request | {"ModelName": special, "PrimaryContainer": chosen})
    wrong = request | {"PrimaryContainer": chosen | {"InferenceSpecificationName": "none"}}
    assert "no additional inference specification named none" in refused(registry.sagemaker.create_model, **wrong)[1]
    registry.sagemaker.delete_model_package(ModelPackageName=arn)
    endpoint = registry.create(registry.config({"ModelName": special}))
    assert registry.settled(endpoint)["EndpointStatus"] == "InService"
    assert float(registry.invoke(endpoint)) == pytest.approx(7.0, abs=0.5)


def test_a_package_of_several_containers_is_a_pipeline(registry: RegistryFixtures) -> None:
    containers = [{"Image": XGBOOST, "ModelDataUrl": registry.data, "ContainerHostname": host} for host in ("first", "second")]
    arn = registry.version(
        registry.group(), ModelApprovalStatus="Approved", InferenceSpecification=registry.specification() | {"Containers": containers}
    )
    name = registry.name("pipeline")
    registry.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"ModelPackageName": arn})
    described = registry.sagemaker.describe_model(ModelName=name)["Containers"]
    assert [container["ContainerHostname"] for container in described] == ["first", "second"]
