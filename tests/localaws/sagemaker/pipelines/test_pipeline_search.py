"""Search over pipelines, their versions and their executions."""

from __future__ import annotations

import pytest

from tests.localaws.sagemaker.job_fixtures import ROLE
from tests.localaws.sagemaker.pipelines.definitions import condition, text_of
from tests.localaws.sagemaker.pipelines.operation_fixtures import token
from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines


@pytest.fixture(scope="module")
def name(pipelines: Pipelines) -> str:
    """A pipeline with two versions, and an execution of the second."""
    made = f"searched-{token()[:8]}"
    tags = [{"Key": "team", "Value": made}]
    pipelines.sagemaker.create_pipeline(PipelineName=made, PipelineDefinition=text_of(condition("a")), RoleArn=ROLE, Tags=tags)
    definition = text_of(condition("b"), Parameters=[{"Name": "month", "Type": "String"}])
    pipelines.sagemaker.update_pipeline(PipelineName=made, PipelineDefinition=definition, PipelineVersionAliases=[made])
    given = [{"Name": "month", "Value": "June"}]
    arn = pipelines.sagemaker.start_pipeline_execution(
        PipelineName=made, PipelineParameters=given, PipelineExecutionDisplayName=made
    )["PipelineExecutionArn"]  # fmt: skip
    pipelines.ended(arn)
    return made


def search(pipelines: Pipelines, resource: str, **filters: str) -> list[dict]:
    conditions = [{"Name": name.replace("__", "."), "Operator": "Equals", "Value": value} for name, value in filters.items()]
    found = pipelines.sagemaker.search(Resource=resource, SearchExpression={"Filters": conditions})["Results"]
    return [result[resource] for result in found]


def test_pipelines(pipelines: Pipelines, name: str) -> None:
    [found] = search(pipelines, "Pipeline", PipelineName=name)
    described = pipelines.sagemaker.describe_pipeline(PipelineName=name)
    for member in ("PipelineArn", "PipelineDisplayName", "RoleArn", "PipelineStatus", "CreationTime", "LastRunTime"):
        assert found[member] == described[member]
    assert search(pipelines, "Pipeline", Tags__team=name) == [found]


def test_versions(pipelines: Pipelines, name: str) -> None:
    arn = pipelines.sagemaker.describe_pipeline(PipelineName=name)["PipelineArn"]
    newest, oldest = search(pipelines, "PipelineVersion", PipelineArn=arn)
    assert [newest["PipelineVersionId"], oldest["PipelineVersionId"]] == [2, 1]
    assert newest["PipelineVersionAliases"] == [name] and newest["LastExecutedPipelineExecutionStatus"] == "Succeeded"
    assert newest["LastExecutedPipelineExecutionDisplayName"] == name and "LastExecutedPipelineExecutionArn" not in oldest


def test_executions(pipelines: Pipelines, name: str) -> None:
    [found] = search(pipelines, "PipelineExecution", PipelineExecutionDisplayName=name, PipelineExecutionStatus="Succeeded")
    assert found["PipelineParameters"] == [{"Name": "month", "Value": "June"}] and found["PipelineVersionId"] == 2
    assert search(pipelines, "PipelineExecution", PipelineExecutionDisplayName=name, PipelineExecutionStatus="Failed") == []
