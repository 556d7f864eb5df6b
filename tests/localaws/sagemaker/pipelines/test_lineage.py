"""Which execution, data and code made the model that an endpoint serves: lineage queries and Search, through boto3 and the SDK."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from course.localaws.server import launch
from tests.localaws.boto_clients import boto_session
from tests.localaws.sagemaker.hosting.endpoint_fixtures import EndpointFixtures
from tests.localaws.sagemaker.job_fixtures import ROLE, XGBOOST
from tests.localaws.sagemaker.pipelines.definitions import get
from tests.localaws.sagemaker.pipelines.pipeline_fixtures import BUCKET, PipelineFixtures

ROWS = "".join(f"{number % 2},{number},{number % 7}\n" for number in range(60))
COPY = """import os, shutil
os.makedirs('/opt/ml/processing/out', exist_ok=True)
shutil.copy('/opt/ml/processing/raw/rows.csv', '/opt/ml/processing/out/train.csv')
"""
TAG = "sagemaker:pipeline-execution-arn"


@dataclass
class Served:
    """A pipeline that ran for two months, and an endpoint that serves the model of the first."""

    pipelines: PipelineFixtures
    executions: list[str]
    packages: list[str]
    endpoint: str

    @property
    def sagemaker(self):
        return self.pipelines.sagemaker

    def context(self) -> str:
        """The ARN of the endpoint's context."""
        [found] = self.sagemaker.list_contexts(SourceUri=self.endpoint, ContextType="Endpoint")["ContextSummaries"]
        return found["ContextArn"]

    def ascendants(self, start: str, **filters: list[str]) -> list[str]:
        answer = self.sagemaker.query_lineage(StartArns=[start], Direction="Ascendants", IncludeEdges=False, Filters=filters)
        return [vertex["Arn"] for vertex in answer["Vertices"]]

    def uris(self, arns: list[str]) -> set[str]:
        return {self.sagemaker.describe_artifact(ArtifactArn=arn)["Source"]["SourceUri"] for arn in arns}

    def job(self, component: str) -> str:
        """The ARN of the job of a trial component."""
        described = self.sagemaker.describe_trial_component(TrialComponentName=component.rpartition("/")[2])
        return described["Source"]["SourceArn"]

    def tags(self, arn: str) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self.sagemaker.list_tags(ResourceArn=arn)["Tags"]}


