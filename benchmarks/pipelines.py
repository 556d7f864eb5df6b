"""Measures how fast a pipeline's definition is parsed and checked, beside Python's JSON parser alone."""

from __future__ import annotations

import json

from benchmarks.rows import Row, p50_in_turns
from course.localaws.sagemaker.pipelines.language.parsing import parse
from course.localaws.sagemaker.pipelines.steps.types import TYPES

STEPS, TARGET = 50, 50  # milliseconds
ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"


def measure() -> list[Row]:
    text, types = json.dumps(definition(STEPS)), frozenset(TYPES)
    ours, theirs = p50_in_turns(lambda: parse(text, types), lambda: json.loads(text))
    return [Row(f"parse a definition of {STEPS} steps", "ms", ours, theirs, "json.loads", "measured", TARGET)]


def definition(steps: int) -> dict:
    """A definition in which each Processing step uses the outputs of the three before it."""
    config = {"ExperimentName": {"Get": "Execution.PipelineName"}, "TrialName": {"Get": "Execution.PipelineExecutionId"}}
    parameters = [{"Name": f"p{number}", "Type": "String", "DefaultValue": "ml.m5.large"} for number in range(20)]
    listed = [_step(number) for number in range(steps)]
    return {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": parameters,
        "PipelineExperimentConfig": config,
        "Steps": listed,
    }


def _step(number: int) -> dict:
    before = [
        {"Get": f"Steps.s{other}.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"} for other in range(max(0, number - 3), number)
    ]
    uri = {"Std:Join": {"On": "/", "Values": ["s3://bucket", {"Get": "Execution.PipelineExecutionId"}, f"s{number}"]}}
    output = {"S3Uri": uri, "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}
    arguments = {
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/run.py"]},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": {"Get": f"Parameters.p{number % 20}"}, "InstanceCount": 1, "VolumeSizeInGB": 30}
        },
        "ProcessingInputs": [_input(f"in{index}", source) for index, source in enumerate(["s3://bucket/run.py", *before])],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "AppManaged": False, "S3Output": output}]},
        "Environment": {f"VARIABLE_{index}": str(index) for index in range(10)},
    }
    return {"Name": f"s{number}", "Type": "Processing", "Arguments": arguments, "DependsOn": [f"s{number - 1}"] if number else []}


def _input(name: str, source: object) -> dict:
    s3 = {"S3Uri": source, "LocalPath": f"/opt/ml/processing/{name}", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "AppManaged": False, "S3Input": s3}
