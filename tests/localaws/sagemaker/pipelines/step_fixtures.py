"""Pipelines that run once, made and run through boto3, and steps that run a line of Python."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from tests.localaws.sagemaker.job_fixtures import ROLE, SKLEARN
from tests.localaws.sagemaker.pipelines.definitions import step
from tests.localaws.sagemaker.pipelines.pipeline_fixtures import BUCKET, RUNNING, PipelineClients

CLUSTER = {"InstanceType": "ml.m5.large", "InstanceCount": 1}
_NUMBERS = itertools.count()


class Pipelines(PipelineClients):
    """Makes a pipeline of some steps and runs it once."""

    def keys(self, prefix: str) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())]

    def until(self, ask: Callable[[], Any], good: Callable[[Any], object] = bool, seconds: float = 120) -> Any:
        """The first answer that is good."""
        end = time.monotonic() + seconds
        while not good(found := ask()):
            assert time.monotonic() < end, found
            time.sleep(0.05)
        return found

    def role(self, service: str, *actions: str) -> str:
        """Create a role that a service can assume and that may do some actions; returns its ARN."""
        iam, name = self.client("iam"), f"step-{uuid.uuid4().hex[:8]}"
        trusted = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
        iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=json.dumps(allowed))
        return arn

    def create(self, *steps: dict, parameters: tuple[dict, ...] = (), role: str = ROLE) -> str:
        """Create a pipeline with these steps; returns its name."""
        name = f"steps-{next(_NUMBERS)}-{uuid.uuid4().hex[:6]}"
        definition = {"Version": "2020-12-01", "Metadata": {}, "Parameters": list(parameters), "Steps": list(steps)}
        self.sagemaker.create_pipeline(PipelineName=name, PipelineDefinition=json.dumps(definition), RoleArn=role)
        return name

    def start(self, *steps: dict, **settings: object) -> str:
        """Create a pipeline and start an execution; returns its ARN."""
        name = self.create(*steps, **settings)
        return self.sagemaker.start_pipeline_execution(PipelineName=name)["PipelineExecutionArn"]

    def ended(self, arn: str) -> str:
        """Wait for the end of an execution; returns its status."""
        found = self.until(lambda: self.describe(arn), lambda found: found["PipelineExecutionStatus"] not in RUNNING)
        return found["PipelineExecutionStatus"]

    def run(self, *steps: dict, **settings: object) -> dict[str, dict]:
        """Run steps that all succeed; returns them by name."""
        arn = self.start(*steps, **settings)
        status, found = self.ended(arn), self.steps(arn)
        assert status == "Succeeded", found
        return found

    def failed(self, *steps: dict, **settings: object) -> dict[str, dict]:
        """Run steps of which one fails; returns them by name."""
        arn = self.start(*steps, **settings)
        assert self.ended(arn) == "Failed"
        return self.steps(arn)

    def waiting(self, arn: str, name: str, status: str = "Executing") -> dict:
        """A step, once it has a status."""
        found = self.until(lambda: self.steps(arn), lambda found: found.get(name, {}).get("StepStatus") == status)
        return found[name]


def training(name: str, code: str, metrics: tuple[dict, ...] = (), **arguments: object) -> dict:
    """A step whose training job runs a line of Python."""
    specification = {"TrainingImage": SKLEARN, "TrainingInputMode": "File", "ContainerEntrypoint": ["python3", "-c", code]}
    request = {
        "RoleArn": ROLE,
        "AlgorithmSpecification": specification | ({"MetricDefinitions": list(metrics)} if metrics else {}),
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/trained"},
        "ResourceConfig": CLUSTER | {"VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 120},
    }
    return step(name, "Training", request | arguments)


def processing(name: str, code: str, output: object = None, **members: object) -> dict:
    """A step whose processing job runs a line of Python. What it writes to ``/opt/ml/processing/out`` goes to the S3 URI ``output``."""
    request: dict = {
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": SKLEARN, "ContainerEntrypoint": ["python3", "-c", code]},
        "ProcessingResources": {"ClusterConfig": CLUSTER | {"VolumeSizeInGB": 5}},
    }
    if output:
        uploaded = {"S3Uri": output, "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}
        request["ProcessingOutputConfig"] = {"Outputs": [{"OutputName": "out", "S3Output": uploaded}]}
    return step(name, "Processing", request, **members)
