"""Definitions of pipelines that checks write themselves: jobs of two steps, whose scripts take no time (m10_2_ex1, m10_2_ex5)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from course.cleanup import delete_bucket
from course.grading import Answer
from course.grading.jobs import sagemaker_role

SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"  # AWS's registry in us-east-1
BASE = "/opt/ml/processing"
CACHE = {"CacheConfig": {"Enabled": True, "ExpireAfter": "P1D"}}

# A value of a definition: text, or a reference such as {"Get": ...}.
Expression = str | dict


@contextlib.contextmanager
def bucket(s3: Any, name: str) -> Iterator[str]:
    """A bucket, which is deleted afterwards with its objects; yields its name."""
    s3.create_bucket(Bucket=name)
    try:
        yield name
    finally:
        delete_bucket(s3, name)


def role_of(answer: Answer) -> str:
    """The ARN of the role that the jobs of the lesson have."""
    return sagemaker_role(answer.client("iam"))


def get(path: str) -> dict:
    return {"Get": path}


def own_folder(folder: str, name: str) -> dict:
    """A folder below the URI ``folder`` that only this execution has."""
    return {"Std:Join": {"On": "/", "Values": [folder, get("Execution.PipelineExecutionId"), name]}}


def output_of(step: str, output: str) -> dict:
    """The address to which a Processing step writes an output."""
    return get(f"Steps.{step}.ProcessingOutputConfig.Outputs['{output}'].S3Output.S3Uri")


def processing_step(
    name: str, role: str, inputs: Mapping[str, Expression], outputs: Mapping[str, Expression], arguments: list[Expression] | None = None
) -> dict:
    """A Processing step that is cached. It runs the script ``prepare.py`` of its input ``code``.

    Parameters
    ----------
    name, role : str
    inputs : mapping
        Name of an input -> its address. The script finds the input ``flights`` in ``/opt/ml/processing/flights``.
    outputs : mapping
        Name of an output -> its address. The script writes the output ``train`` into ``/opt/ml/processing/train``.
    arguments : list, optional
        For the script.
    """
    script = {"ImageUri": SKLEARN, "ContainerEntrypoint": ["python3", f"{BASE}/code/prepare.py"]}
    request = {
        "RoleArn": role,
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 20}},
        "AppSpecification": script | ({"ContainerArguments": arguments} if arguments else {}),
        "ProcessingInputs": [
            {"InputName": each, "S3Input": _source(uri) | {"LocalPath": f"{BASE}/{each}", "S3InputMode": "File"}}
            for each, uri in inputs.items()
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {"OutputName": each, "S3Output": {"S3Uri": uri, "LocalPath": f"{BASE}/{each}", "S3UploadMode": "EndOfJob"}}
                for each, uri in outputs.items()
            ]
        },
    }
    return {"Name": name, "Type": "Processing", "Arguments": request} | CACHE


def training_step(name: str, role: str, algorithm: dict, channels: Mapping[str, Expression], folder: str, **settings: Expression) -> dict:
    """A Training step that is cached.

    Parameters
    ----------
    name, role : str
    algorithm : dict
        The image, and the program if it is not the image's own.
    channels : mapping
        Name of a channel -> its address.
    folder : str
        URI of the folder below which the archive is stored.
    settings
        The hyperparameters.
    """
    request = {
        "RoleArn": role,
        "AlgorithmSpecification": {"TrainingInputMode": "File"} | algorithm,
        "HyperParameters": settings,
        "InputDataConfig": [
            {"ChannelName": each, "ContentType": "text/csv", "DataSource": {"S3DataSource": _source(uri)}} for each, uri in channels.items()
        ],
        "OutputDataConfig": {"S3OutputPath": folder},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }
    return {"Name": name, "Type": "Training", "Arguments": request} | CACHE


def _source(uri: Expression) -> dict:
    return {"S3DataType": "S3Prefix", "S3Uri": uri}
