"""What SageMaker itself records of jobs, packages and endpoints, through boto3."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.localaws.sagemaker.hosting.component_fixtures import ComponentFixtures
from tests.localaws.sagemaker.hosting.endpoint_fixtures import ROLE, XGBOOST, archive, booster_file
from tests.localaws.sagemaker.job_fixtures import BUCKET, SKLEARN, JobFixtures, channel
from tests.localaws.sagemaker.registry.registry_fixtures import RegistryFixtures


@pytest.fixture(scope="module")
def registry(client) -> Iterator[RegistryFixtures]:
    made = RegistryFixtures(client)
    yield made
    made.close()


def edges(sagemaker, arn: str) -> tuple[set, set]:
    """``(source or destination, its type, association)`` of the edges into and out of an entity. An artifact is known by its URI."""

    def uri(other: str) -> str:
        if ":artifact/" in other:
            return sagemaker.describe_artifact(ArtifactArn=other)["Source"]["SourceUri"]
        return other.rpartition("/")[2]

    into = sagemaker.list_associations(DestinationArn=arn)["AssociationSummaries"]
    out = sagemaker.list_associations(SourceArn=arn)["AssociationSummaries"]
    return (
        {(uri(edge["SourceArn"]), edge["SourceType"], edge["AssociationType"]) for edge in into},
        {(uri(edge["DestinationArn"]), edge["DestinationType"], edge["AssociationType"]) for edge in out},
    )


def test_jobs_that_share_data_are_connected(aws: JobFixtures) -> None:
    data = aws.put(f"{aws.name('lineage')}/a.csv", "1,2\n")
    made = f"s3://{BUCKET}/{aws.name('made')}"
    write = "import os; os.makedirs('/opt/ml/processing/out', exist_ok=True); open('/opt/ml/processing/out/a.csv', 'w').write('1,2')"
    output = {"S3Uri": made, "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}
    source = {"S3Uri": data, "LocalPath": "/opt/ml/processing/in", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    name = aws.process(
        write,
        ProcessingInputs=[{"InputName": "in", "S3Input": source}],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "out", "S3Output": output}]},
    )
    assert aws.processed(name)["ProcessingJobStatus"] == "Completed"
    train = "open('/opt/ml/model/m', 'w').write('m')"
    training = aws.trained(aws.script(train, InputDataConfig=[channel("train", made)]))
    component = aws.sagemaker.describe_trial_component(TrialComponentName=f"{name}-aws-processing-job")["TrialComponentArn"]
    code = f"s3://{BUCKET}/code/{name}/process.py"
    assert edges(aws.sagemaker, component) == (
        {(SKLEARN, "Image", "ContributedTo"), (data, "DataSet", "ContributedTo"), (code, "DataSet", "ContributedTo")},
        {(made, "DataSet", "Produced")},
    )
    model = training["ModelArtifacts"]["S3ModelArtifacts"]
    [artifact] = aws.sagemaker.list_artifacts(SourceUri=model)["ArtifactSummaries"]
    request = {"StartArns": [artifact["ArtifactArn"]], "Direction": "Ascendants", "IncludeEdges": False}
    found = aws.sagemaker.query_lineage(**request, Filters={"LineageTypes": ["TrialComponent"]})["Vertices"]
    assert [vertex["Type"] for vertex in found] == ["TrainingJob", "ProcessingJob"]
    found = aws.sagemaker.query_lineage(**request, Filters={"Types": ["DataSet"]})["Vertices"]
    uris = {aws.sagemaker.describe_artifact(ArtifactArn=vertex["Arn"])["Source"]["SourceUri"] for vertex in found}
    assert uris == {data, code, made}


def test_a_failed_job_has_made_nothing(aws: JobFixtures) -> None:
    output = {"S3Uri": f"s3://{BUCKET}/{aws.name('none')}", "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}
    name = aws.process("raise SystemExit(1)", ProcessingOutputConfig={"Outputs": [{"OutputName": "out", "S3Output": output}]})
    assert aws.processed(name)["ProcessingJobStatus"] == "Failed"
    component = f"{name}-aws-processing-job"
    arn = aws.sagemaker.describe_trial_component(TrialComponentName=component)["TrialComponentArn"]
    into, out = edges(aws.sagemaker, arn)
    assert len(into) == 2 and not out
    aws.sagemaker.delete_trial_component(TrialComponentName=component)
    assert edges(aws.sagemaker, arn) == (set(), set())


@pytest.mark.nightly  # m10_2 asks for it, every other day
def test_a_version_has_its_group_and_its_approvals(registry: RegistryFixtures) -> None:
    client = registry.sagemaker
    group = registry.group()
    first = registry.version(group)
    second = registry.version(group, ModelApprovalStatus="Approved")
    registry.approve(first, "Rejected")
    registry.approve(first, "Rejected", ApprovalDescription="once more")
    arn = client.describe_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupArn"]
    [context] = client.list_contexts(SourceUri=arn)["ContextSummaries"]
    assert context["ContextType"] == "ModelGroup" and context["Source"]["SourceType"] == "ARN"
    into, _ = edges(client, context["ContextArn"])
    assert into == {(first, "Model", "AssociatedWith"), (second, "Model", "AssociatedWith")}
    [artifact] = client.list_artifacts(SourceUri=first)["ArtifactSummaries"]
    into, out = edges(client, artifact["ArtifactArn"])
    assert {each for each in into if each[1] != "Approval"} == {
        (XGBOOST, "Image", "ContributedTo"),
        (registry.data, "Model", "ContributedTo"),
    }
    approvals = sorted(name.lower() for name, kind, _ in into if kind == "Approval")
    assert [name.removeprefix(f"{group}-1-".lower()).partition("-")[0] for name in approvals] == ["pendingmanualapproval", "rejected"]
    assert out == {(context["ContextName"].lower(), "ModelGroup", "AssociatedWith")}


def test_a_new_version_of_the_same_arn_does_not_inherit(registry: RegistryFixtures) -> None:
    client, group = registry.sagemaker, registry.group()
    made_by = {"MetadataProperties": {"GeneratedBy": "first"}}
    arn = registry.version(group, **made_by)
    client.delete_model_package(ModelPackageName=arn)
    client.delete_model_package_group(ModelPackageGroupName=group)
    client.create_model_package_group(ModelPackageGroupName=group)
    other = registry.put("other.tar.gz", archive(booster_file(4.0)))
    assert registry.version(group, InferenceSpecification=registry.specification(ModelDataUrl=other)) == arn
    [artifact] = client.list_artifacts(SourceUri=arn)["ArtifactSummaries"]
    assert "MetadataProperties" not in client.describe_artifact(ArtifactArn=artifact["ArtifactArn"])
    into, _ = edges(client, artifact["ArtifactArn"])
    assert {uri for uri, kind, _ in into if kind == "Model"} == {other}


def test_an_endpoint_has_an_action_for_each_deployment(registry: RegistryFixtures) -> None:
    client = registry.sagemaker
    package = registry.version(registry.group(), ModelApprovalStatus="Approved")
    packaged = registry.name("packaged")
    client.create_model(ModelName=packaged, ExecutionRoleArn=ROLE, PrimaryContainer={"ModelPackageName": package})
    name = registry.create(registry.config({"ModelName": packaged}))
    assert registry.settled(name)["EndpointStatus"] == "InService"
    arn = client.describe_endpoint(EndpointName=name)["EndpointArn"]
    [context] = client.list_contexts(SourceUri=arn, ContextType="Endpoint")["ContextSummaries"]
    [action] = client.list_actions(SourceUri=arn, ActionType="ModelDeployment")["ActionSummaries"]
    served = {(package, "Model", "ContributedTo"), (registry.data, "Model", "ContributedTo"), (XGBOOST, "Image", "ContributedTo")}
    assert edges(client, action["ActionArn"]) == (served, {(context["ContextName"].lower(), "Endpoint", "AssociatedWith")})

    client.update_endpoint(EndpointName=name, EndpointConfigName=registry.config({"ModelName": registry.model(booster_file(3.0))}))
    registry.settled(name)
    actions = client.list_actions(SourceUri=arn, SortBy="CreationTime", SortOrder="Ascending")["ActionSummaries"]
    assert [each["ActionArn"] for each in actions][0] == action["ActionArn"] and len(actions) == 2
    into, _ = edges(client, actions[1]["ActionArn"])
    assert len(into) == 2 and registry.data not in {uri for uri, _, _ in into}


def test_a_component_is_a_deployment_to_its_endpoint(client) -> None:
    components = ComponentFixtures(client)
    try:
        host = components.host()
        component = components.served(host)
        sagemaker = components.sagemaker
        model = sagemaker.describe_inference_component(InferenceComponentName=component)["Specification"]["ModelName"]
        container = sagemaker.describe_model(ModelName=model)["PrimaryContainer"]
        arn = sagemaker.describe_inference_component(InferenceComponentName=component)["InferenceComponentArn"]
        [action] = sagemaker.list_actions(SourceUri=arn, ActionType="ModelDeployment")["ActionSummaries"]
        [context] = sagemaker.list_contexts(SourceUri=sagemaker.describe_endpoint(EndpointName=host)["EndpointArn"])["ContextSummaries"]
        served = {(container["ModelDataUrl"], "Model", "ContributedTo"), (container["Image"], "Image", "ContributedTo")}
        assert edges(sagemaker, action["ActionArn"]) == (served, {(context["ContextName"].lower(), "Endpoint", "AssociatedWith")})
    finally:
        components.close()
