"""Pipelines made and run through boto3: what all tests use, and pipelines that run several times.

`step_fixtures` has pipelines that run once, for tests of steps.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

from tests.localaws.iam.callers import allow, document
from tests.localaws.sagemaker.job_fixtures import ROLE, SKLEARN

BUCKET = "pipeline-data"
RUNNING = ("Executing", "Stopping")
TOKEN = "token-" + "0" * 30
_NUMBERS = itertools.count()
_FOLDER = "/opt/ml/processing"


class PipelineClients:
    """Clients of one local AWS with a bucket, and what tests look at there."""

    def __init__(self, client: Callable[..., Any]) -> None:
        self.client = client
        self.sagemaker, self.s3, self.sqs = map(client, ("sagemaker", "s3", "sqs"))
        if BUCKET not in [bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]]:
            self.s3.create_bucket(Bucket=BUCKET)
        # Callback and Lambda steps use the role's rights. AmazonSageMakerFullAccess has none on queues, and only some on functions.
        policy = document(allow(["sqs:SendMessage", "lambda:InvokeFunction"]))
        client("iam").put_role_policy(RoleName="SageMakerRole", PolicyName="Steps", PolicyDocument=policy)

    def put(self, key: str, body: str | bytes) -> str:
        """Store an object; returns its URI."""
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def describe(self, arn: str) -> dict:
        return self.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)

    def steps(self, arn: str) -> dict[str, dict]:
        """The steps of an execution by name, in the order in which they started."""
        listed = self.sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending", MaxResults=100)
        return {step["StepName"]: step for step in listed["PipelineExecutionSteps"]}


class PipelineFixtures(PipelineClients):
    """Makes pipelines, changes them, and runs each as often as a test wants."""

    def name(self, stem: str = "pipeline") -> str:
        return f"{stem}-{next(_NUMBERS)}"

    def create(self, definition: list[dict] | dict, name: str = "") -> str:
        """Create a pipeline, or change the definition of one that exists; returns its name. A list is the steps of a definition."""
        name = name or self.name()
        document = definition if isinstance(definition, dict) else {"Steps": definition}
        request = {"PipelineName": name, "PipelineDefinition": json.dumps({"Version": "2020-12-01"} | document)}
        try:
            self.sagemaker.update_pipeline(**request)
        except self.sagemaker.exceptions.ResourceNotFound:
            self.sagemaker.create_pipeline(**request, RoleArn=ROLE, ClientRequestToken=TOKEN)
        return name

    def start(self, name: str, **parameters: object) -> str:
        """Start an execution; returns its ARN."""
        given = [{"Name": each, "Value": str(value)} for each, value in parameters.items()]
        return self.sagemaker.start_pipeline_execution(PipelineName=name, PipelineParameters=given)["PipelineExecutionArn"]

    def run(self, name: str, **parameters: object) -> str:
        """Run an execution to its end; returns its ARN."""
        arn = self.start(name, **parameters)
        self.ended(arn)
        return arn

    def ended(self, arn: str) -> dict:
        """The description of an execution, once it has ended."""
        while (execution := self.describe(arn))["PipelineExecutionStatus"] in RUNNING:
            time.sleep(0.05)
        return execution

    def environment(self, step: dict) -> dict:
        """The environment variables of the model that a step of an execution made."""
        name = step["Metadata"]["Model"]["Arn"].rpartition("/")[2]
        return self.sagemaker.describe_model(ModelName=name)["PrimaryContainer"]["Environment"]

    def processing(self, name: str, code: str = "", inputs: dict[str, Any] | None = None, output: Any = None, **more: object) -> dict:
        """A step that runs a Python program.

        ``inputs`` are S3 URIs by name; the program finds each in ``/opt/ml/processing/<name>``. What it writes to
        ``/opt/ml/processing/out`` goes to the S3 URI ``output``. ``more`` replaces members of the step.
        """
        program = self.put(f"code/{name}.py", code)
        found = {"code": program} | (inputs or {})
        arguments: dict[str, Any] = {
            "RoleArn": ROLE,
            "AppSpecification": {"ImageUri": SKLEARN, "ContainerEntrypoint": ["python3", f"{_FOLDER}/code/{name}.py"]},
            "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}},
            "ProcessingInputs": [_input(each, uri) for each, uri in found.items()],
        }
        if output is not None:
            uploaded = {"S3Uri": output, "LocalPath": f"{_FOLDER}/out", "S3UploadMode": "EndOfJob"}
            arguments["ProcessingOutputConfig"] = {"Outputs": [{"OutputName": "out", "S3Output": uploaded}]}
        return {"Name": name, "Type": "Processing", "Arguments": arguments} | more


def _input(name: str, uri: object) -> dict:
    source = {"S3Uri": uri, "LocalPath": f"{_FOLDER}/{name}", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "S3Input": source}