def steps(pipelines: PipelineFixtures, group: str) -> list[dict]:
    def folder(name: str) -> dict:
        return {"Std:Join": {"On": "/", "Values": [f"s3://{BUCKET}", get("Execution.PipelineExecutionId"), name]}}

    prepare = pipelines.processing("prepare", COPY, inputs={"raw": get("Parameters.Raw")}, output=folder("prepared"))
    made = get("Steps.prepare.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri")
    data = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": made, "S3DataDistributionType": "FullyReplicated"}}
    train = {
        "RoleArn": ROLE,
        "AlgorithmSpecification": {"TrainingImage": XGBOOST, "TrainingInputMode": "File"},
        "HyperParameters": {"num_round": "2", "objective": "binary:logistic"},
        "InputDataConfig": [{"ChannelName": "train", "DataSource": data, "ContentType": "text/csv"}],
        "OutputDataConfig": {"S3OutputPath": folder("model")},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 300},
    }
    container = {"Image": XGBOOST, "ModelDataUrl": get("Steps.train.ModelArtifacts.S3ModelArtifacts")}
    types = {"SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}
    register = {"ModelPackageGroupName": group, "ModelApprovalStatus": "Approved"} | {
        "InferenceSpecification": {"Containers": [container]} | types
    }
    return [
        prepare,
        {"Name": "train", "Type": "Training", "Arguments": train},
        {"Name": "register", "Type": "RegisterModel", "Arguments": register},
    ]


@pytest.fixture(scope="module")
def served(client) -> Iterator[Served]:
    pipelines, endpoints = PipelineFixtures(client), EndpointFixtures(client)
    months = [pipelines.put(f"raw/{month}/rows.csv", ROWS).removesuffix("rows.csv") for month in ("june", "july")]
    definition = {"Parameters": [{"Name": "Raw", "Type": "String"}], "Steps": steps(pipelines, pipelines.name("delays"))}
    name = pipelines.create(definition)
    executions = [pipelines.run(name, Raw=month) for month in months]
    packages = [pipelines.steps(arn)["register"]["Metadata"]["RegisterModel"]["Arn"] for arn in executions]
    model = pipelines.name("served")
    pipelines.sagemaker.create_model(ModelName=model, ExecutionRoleArn=ROLE, PrimaryContainer={"ModelPackageName": packages[0]})
    endpoint = endpoints.create(endpoints.config({"ModelName": model}))
    yield Served(pipelines, executions, packages, endpoints.settled(endpoint)["EndpointArn"])
    endpoints.close()


def test_lineage_leads_from_the_endpoint_to_execution_data_and_code(served: Served) -> None:
    context, sagemaker = served.context(), served.sagemaker
    [training, processing] = served.ascendants(context, LineageTypes=["TrialComponent"])
    assert served.tags(served.job(training))[TAG] == served.tags(served.job(processing))[TAG] == served.executions[0]
    id = served.executions[0].rpartition("/")[2]
    assert served.uris(served.ascendants(context, Types=["DataSet"])) == {
        f"s3://{BUCKET}/raw/june/",
        f"s3://{BUCKET}/code/prepare.py",
        f"s3://{BUCKET}/{id}/prepared",
    }
    job = sagemaker.describe_training_job(TrainingJobName=served.job(training).rpartition("/")[2])
    models = served.uris(served.ascendants(context, Types=["Model"]))
    assert models == {served.packages[0], job["ModelArtifacts"]["S3ModelArtifacts"]}
    [approval] = served.ascendants(context, Types=["Approval"])
    assert sagemaker.describe_action(ActionName=approval)["Source"]["SourceUri"] == served.packages[0]


def test_the_version_and_its_group_name_the_execution(served: Served) -> None:
    for package, execution in zip(served.packages, served.executions, strict=True):
        described = served.sagemaker.describe_model_package(ModelPackageName=package)
        assert described["MetadataProperties"]["GeneratedBy"] == execution
        [artifact] = served.sagemaker.list_artifacts(SourceUri=package)["ArtifactSummaries"]
        found = served.sagemaker.describe_artifact(ArtifactArn=artifact["ArtifactArn"])
        assert found["MetadataProperties"]["GeneratedBy"] == execution
    group = served.packages[0].replace("model-package/", "model-package-group/").rpartition("/")[0]
    [context] = served.sagemaker.list_contexts(SourceUri=group)["ContextSummaries"]
    properties = served.sagemaker.describe_context(ContextName=context["ContextName"])["Properties"]
    assert properties == {"PipelineExecutionArn": served.executions[0]}  # the execution that made the group


def test_data_leads_to_the_endpoints_that_depend_on_it(served: Served) -> None:
    def endpoints(uri: str) -> list[str]:
        [artifact] = served.sagemaker.list_artifacts(SourceUri=uri)["ArtifactSummaries"]
        answer = served.sagemaker.query_lineage(
            StartArns=[artifact["ArtifactArn"]],
            Direction="Descendants",
            IncludeEdges=False,
            Filters={"LineageTypes": ["Context"], "Types": ["Endpoint"]},
        )
        return [vertex["Arn"] for vertex in answer["Vertices"]]

    assert endpoints(f"s3://{BUCKET}/raw/june/") == [served.context()] and endpoints(f"s3://{BUCKET}/raw/july/") == []


def test_search_finds_what_an_execution_made(served: Served) -> None:
    def found(resource: str, name: str, value: str) -> list[dict]:
        expression = {"Filters": [{"Name": name, "Operator": "Equals", "Value": value}]}
        return [each[resource] for each in served.sagemaker.search(Resource=resource, SearchExpression=expression)["Results"]]

    [job] = found("TrainingJob", f"Tags.{TAG}", served.executions[1])
    step = served.pipelines.steps(served.executions[1])["train"]
    assert job["TrainingJobArn"] == step["Metadata"]["TrainingJob"]["Arn"]
    # From the model that is served, without lineage: its data, the job with that result, and the execution in the job's tags.
    package = served.sagemaker.describe_model_package(ModelPackageName=served.packages[0])
    [container] = package["InferenceSpecification"]["Containers"]
    [job] = found("TrainingJob", "ModelArtifacts.S3ModelArtifacts", container["ModelDataUrl"])
    assert {tag["Key"]: tag["Value"] for tag in job["Tags"]}[TAG] == served.executions[0]
    [version] = found("ModelPackage", "MetadataProperties.GeneratedBy", served.executions[1])
    assert version["ModelPackageArn"] == served.packages[1]


@pytest.mark.nightly  # by day the lineage of steps that ran
def test_a_cached_step_keeps_the_lineage_of_its_job(served: Served) -> None:
    pipelines = served.pipelines
    listed = steps(pipelines, pipelines.name("cached"))
    for step in listed[:2]:
        step["CacheConfig"] = {"Enabled": True, "ExpireAfter": "P1D"}
    name = pipelines.create({"Parameters": [{"Name": "Raw", "Type": "String"}], "Steps": listed})
    original, again = [pipelines.run(name, Raw=f"s3://{BUCKET}/raw/july/") for _ in range(2)]
    package = pipelines.steps(again)["register"]["Metadata"]["RegisterModel"]["Arn"]
    [artifact] = served.sagemaker.list_artifacts(SourceUri=package)["ArtifactSummaries"]
    [training, _] = served.ascendants(artifact["ArtifactArn"], LineageTypes=["TrialComponent"])
    assert served.tags(served.job(training))[TAG] == original  # the model was trained there, although the version was made later
    described = served.sagemaker.describe_model_package(ModelPackageName=package)
    assert described["MetadataProperties"]["GeneratedBy"] == again


@pytest.mark.nightly  # the SDK imports slowly
def test_the_sdk_follows_the_lineage(served: Served, local_aws: launch.Handle) -> None:
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.lineage.artifact import ModelArtifact
    from sagemaker.core.lineage.context import EndpointContext
    from sagemaker.core.lineage.visualizer import LineageTableVisualizer

    session = Session(boto_session=boto_session(local_aws), sagemaker_client=served.sagemaker)
    context = EndpointContext.load(served.context().rpartition("/")[2], sagemaker_session=session)
    assert context.pipeline_execution_arn() == served.executions[0] and len(context.training_job_arns()) == 1
    [artifact] = served.sagemaker.list_artifacts(SourceUri=served.packages[1])["ArtifactSummaries"]
    model = ModelArtifact.load(artifact["ArtifactArn"], sagemaker_session=session)
    assert model.pipeline_execution_arn() == served.executions[1]
    table = LineageTableVisualizer(session)
    shown = table.show(pipeline_execution_step=served.pipelines.steps(served.executions[0])["register"])
    rows = {(direction, type, association) for _, direction, type, association, _ in shown.itertuples(index=False)}
    assert rows == {
        ("Input", "Image", "ContributedTo"),
        ("Input", "Model", "ContributedTo"),
        ("Input", "Approval", "ContributedTo"),
        ("Output", "ModelGroup", "AssociatedWith"),
        ("Output", "ModelDeployment", "ContributedTo"),
    }
    assert len(table.show(endpoint_arn=served.endpoint)) == 1
