"""What policies say about pipelines, and with whose rights steps call AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.localaws.boto_clients import session_with_keys
from tests.localaws.sagemaker.job_fixtures import ROLE, SKLEARN
from tests.localaws.sagemaker.pipelines.definitions import condition, step, text_of
from tests.localaws.sagemaker.pipelines.operation_fixtures import token
from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines

PIPELINE = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/{}"
SERVICE = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = {"Version": "2012-10-17", "Statement": [SERVICE]}


def allow(*actions: str, resource: str = "*", **members: object) -> dict:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **members}


@pytest.fixture
def role(pipelines: Pipelines) -> Callable[..., str]:
    """``role(*statements)``: the ARN of a new role with this policy."""

    def make(*statements: dict) -> str:
        iam, name = pipelines.client("iam"), f"pipelines-{token()[:8]}"
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        policy = {"Version": "2012-10-17", "Statement": [*statements]}
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
        return arn

    return make


@pytest.fixture
def caller(local_aws: launch.Handle, role: Callable[..., str]) -> Callable[..., Any]:
    """``caller(*statements)``: a SageMaker client with this policy."""

    def make(*statements: dict) -> Any:
        keys = local_aws.issue(role(*statements).replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/tests")
        session = session_with_keys(keys.principal.access_key, keys.secret, keys.token)
        return session.client("sagemaker", endpoint_url=local_aws.endpoint)

    return make


def allowed(call: Callable[..., object], **params: object) -> bool:
    """Whether policies allow a call; another refusal than theirs counts as allowed."""
    try:
        call(**params)
    except ClientError as error:
        return error.response["Error"]["Code"] not in ("AccessDeniedException", "AccessDenied")
    return True


def test_a_caller_may_start_one_pipeline(pipelines: Pipelines, caller: Callable[..., Any]) -> None:
    ours, theirs = pipelines.create(condition("only")), pipelines.create(condition("only"))
    actions = [f"sagemaker:{name}" for name in ("StartPipelineExecution", "DescribePipelineExecution", "StopPipelineExecution")]
    client = caller(allow(*actions, resource=PIPELINE.format(f"{ours}*")))
    assert allowed(client.start_pipeline_execution, PipelineName=ours) and allowed(
        client.start_pipeline_execution, PipelineName=PIPELINE.format(ours)
    )
    assert not allowed(client.start_pipeline_execution, PipelineName=theirs)
    arn = pipelines.sagemaker.start_pipeline_execution(PipelineName=ours)["PipelineExecutionArn"]
    assert allowed(client.describe_pipeline_execution, PipelineExecutionArn=arn) and allowed(
        client.stop_pipeline_execution, PipelineExecutionArn=arn
    )
    for refused in ("retry_pipeline_execution", "list_pipeline_execution_steps", "update_pipeline_execution"):
        assert not allowed(getattr(client, refused), PipelineExecutionArn=arn)
    assert not allowed(client.delete_pipeline, PipelineName=ours) and not allowed(client.list_pipelines)


def test_a_policy_may_ask_for_a_version(pipelines: Pipelines, caller: Callable[..., Any]) -> None:
    name = pipelines.create(condition("only"))
    newer = {"NumericGreaterThanEquals": {"sagemaker:PipelineVersionId": "2"}}
    client = caller(allow("sagemaker:StartPipelineExecution", "sagemaker:UpdatePipelineVersion", Condition=newer))
    assert allowed(client.start_pipeline_execution, PipelineName=name, PipelineVersionId=2)
    assert not allowed(client.start_pipeline_execution, PipelineName=name, PipelineVersionId=1)
    assert not allowed(client.update_pipeline_version, PipelineArn=PIPELINE.format(name), PipelineVersionId=1)


def test_the_role_of_a_pipeline_must_be_passed(caller: Callable[..., Any]) -> None:
    actions = allow("sagemaker:CreatePipeline", "sagemaker:UpdatePipeline")
    request = {"PipelineDefinition": text_of(condition("only")), "RoleArn": ROLE}
    assert not allowed(caller(actions).create_pipeline, PipelineName="not-passed", **request)
    both = caller(actions, allow("iam:PassRole", resource=ROLE))
    assert allowed(both.create_pipeline, PipelineName=f"passed-{token()[:8]}", **request)
    assert not allowed(caller(actions).update_pipeline, PipelineName="not-passed", RoleArn=ROLE)


def test_steps_act_with_the_rights_of_the_role(pipelines: Pipelines, role: Callable[..., str]) -> None:
    arguments = {
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": SKLEARN, "ContainerEntrypoint": ["/bin/true"]},
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}},
    }
    job, name = step("a-step-with-a-long-name", "Processing", arguments), role(allow("sagemaker:ListTags"))
    arn = pipelines.start(job, role=name)
    assert pipelines.ended(arn) == "Failed"
    reason = pipelines.steps(arn)["a-step-with-a-long-name"]["FailureReason"]
    session = f"assumed-role/{name.rpartition('/')[2]}/sagemaker-pipeline-{arn.rpartition('/')[2]}-a-step-with-a-long-n"
    assert "Failed to invoke sagemaker:CreateProcessingJob" in reason and f"{session} is not authorized to perform" in reason
    rights = allow("sagemaker:CreateProcessingJob", "sagemaker:AddTags", "sagemaker:DescribeProcessingJob")
    arn = pipelines.start(job, role=role(rights))
    assert pipelines.ended(arn) == "Failed"
    assert "iam:PassRole" in pipelines.steps(arn)["a-step-with-a-long-name"]["FailureReason"]
