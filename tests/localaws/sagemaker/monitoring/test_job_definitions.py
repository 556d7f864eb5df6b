"""The operations on the four kinds of job definitions: what is kept, listed, refused and deleted."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.localaws.boto_clients import session_with_keys
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET
from tests.localaws.sagemaker.monitoring.monitoring_fixtures import OPERATIONS, Monitored, definition_request, endpoint_input

KINDS = list(OPERATIONS)
LABELS = f"s3://{BUCKET}/labels"


def request(kind: str, **changes: object) -> dict:
    labels = LABELS if kind in ("ModelQuality", "ModelBias") else ""
    return definition_request(kind, endpoint_input(), labels=labels) | changes


def operation(monitored: Monitored, verb: str, kind: str) -> Callable:
    return getattr(monitored.aws.sagemaker, f"{verb}_{OPERATIONS[kind]}{'s' if verb == 'list' else ''}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_definition_is_kept_as_it_was_given(monitored: Monitored, kind: str) -> None:
    name, given = monitored.aws.name("kept"), request(kind)
    tags = [{"Key": "team", "Value": "delays"}]
    arn = operation(monitored, "create", kind)(JobDefinitionName=name, Tags=tags, **given)["JobDefinitionArn"]
    assert arn == f"arn:aws:sagemaker:us-east-1:123456789012:{OPERATIONS[kind].replace('_', '-')}/{name}"
    found = operation(monitored, "describe", kind)(JobDefinitionName=name)
    longest = 1800 if kind in ("ModelQuality", "ModelBias") else 3600
    members = {member: value for member, value in found.items() if member not in ("ResponseMetadata", "CreationTime")}
    assert members == given | {
        "JobDefinitionName": name,
        "JobDefinitionArn": arn,
        "StoppingCondition": {"MaxRuntimeInSeconds": longest},
    }
    assert monitored.aws.sagemaker.list_tags(ResourceArn=arn)["Tags"] == tags
    code, message = refused(operation(monitored, "create", kind), JobDefinitionName=name, **given)
    assert (code, message) == ("ResourceInUse", f"JobDefinition with name {name} already exists")
    operation(monitored, "delete", kind)(JobDefinitionName=name)
    for verb in ("describe", "delete"):
        code, message = refused(operation(monitored, verb, kind), JobDefinitionName=name)
        assert (code, message) == ("ResourceNotFound", f"Could not find JobDefinition with name: {name}")


@pytest.mark.parametrize("kind", KINDS)
def test_definitions_are_listed(monitored: Monitored, kind: str) -> None:
    stem, names = monitored.aws.name("listed"), ("b", "a", "c")
    for name in names:
        source = endpoint_input(EndpointName="other" if name == "c" else "delays")
        given = request(kind) | {f"{kind}JobInput": request(kind)[f"{kind}JobInput"] | source}
        operation(monitored, "create", kind)(JobDefinitionName=f"{stem}-{name}", **given)
        monitored.advance(seconds=1)

    def listed(**filters: object) -> str:
        found = operation(monitored, "list", kind)(NameContains=stem, **filters)["JobDefinitionSummaries"]
        return "".join(each["MonitoringJobDefinitionName"][-1] for each in found)

    assert listed() == "cab"  # the latest first
    assert listed(SortOrder="Ascending") == "bac" and listed(SortBy="Name", SortOrder="Ascending") == "abc"
    assert listed(EndpointName="delays", SortBy="Name") == "ba" and listed(EndpointName="nothing") == ""
    [first] = operation(monitored, "list", kind)(NameContains=f"{stem}-a")["JobDefinitionSummaries"]
    assert set(first) == {"MonitoringJobDefinitionName", "MonitoringJobDefinitionArn", "CreationTime", "EndpointName"}
    assert listed(CreationTimeBefore=first["CreationTime"]) == "b" and listed(CreationTimeAfter=first["CreationTime"]) == "ca"
    pages, token = "", {}
    while token is not None:
        page = operation(monitored, "list", kind)(NameContains=stem, MaxResults=2, **token)
        pages += "".join(each["MonitoringJobDefinitionName"][-1] for each in page["JobDefinitionSummaries"]) + "|"
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    assert pages == "ca|b|"


def of_input(**members: object) -> Callable[[str], dict]:
    """A change of the input of any kind."""

    def change(kind: str) -> dict:
        given = request(kind)[f"{kind}JobInput"]
        return {f"{kind}JobInput": given | {"EndpointInput": given["EndpointInput"] | members}}

    return change


def without_input(kind: str) -> dict:
    given = request(kind)[f"{kind}JobInput"]
    return {f"{kind}JobInput": {member: value for member, value in given.items() if member != "EndpointInput"}}


def cluster(**members: object) -> dict:
    return {"JobResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5} | members}}


VPC = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"RoleArn": "arn:aws:iam::123456789012:role/Nobody"}, "ValidationException", "Could not assume role"),
        (cluster(InstanceCount=21), "ResourceLimitExceeded", "Maximum number of instances per processing job"),
        (cluster(VolumeSizeInGB=20_000), "ValidationException", "volumeSizeInGB"),
        (cluster(VolumeKmsKeyId="alias/none"), "ValidationException", "The KMS key 'alias/none' does not exist"),
        ({"NetworkConfig": {"VpcConfig": VPC}}, "ValidationException", "subnet-1"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 90_000}}, "ValidationException", "maxRuntimeInSeconds"),
        (of_input(LocalPath="/tmp/data"), "ValidationException", "LocalPath of the input must begin with /opt/ml/processing/"),
        (of_input(StartTimeOffset="PP"), "ValidationException", "Invalid duration 'PP'"),
        (without_input, "ValidationException", "Exactly one of EndpointInput and BatchTransformInput must be provided."),
    ],
    ids=["role", "instances", "volume", "key", "network", "time", "path", "offset", "nothing"],
)
def test_a_definition_that_is_refused(monitored: Monitored, kind: str, change: dict | Callable[[str], dict], code: str, words: str) -> None:
    given = request(kind) | (change(kind) if callable(change) else change)
    found, message = refused(operation(monitored, "create", kind), JobDefinitionName="refused", **given)
    assert found == code and words in message


@pytest.mark.parametrize("kind", ["ModelQuality", "ModelBias"])
def test_labels_need_a_place(monitored: Monitored, kind: str) -> None:
    given = request(kind) | {f"{kind}JobInput": endpoint_input() | {"GroundTruthS3Input": {}}}
    _, message = refused(operation(monitored, "create", kind), JobDefinitionName="refused", **given)
    assert "GroundTruthS3Input.S3Uri" in message


def test_a_schedule_without_its_definition_fails(monitored: Monitored) -> None:
    sagemaker, definition = monitored.aws.sagemaker, monitored.definition("ModelExplainability", endpoint_input())
    schedule = monitored.monitor("ModelExplainability", definition, "cron(0 * ? * * *)")
    sagemaker.delete_model_explainability_job_definition(JobDefinitionName=definition)
    monitored.advance(hours=1, minutes=20)
    for execution in monitored.ended(schedule, 1):
        assert execution["MonitoringExecutionStatus"] == "Failed" and definition in execution["FailureReason"]
    sagemaker.delete_monitoring_schedule(MonitoringScheduleName=schedule)


def test_permissions_are_those_of_each_operation(monitored: Monitored) -> None:
    """A user who may create and read definitions of bias of one name may do nothing else."""
    iam, name = monitored.aws.client("iam"), monitored.aws.name("allowed")
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:model-bias-job-definition/{name}"
    actions = [f"sagemaker:{verb}ModelBiasJobDefinition" for verb in ("Create", "Describe")]
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": arn},
        {"Effect": "Allow", "Action": ["iam:PassRole", "sagemaker:ListMonitoringAlerts"], "Resource": "*"},
    ]
    iam.create_user(UserName=name)
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    keys = iam.create_access_key(UserName=name)["AccessKey"]
    session = session_with_keys(keys["AccessKeyId"], keys["SecretAccessKey"], None)
    client = session.client("sagemaker", endpoint_url=monitored.aws.handle.endpoint)
    client.create_model_bias_job_definition(JobDefinitionName=name, **request("ModelBias"))
    assert client.describe_model_bias_job_definition(JobDefinitionName=name)["JobDefinitionArn"] == arn
    code, message = refused(client.delete_model_bias_job_definition, JobDefinitionName=name)
    assert code == "AccessDeniedException" and "sagemaker:DeleteModelBiasJobDefinition" in message
    assert refused(client.create_model_bias_job_definition, JobDefinitionName="other", **request("ModelBias"))[0] == "AccessDeniedException"
    for call, parameters in (
        (client.list_model_explainability_job_definitions, {}),
        (client.list_monitoring_alert_history, {}),
        (
            client.update_monitoring_alert,
            {"MonitoringScheduleName": "s", "MonitoringAlertName": "s", "DatapointsToAlert": 1, "EvaluationPeriod": 1},
        ),
    ):
        assert refused(call, **parameters)[0] == "AccessDeniedException"
    assert refused(client.list_monitoring_alerts, MonitoringScheduleName="nothing")[0] == "ResourceNotFound"
