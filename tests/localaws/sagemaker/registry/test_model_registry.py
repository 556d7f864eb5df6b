"""The model registry through boto3: groups, versions, approval, policies, refused requests, and events."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.core.test_state_events import Queue
from tests.localaws.sagemaker.hosting.endpoint_fixtures import ROLE, XGBOOST, until
from tests.localaws.sagemaker.registry.registry_fixtures import ARN, TYPES, RegistryFixtures


@pytest.fixture(scope="module")
def registry(client) -> Iterator[RegistryFixtures]:
    made = RegistryFixtures(client)
    yield made
    made.close()


def test_versions_count_up_and_no_number_comes_twice(registry: RegistryFixtures) -> None:
    group = registry.group()
    first, second = registry.version(group), registry.version(group, ModelApprovalStatus="Approved")
    assert (first, second) == (f"{ARN}:model-package/{group.lower()}/1", f"{ARN}:model-package/{group.lower()}/2")
    described = registry.described(first)
    assert (described["ModelPackageGroupName"], described["ModelPackageVersion"], described["ModelPackageArn"]) == (group, 1, first)
    assert (described["ModelPackageStatus"], described["ModelApprovalStatus"]) == ("Completed", "PendingManualApproval")
    assert described["ModelPackageStatusDetails"] == {"ValidationStatuses": [], "ImageScanStatuses": []}
    assert described["CertifyForMarketplace"] is False and described["CreatedBy"]["IamIdentity"]["Arn"]
    assert "ModelPackageName" not in described and not {"ClientToken", "LastModifiedBy"} & described.keys()
    assert described["InferenceSpecification"]["Containers"][0]["ModelDataETag"].strip('"')
    assert registry.described(f"{group}/2")["ModelApprovalStatus"] == "Approved"
    registry.sagemaker.delete_model_package(ModelPackageName=second)
    elsewhere = first.replace("123456789012", "210987654321")
    for arn in (second, elsewhere):
        assert refused(registry.described, arn) == ("ValidationException", f"ModelPackage {arn} does not exist.")
    assert registry.version(group).endswith("/3")


def test_the_same_token_makes_one_version(registry: RegistryFixtures) -> None:
    group = registry.group()
    assert registry.version(group, ClientToken="once") == registry.version(group, ClientToken="once")
    assert len(registry.sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]) == 1


def test_a_package_without_a_group(registry: RegistryFixtures) -> None:
    name = registry.name("Alone")
    request = {"ModelPackageName": name, "InferenceSpecification": registry.specification() | TYPES, "Tags": [{"Key": "a", "Value": "b"}]}
    arn = registry.sagemaker.create_model_package(**request, ModelApprovalStatus="PendingManualApproval")["ModelPackageArn"]
    assert arn == f"{ARN}:model-package/{name.lower()}"
    described = registry.described(name)
    assert described["ModelPackageName"] == name
    assert not {"ModelApprovalStatus", "ModelPackageVersion", "ModelPackageGroupName"} & described.keys()
    assert registry.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    assert refused(registry.sagemaker.create_model_package, **request) == (
        "ValidationException",
        f"Model Package already exists: {arn}",
    )
    code, message = refused(registry.approve, arn)
    assert code == "ValidationException" and "is not versioned" in message
    [listed] = registry.sagemaker.list_model_packages(NameContains=name)["ModelPackageSummaryList"]
    assert listed["ModelPackageName"] == name


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ModelPackageGroupName": "no-such-group"}, "Model Package Group does not exist."),
        ({"ModelPackageName": "both"}, "Both ModelPackageName and ModelPackageGroupName are provided in the input."),
        ({"ModelPackageGroupName": None}, "Missing ARN."),
        ({"Tags": [{"Key": "a", "Value": "b"}]}, "Tags cannot be given with ModelPackageGroupName"),
        ({"CertifyForMarketplace": True}, "CertifyForMarketplace does not apply"),
        ({"InferenceSpecification": None}, "needs an InferenceSpecification"),
        ({"ModelCard": {"ModelCardContent": "no JSON", "ModelCardStatus": "Draft"}}, "ModelCardContent must be a JSON object"),
        ({"SecurityConfig": {"KmsKeyId": "alias/none"}}, "KMS key 'alias/none' does not exist"),
        ({"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/nothing:1"}, "nothing"),
        ({"ModelDataUrl": "s3://no-such-bucket/m.tar.gz"}, "Cannot find S3 object: m.tar.gz in bucket no-such-bucket."),
        ({"SourceUri": f"{ARN}:model/no-such-model", "InferenceSpecification": None}, "Could not find model"),
    ],
)
def test_what_cannot_be_registered(registry: RegistryFixtures, change: dict, words: str) -> None:
    group = registry.group()
    container = {member: change.pop(member) for member in ("Image", "ModelDataUrl") if member in change}
    request = {"ModelPackageGroupName": group, "InferenceSpecification": registry.specification(**container)} | change
    call = {member: value for member, value in request.items() if value is not None}
    code, message = refused(registry.sagemaker.create_model_package, **call)
    assert code == "ValidationException" and words in message
    assert registry.sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "needs SupportedTransformInstanceTypes and SupportedRealtimeInferenceInstanceTypes"),
        (TYPES | {"Environment": {"A": "b"}}, "Environment variable map cannot be specified when using non-versioned ModelPackages"),
    ],
)
def test_requirements_of_a_package_without_a_group(registry: RegistryFixtures, change: dict, words: str) -> None:
    container = {"Environment": change["Environment"]} if "Environment" in change else {}
    types = {member: value for member, value in change.items() if member in TYPES}
    call = {"ModelPackageName": registry.name("alone"), "InferenceSpecification": registry.specification(**container) | types}
    assert words in refused(registry.sagemaker.create_model_package, **call)[1]


def test_what_is_not_here_is_refused_by_name(registry: RegistryFixtures) -> None:
    algorithm = {"SourceAlgorithms": [{"AlgorithmName": "mine"}]}
    code, message = refused(registry.version, registry.group(), SourceAlgorithmSpecification=algorithm)
    assert code == "NotSupportedByLocalAws" and "SourceAlgorithmSpecification" in message
    source = {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}}}
    resources = {"InstanceType": "ml.m5.large", "InstanceCount": 1}
    job = {"TransformInput": source, "TransformOutput": {"S3OutputPath": "s3://b/out"}, "TransformResources": resources}
    validation = {"ValidationRole": ROLE, "ValidationProfiles": [{"ProfileName": "p", "TransformJobDefinition": job}]}
    group = registry.group()
    code, message = refused(registry.version, group, ValidationSpecification=validation)
    assert code == "NotSupportedByLocalAws" and "ValidationSpecification" in message
    skipped = registry.version(group, ValidationSpecification=validation, SkipModelValidation="All")
    assert registry.described(skipped)["ValidationSpecification"] == validation and skipped.endswith("/1")


def test_an_update_changes_what_it_names(registry: RegistryFixtures) -> None:
    arn = registry.version(registry.group(), CustomerMetadataProperties={"auc": "0.7", "old": "1"})
    stage = {"Stage": "Staging", "StageStatus": "Pending"}
    registry.approve(
        arn,
        ApprovalDescription="better than the last",
        CustomerMetadataProperties={"auc": "0.8", "by": "me"},
        CustomerMetadataPropertiesToRemove=["old"],
        ModelLifeCycle=stage,
        AdditionalInferenceSpecificationsToAdd=[{"Name": "other", "Containers": [{"Image": XGBOOST, "ModelDataUrl": registry.data}]}],
        ModelCard={"ModelCardContent": '{"intended_uses": {"risk_rating": "Low", "purpose": "x"}}', "ModelCardStatus": "Draft"},
        SourceUri="s3://where/it/came/from",
    )
    described = registry.described(arn)
    assert (described["ModelApprovalStatus"], described["ApprovalDescription"]) == ("Approved", "better than the last")
    assert described["CustomerMetadataProperties"] == {"auc": "0.8", "by": "me"} and described["ModelLifeCycle"] == stage
    assert [each["Name"] for each in described["AdditionalInferenceSpecifications"]] == ["other"]
    assert described["SourceUri"] == "s3://where/it/came/from" and described["LastModifiedBy"]["IamIdentity"]["Arn"]
    metadata = registry.sagemaker.describe_model_package(ModelPackageName=arn, IncludedData="MetadataOnly")["ModelCard"]
    assert json.loads(metadata["ModelCardContent"]) == {"intended_uses": {"risk_rating": "Low"}} and metadata["ModelCardStatus"] == "Draft"
    same = [{"Name": "other", "Containers": [{"Image": XGBOOST}]}]
    call = {"ModelPackageArn": arn, "AdditionalInferenceSpecificationsToAdd": same}
    assert "must be unique" in refused(registry.sagemaker.update_model_package, **call)[1]
    many = {f"key{number}": "x" for number in range(49)}
    assert "at most 50" in refused(registry.approve, arn, CustomerMetadataProperties=many)[1]
    assert registry.described(arn)["CustomerMetadataProperties"] == {"auc": "0.8", "by": "me"}


def test_packages_are_listed_by_group_approval_and_kind(registry: RegistryFixtures) -> None:
    group = registry.group()
    arns = [registry.version(group) for _ in range(5)]
    registry.approve(arns[1])
    registry.approve(arns[3], "Rejected")
    client = registry.sagemaker

    def listed(**params: object) -> list[str]:
        return [each["ModelPackageArn"] for each in client.list_model_packages(**params)["ModelPackageSummaryList"]]

    assert listed(ModelPackageGroupName=group) == listed(ModelPackageGroupName=group, SortBy="CreationTime") == arns[::-1]
    assert listed(ModelPackageGroupName=group, SortOrder="Ascending") == listed(ModelPackageGroupName=group, SortBy="Name") == arns
    newest = {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 1}
    assert listed(ModelPackageGroupName=group, ModelApprovalStatus="Approved", **newest) == [arns[1]]
    assert listed(ModelPackageGroupName=f"{ARN}:model-package-group/{group.lower()}", **newest) == [arns[-1]]
    assert listed(NameContains=group) == [] and len(listed(NameContains=group, ModelPackageType="Both")) == 5
    pages = client.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group, PaginationConfig={"PageSize": 2})
    assert [each["ModelPackageArn"] for page in pages for each in page["ModelPackageSummaryList"]] == arns[::-1]
    gone = f"{ARN}:model-package/{group.lower()}/99"
    batch = client.batch_describe_model_package(ModelPackageArnList=[arns[1], gone])
    assert batch["ModelPackageSummaries"][arns[1]]["ModelApprovalStatus"] == "Approved"
    assert batch["BatchDescribeModelPackageErrorMap"][gone]["ErrorResponse"] == f"ModelPackage {gone} does not exist."


def test_groups(registry: RegistryFixtures) -> None:
    client = registry.sagemaker
    group = registry.group(ModelPackageGroupDescription="arrival delays", Tags=[{"Key": "team", "Value": "a"}])
    described = client.describe_model_package_group(ModelPackageGroupName=group)
    arn = f"{ARN}:model-package-group/{group.lower()}"
    assert (described["ModelPackageGroupArn"], described["ModelPackageGroupStatus"]) == (arn, "Completed")
    assert client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    [listed] = client.list_model_package_groups(NameContains=group.lower())["ModelPackageGroupSummaryList"]
    assert listed["ModelPackageGroupDescription"] == "arrival delays"
    create, delete = client.create_model_package_group, client.delete_model_package_group
    assert refused(create, ModelPackageGroupName=group) == ("ValidationException", f"Model Package Group already exists: {arn}")
    version = registry.version(group)
    code, message = refused(delete, ModelPackageGroupName=group)
    assert code == "ConflictException" and version in message
    client.delete_model_package(ModelPackageName=version)
    delete(ModelPackageGroupName=arn)
    describe = client.describe_model_package_group
    assert refused(describe, ModelPackageGroupName=group) == ("ValidationException", f"ModelPackageGroup {arn} does not exist.")


def test_the_policy_of_a_group(registry: RegistryFixtures) -> None:
    client, group = registry.sagemaker, registry.group()
    assert "Cannot find resource policy for" in refused(client.get_model_package_group_policy, ModelPackageGroupName=group)[1]
    other = {"AWS": "arn:aws:iam::210987654321:root"}
    statement = {"Effect": "Allow", "Principal": other, "Action": "sagemaker:DescribeModelPackage", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client.put_model_package_group_policy(ModelPackageGroupName=group, ResourcePolicy=text)
    assert client.get_model_package_group_policy(ModelPackageGroupName=group)["ResourcePolicy"] == text
    call = {"ModelPackageGroupName": group, "ResourcePolicy": '{"Statement": 3}'}
    assert "Invalid resource policy" in refused(client.put_model_package_group_policy, **call)[1]
    client.delete_model_package_group_policy(ModelPackageGroupName=group)
    assert "Cannot find resource policy" in refused(client.delete_model_package_group_policy, ModelPackageGroupName=group)[1]
    assert "Cannot find Model Package Group" in refused(client.get_model_package_group_policy, ModelPackageGroupName="none")[1]


def test_registration_approval_and_deletion_are_sent_to_eventbridge(registry: RegistryFixtures) -> None:
    group = registry.group()
    queue = Queue(registry, {"detail-type": ["SageMaker Model Package State Change"], "detail": {"ModelPackageGroupName": [group]}})
    arn = registry.version(group)
    registry.approve(arn, ApprovalDescription="good")
    registry.sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"a": "b"})
    registry.sagemaker.delete_model_package(ModelPackageName=arn)
    events = until(lambda: len(queue.events()) >= 4 and queue.events(), "four events")
    details = [event["detail"] for event in events]
    assert [event["resources"] for event in events] == [[arn]] * 4 and {event["source"] for event in events} == {"aws.sagemaker"}
    assert [detail.get("UpdatedModelPackageFields") for detail in details] == [
        None,
        ["ModelApprovalStatus", "ApprovalDescription"],
        ["CustomerMetadataProperties"],
        None,
    ]
    assert [detail["ModelApprovalStatus"] for detail in details] == ["PendingManualApproval", *["Approved"] * 3]
    assert [detail["ModelPackageStatus"] for detail in details] == [*["Completed"] * 3, "Deleting"]
    first = details[0]
    assert (first["ModelPackageArn"], first["ModelPackageVersion"]) == (arn, 1) and first["CreationTime"].endswith("Z")
    assert first["InferenceSpecification"]["Containers"][0]["Image"] == XGBOOST and not [name for name in first if name[0] == "_"]
    queue.close()


def test_search_finds_versions_and_groups(registry: RegistryFixtures) -> None:
    group = registry.group(Tags=[{"Key": "team", "Value": registry.name("t")}])
    good, bad = (registry.version(group, CustomerMetadataProperties={"auc": auc}) for auc in ("0.9", "0.5"))
    registry.approve(good)

    def search(resource: str, **filters: str) -> list[dict]:
        conditions = [{"Name": name.replace("__", "."), "Operator": "Equals", "Value": value} for name, value in filters.items()]
        found = registry.sagemaker.search(Resource=resource, SearchExpression={"Filters": conditions})["Results"]
        return [result[resource] for result in found]

    [found] = search("ModelPackage", ModelPackageGroupName=group, ModelApprovalStatus="Approved")
    assert found["ModelPackageArn"] == good
    [found] = search("ModelPackage", ModelPackageGroupName=group, CustomerMetadataProperties__auc="0.5")
    assert found["ModelPackageArn"] == bad
    [found] = search("ModelPackageGroup", ModelPackageGroupName=group)
    assert found["Tags"][0]["Key"] == "team"


def test_the_lineage_of_a_version(registry: RegistryFixtures) -> None:
    arn = registry.version(registry.group())
    client = registry.sagemaker
    [whole] = client.list_artifacts(SourceUri=arn)["ArtifactSummaries"]
    edges = client.list_associations(DestinationArn=whole["ArtifactArn"])["AssociationSummaries"]
    edges = [edge for edge in edges if edge["SourceType"] != "Approval"]
    sources = [client.describe_artifact(ArtifactArn=edge["SourceArn"]) for edge in edges]
    found = {source["Source"]["SourceUri"]: source["ArtifactType"] for source in sources}
    assert found == {XGBOOST: "Image", registry.data: "Model"} and {edge["AssociationType"] for edge in edges} == {"ContributedTo"}
