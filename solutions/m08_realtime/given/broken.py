"""Four endpoints that came up wrong, or not at all: a sound container, each with one fault out of six; and archives to go wrong with."""

import copy
import io
import random
import tarfile
from typing import Any

FAULTS = ("archive", "columns", "corrupt", "image", "program", "setting")
TICKETS = tuple(f"case-{number}" for number in range(1, 5))
PLACES = {"archive": "b", "columns": "c", "corrupt": "d"}  # artifacts other than a.tar.gz, which is sound


def planted(rng: random.Random) -> list[str]:
    """Four of `FAULTS`, in the order of the cases."""
    return rng.sample(FAULTS, 4)


def with_fault(container: dict, fault: str, other_image: str) -> dict:
    """A copy of a sound ``PrimaryContainer``, whose ``ModelDataUrl`` ends in ``/a.tar.gz``, with one fault."""
    container = copy.deepcopy(container)
    if fault in PLACES:
        container["ModelDataUrl"] = container["ModelDataUrl"].removesuffix("a.tar.gz") + f"{PLACES[fault]}.tar.gz"
    elif fault == "image":
        container["Image"] = other_image
    elif fault == "program":
        container["Environment"]["SAGEMAKER_PROGRAM"] = "inference.py"
    elif fault == "setting":
        container["Environment"]["SAGEMAKER_MODEL_SERVER_WORKERS"] = "auto"
    return container


def artifacts(model: bytes, wide: bytes) -> dict[str, bytes]:
    """Archives by their names: the sound one, one with its model in a folder, one of ``wide``, a model of more columns, one of no model."""
    other = b'{"classes": ["late", "on time"], "weights": [0.2, 0.8]}'
    return {
        "a.tar.gz": archive({"xgboost-model": model}),
        "b.tar.gz": archive({"model/xgboost-model": model}),
        "c.tar.gz": archive({"xgboost-model": wide}),
        "d.tar.gz": archive({"xgboost-model": other}),
    }


def archive(files: dict[str, bytes]) -> bytes:
    """A ``.tar.gz`` of files by their names."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            tar.addfile(member, io.BytesIO(body))
    return packed.getvalue()


def trained(sagemaker: Any, s3: Any, job: str) -> bytes:
    """The one file of the model artifact that a training job has left."""
    bucket, _, key = sagemaker.describe_training_job(TrainingJobName=job)["ModelArtifacts"]["S3ModelArtifacts"][5:].partition("/")
    packed = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as tar:
        return tar.extractfile(tar.getmembers()[0]).read()


def endpoint_of(sagemaker: Any, role: str, name: str, container: dict) -> None:
    """Ask for an endpoint of one variant, ``Live``, with this container; model and configuration have its name too."""
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)
    variant = {"VariantName": "Live", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)


def log_lines(logs: Any, name: str) -> list[str]:
    """All that the servers of an endpoint have printed."""
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/sagemaker/Endpoints/{name}")
    return [event["message"] for page in pages for event in page["events"]]
