"""Steps and definitions of pipelines as Python values and as JSON, and the parser for them."""

from __future__ import annotations

import json

import pytest

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.pipelines.language.definition import Definition
from course.localaws.sagemaker.pipelines.language.parsing import parse
from course.localaws.sagemaker.pipelines.steps.types import TYPES
from tests.localaws.sagemaker.job_fixtures import ROLE, XGBOOST

OUTPUTS = {"Outputs": [{"OutputName": "out", "S3Output": {"S3Uri": "s3://b/o", "LocalPath": "/o", "S3UploadMode": "EndOfJob"}}]}
FILES = [{"PropertyFileName": "report", "OutputName": "out", "FilePath": "a/b.json"}]


def get(path: str) -> dict:
    return {"Get": path}


def step(name: str, kind: str, arguments: dict | None = None, **members: object) -> dict:
    return {"Name": name, "Type": kind, "Arguments": arguments or {}} | members


def processing(name: str = "p", **arguments: object) -> dict:
    return {"Name": name, "Type": "Processing", "Arguments": {"RoleArn": ROLE, "ProcessingOutputConfig": OUTPUTS} | arguments}


def training(name: str = "t", **arguments: object) -> dict:
    return {"Name": name, "Type": "Training", "Arguments": {"RoleArn": ROLE} | arguments}


def model(name: str, **environment: object) -> dict:
    """A step that creates a model with these environment variables. It takes no time."""
    container = {"Image": XGBOOST, "Environment": environment}
    return step(name, "Model", {"ExecutionRoleArn": ROLE, "PrimaryContainer": container})


def condition(name: str = "c", *conditions: object, **branches: object) -> dict:
    """A step that ends at once. Without conditions it takes the branch ``IfSteps``."""
    listed = list(conditions) or [{"Type": "Equals", "LeftValue": 1, "RightValue": 1}]
    return {"Name": name, "Type": "Condition", "Arguments": {"Conditions": listed} | branches}


def fail(name: str = "f", message: object = "no") -> dict:
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}}


def text_of(*steps: object, **members: object) -> str:
    """A definition with these steps, as JSON."""
    return json.dumps({"Version": "2020-12-01", "Steps": list(steps)} | members)


def read(*steps: object, **members: object) -> Definition:
    return parse(json.dumps({"Steps": list(steps)} | members), frozenset(TYPES))


def refusal(*steps: object, **members: object) -> str:
    """The message with which a definition is refused."""
    with pytest.raises(AwsError) as caught:
        read(*steps, **members)
    assert caught.value.code == "ValidationException"
    return caught.value.message
