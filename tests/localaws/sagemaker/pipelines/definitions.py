"""Definitions of pipelines, as Python values, and the parser for them."""

from __future__ import annotations

import json

import pytest

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.pipelines.language.definition import Definition
from course.localaws.sagemaker.pipelines.language.parsing import parse
from course.localaws.sagemaker.pipelines.steps.types import TYPES

ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
OUTPUTS = {"Outputs": [{"OutputName": "out", "S3Output": {"S3Uri": "s3://b/o", "LocalPath": "/o", "S3UploadMode": "EndOfJob"}}]}
FILES = [{"PropertyFileName": "report", "OutputName": "out", "FilePath": "a/b.json"}]


def get(path: str) -> dict:
    return {"Get": path}


def processing(name: str = "p", **arguments: object) -> dict:
    return {"Name": name, "Type": "Processing", "Arguments": {"RoleArn": ROLE, "ProcessingOutputConfig": OUTPUTS} | arguments}


def training(name: str = "t", **arguments: object) -> dict:
    return {"Name": name, "Type": "Training", "Arguments": {"RoleArn": ROLE} | arguments}


def condition(name: str = "c", *conditions: object, **branches: object) -> dict:
    listed = list(conditions) or [{"Type": "Equals", "LeftValue": 1, "RightValue": 1}]
    return {"Name": name, "Type": "Condition", "Arguments": {"Conditions": listed} | branches}


def fail(name: str = "f", message: object = "no") -> dict:
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}}


def read(*steps: object, **members: object) -> Definition:
    return parse(json.dumps({"Steps": list(steps)} | members), frozenset(TYPES))


def refusal(*steps: object, **members: object) -> str:
    """The message with which a definition is refused."""
    with pytest.raises(AwsError) as caught:
        read(*steps, **members)
    assert caught.value.code == "ValidationException"
    return caught.value.message
