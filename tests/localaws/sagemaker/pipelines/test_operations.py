"""The operations on pipelines and their versions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import ROLE
from tests.localaws.sagemaker.pipelines.definitions import condition, text_of
from tests.localaws.sagemaker.pipelines.operation_fixtures import token
from tests.localaws.sagemaker.pipelines.step_fixtures import BUCKET, Pipelines

FIRST, SECOND, THIRD = (text_of(condition(name)) for name in ("first", "second", "third"))


@pytest.fixture
def name(pipelines: Pipelines) -> str:
    """A pipeline with one version."""
    made = f"Operations-{token()[:8]}"
    pipelines.sagemaker.create_pipeline(PipelineName=made, PipelineDefinition=FIRST, RoleArn=ROLE, PipelineVersionAliases=["live"])
    return made


def update(pipelines: Pipelines, name: str, definition: str, **more: object) -> int:
    return pipelines.sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=definition, **more)["PipelineVersionId"]


def versions(pipelines: Pipelines, name: str, **asked: object) -> list[int]:
    found = pipelines.sagemaker.list_pipeline_versions(PipelineName=name, **asked)["PipelineVersionSummaries"]
    return [version["PipelineVersionId"] for version in found]


def test_a_pipeline_is_described_by_name_and_by_arn(pipelines: Pipelines, name: str) -> None:
    described = pipelines.sagemaker.describe_pipeline(PipelineName=name)
    assert described["PipelineDefinition"] == FIRST and described["RoleArn"] == ROLE and described["PipelineStatus"] == "Active"
    assert described["PipelineDisplayName"] == name and described["PipelineVersionAliases"] == ["live"]
    assert described["CreatedBy"]["IamIdentity"]["Arn"].startswith("arn:aws:")
    assert not {"LastRunTime", "PipelineDescription"} & set(described)
    by_arn = pipelines.sagemaker.describe_pipeline(PipelineName=described["PipelineArn"])
    assert by_arn["PipelineName"] == name


def test_create_again_with_the_same_token_makes_nothing_new(pipelines: Pipelines) -> None:
    name, once = f"again-{token()[:8]}", token()
    request = {"PipelineName": name, "PipelineDefinition": FIRST, "RoleArn": ROLE, "ClientRequestToken": once}
    arn = pipelines.sagemaker.create_pipeline(**request)["PipelineArn"]
    assert pipelines.sagemaker.create_pipeline(**request)["PipelineArn"] == arn
    code, message = refused(pipelines.sagemaker.create_pipeline, **request | {"ClientRequestToken": token()})
    assert code == "ValidationException" and "already exists" in message
    assert "must be unique within an AWS account" in message
    assert refused(pipelines.sagemaker.create_pipeline, **request | {"PipelineDefinition": SECOND})[0] == "ConflictException"
    assert versions(pipelines, name) == [1]


def test_only_a_changed_definition_makes_a_version(pipelines: Pipelines, name: str) -> None:
    assert update(pipelines, name, FIRST, PipelineDescription="same steps") == 1
    assert update(pipelines, name, SECOND) == 2
    assert pipelines.sagemaker.update_pipeline(PipelineName=name, PipelineDisplayName="other")["PipelineVersionId"] == 2
    described = pipelines.sagemaker.describe_pipeline(PipelineName=name)
    assert (described["PipelineDefinition"], described["PipelineDescription"]) == (SECOND, "same steps")
    assert described["PipelineDisplayName"] == "other" and described["LastModifiedTime"] > described["CreationTime"]
    assert pipelines.sagemaker.describe_pipeline(PipelineName=name, PipelineVersionId=1)["PipelineDefinition"] == FIRST
    assert versions(pipelines, name) == [2, 1] and versions(pipelines, name, SortOrder="Ascending") == [1, 2]
    assert refused(pipelines.sagemaker.describe_pipeline, PipelineName=name, PipelineVersionId=3)[0] == "ResourceNotFound"


def test_versions_come_in_pages(pipelines: Pipelines, name: str) -> None:
    for number in range(4):
        update(pipelines, name, text_of(condition(f"step-{number}")))
    pages = pipelines.sagemaker.get_paginator("list_pipeline_versions").paginate(PipelineName=name, PaginationConfig={"PageSize": 2})
    found = [version["PipelineVersionId"] for page in pages for version in page["PipelineVersionSummaries"]]
    assert found == [5, 4, 3, 2, 1]
    later = datetime.now(UTC) + timedelta(hours=1)
    assert versions(pipelines, name, CreatedAfter=later) == [] and len(versions(pipelines, name, CreatedBefore=later)) == 5


def test_an_alias_names_one_version_of_a_pipeline(pipelines: Pipelines, name: str) -> None:
    sagemaker = pipelines.sagemaker
    arn = sagemaker.describe_pipeline(PipelineName=name)["PipelineArn"]
    assert update(pipelines, name, SECOND, PipelineVersionAliases=["next"]) == 2
    assert sagemaker.describe_pipeline(PipelineName=name, PipelineVersionAlias="live")["PipelineDefinition"] == FIRST
    assert sagemaker.describe_pipeline(PipelineName=name, PipelineVersionAlias="next")["PipelineDefinition"] == SECOND
    assert refused(sagemaker.describe_pipeline, PipelineName=name, PipelineVersionAlias="none")[0] == "ResourceNotFound"
    both = {"PipelineVersionAlias": "live", "PipelineVersionId": 1}
    assert refused(sagemaker.describe_pipeline, PipelineName=name, **both)[0] == "ValidationException"

    def change(version: int, **operations: list[str]) -> dict:
        return {"PipelineArn": arn, "PipelineVersionId": version, "PipelineVersionAliasOperations": operations}

    assert refused(sagemaker.update_pipeline_version, **change(2, Add=["live"]))[0] == "ConflictException"
    sagemaker.update_pipeline_version(**change(1, Remove=["live"]))
    sagemaker.update_pipeline_version(**change(2, Add=["live"], Remove=["next"]), PipelineVersionDescription="better")
    newest, oldest = sagemaker.list_pipeline_versions(PipelineName=name)["PipelineVersionSummaries"]
    assert newest["PipelineVersionAliases"] == ["live"] and newest["PipelineVersionDescription"] == "better"
    assert "PipelineVersionAliases" not in oldest
    for wrong in (change(2, Add=["12"]), change(2, Remove=["none"]), change(2, Add=["a"], Remove=["a"])):
        assert refused(sagemaker.update_pipeline_version, **wrong)[0] == "ValidationException"
    many = [f"a{number}" for number in range(10)]
    assert refused(sagemaker.update_pipeline_version, **change(2, Add=many))[0] == "ValidationException"
    assert refused(sagemaker.update_pipeline_version, **change(3, Add=["x"]))[0] == "ResourceNotFound"
    assert refused(update, pipelines, name, SECOND, PipelineVersionAliases=["y"])[0] == "ValidationException"
    assert refused(update, pipelines, name, THIRD, PipelineVersionAliases=["live"])[0] == "ConflictException"
    assert versions(pipelines, name) == [2, 1]


def test_pipelines_are_listed(pipelines: Pipelines) -> None:
    stem = f"Listed-{token()[:8]}"
    for letter in "bac":
        pipelines.sagemaker.create_pipeline(PipelineName=f"{stem}-{letter}", PipelineDefinition=FIRST, RoleArn=ROLE)
    arn = pipelines.sagemaker.start_pipeline_execution(PipelineName=f"{stem}-a")["PipelineExecutionArn"]
    pipelines.ended(arn)

    def listed(**asked: object) -> list[str]:
        found = pipelines.sagemaker.list_pipelines(PipelineNamePrefix=stem, **asked)["PipelineSummaries"]
        return [each["PipelineName"][-1] for each in found]

    assert listed() == ["c", "a", "b"] and listed(SortBy="Name", SortOrder="Ascending") == ["a", "b", "c"]
    assert listed(MaxResults=1) == ["c"] and listed(ManagedBy="AWS") == [] and listed(ManagedBy="CUSTOMER") == ["c", "a", "b"]
    summaries = pipelines.sagemaker.list_pipelines(PipelineNamePrefix=stem)["PipelineSummaries"]
    assert [("LastExecutionTime" in each) for each in summaries] == [False, True, False]


def test_a_definition_may_be_in_s3(pipelines: Pipelines, name: str) -> None:
    pipelines.put("definitions/second.json", SECOND)
    place = {"Bucket": BUCKET, "ObjectKey": "definitions/second.json"}
    assert pipelines.sagemaker.update_pipeline(PipelineName=name, PipelineDefinitionS3Location=place)["PipelineVersionId"] == 2
    assert pipelines.sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"] == SECOND
    missing = place | {"ObjectKey": "definitions/none.json"}
    code, message = refused(pipelines.sagemaker.update_pipeline, PipelineName=name, PipelineDefinitionS3Location=missing)
    assert code == "ValidationException" and "definitions/none.json" in message
    pipelines.s3.create_bucket(Bucket="versioned-definitions")
    pipelines.s3.put_bucket_versioning(Bucket="versioned-definitions", VersioningConfiguration={"Status": "Enabled"})
    old = pipelines.s3.put_object(Bucket="versioned-definitions", Key="d.json", Body=THIRD)["VersionId"]
    pipelines.s3.put_object(Bucket="versioned-definitions", Key="d.json", Body=FIRST)
    one = {"Bucket": "versioned-definitions", "ObjectKey": "d.json", "VersionId": old}
    code, message = refused(pipelines.sagemaker.update_pipeline, PipelineName=name, PipelineDefinitionS3Location=one)
    assert code == "ValidationException" and "AccessDenied" in message  # the role may read objects, not their versions
    reader = pipelines.role("sagemaker.amazonaws.com", "s3:GetObjectVersion")
    assert (
        pipelines.sagemaker.update_pipeline(PipelineName=name, PipelineDefinitionS3Location=one, RoleArn=reader)["PipelineVersionId"] == 3
    )
    assert pipelines.sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"] == THIRD
    code, _ = refused(pipelines.sagemaker.update_pipeline, PipelineName=name, PipelineDefinition=FIRST, PipelineDefinitionS3Location=place)
    assert code == "ValidationException"


def test_delete_takes_executions_and_versions_along(pipelines: Pipelines, name: str) -> None:
    sagemaker = pipelines.sagemaker
    update(pipelines, name, SECOND)
    execution = sagemaker.start_pipeline_execution(PipelineName=name)["PipelineExecutionArn"]
    pipelines.ended(execution)
    arn = sagemaker.delete_pipeline(PipelineName=name)["PipelineArn"]
    assert arn.endswith(f":pipeline/{name.lower()}")
    assert refused(sagemaker.describe_pipeline, PipelineName=name)[0] == "ResourceNotFound"
    assert refused(sagemaker.describe_pipeline_execution, PipelineExecutionArn=execution)[0] == "ResourceNotFound"
    sagemaker.create_pipeline(PipelineName=name, PipelineDefinition=THIRD, RoleArn=ROLE)
    assert versions(pipelines, name) == [1]
    assert sagemaker.list_pipeline_executions(PipelineName=name)["PipelineExecutionSummaries"] == []


@pytest.mark.parametrize("operation", ["describe_pipeline", "delete_pipeline", "list_pipeline_versions", "start_pipeline_execution"])
def test_an_unknown_pipeline(pipelines: Pipelines, operation: str) -> None:
    code, message = refused(getattr(pipelines.sagemaker, operation), PipelineName="nowhere")
    assert code == "ResourceNotFound" and "does not exist" in message


def test_a_pipeline_needs_a_role_that_sagemaker_may_assume(pipelines: Pipelines, name: str) -> None:
    role = ROLE.replace("SageMakerRole", "NoSuchRole")
    for call in (pipelines.sagemaker.create_pipeline, pipelines.sagemaker.update_pipeline):
        code, message = refused(call, PipelineName=name, PipelineDefinition=FIRST, RoleArn=role)
        assert code == "ValidationException" and "Could not assume role" in message
