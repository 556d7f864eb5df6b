"""Inference Recommender: a model to test, its results as a table, and results that were recorded."""

import io
import json
import tarfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from course.grading.model_archives import constant

RECORDED = Path(__file__).with_name("recommendations.json")  # of 2026-12-01, on the local AWS
IMAGE = "3.0-5"  # of XGBoost
LOOK_EVERY = 0.2  # seconds
_groups: list[tuple[str, str]] = []


def registered(aws: Any) -> str:
    """Register a version of a model, with an example of a request. Returns its ARN."""
    sagemaker, s3, prefix = aws.client("sagemaker"), aws.client("s3"), f"m14_2/{aws.unique('load')}"
    s3.put_object(Bucket=aws.bucket, Key=f"{prefix}/model.tar.gz", Body=constant(0.3))
    s3.put_object(Bucket=aws.bucket, Key=f"{prefix}/payload.tar.gz", Body=_archive("rows.csv", b"1,2\n" * 200))
    group = aws.unique("load")
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    version = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        Domain="MACHINE_LEARNING",
        Task="CLASSIFICATION",
        SamplePayloadUrl=f"s3://{aws.bucket}/{prefix}/payload.tar.gz",
        InferenceSpecification={
            "Containers": [{"Image": aws.image("xgboost", IMAGE), "ModelDataUrl": f"s3://{aws.bucket}/{prefix}/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    _groups.append((group, version))
    return version


def _archive(name: str, body: bytes) -> bytes:
    target, entry = io.BytesIO(), tarfile.TarInfo(name)
    entry.size = len(body)
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        archive.addfile(entry, io.BytesIO(body))
    return target.getvalue()


def wait(aws: Any, job: str) -> list[dict]:
    """Wait until a job of Inference Recommender has ended. Returns its recommendations."""
    sagemaker = aws.client("sagemaker")
    while (described := sagemaker.describe_inference_recommendations_job(JobName=job))["Status"] in ("PENDING", "IN_PROGRESS"):
        time.sleep(LOOK_EVERY)
    return described["InferenceRecommendations"]


def recorded() -> list[dict]:
    """Recommendations for eight instance types, as DescribeInferenceRecommendationsJob returned them."""
    return json.loads(RECORDED.read_text())


def table(recommendations: list[dict]) -> pd.DataFrame:
    """A row for each instance type, the cheapest prediction first."""
    rows = {}
    for each in recommendations:
        metrics = each["Metrics"]
        rows[each["EndpointConfiguration"]["InstanceType"]] = {
            "hour": round(metrics["CostPerHour"], 4),
            "max_invocations": metrics["MaxInvocations"],
            "latency_ms": metrics["ModelLatency"],
            "per_thousand": round(metrics["CostPerInference"] * 1000, 6),
        }
    return pd.DataFrame.from_dict(rows, orient="index").sort_values("per_thousand")


def remove(aws: Any) -> None:
    """Delete what this module registered."""
    for group, version in _groups:
        aws.client("sagemaker").delete_model_package(ModelPackageName=version)
        aws.client("sagemaker").delete_model_package_group(ModelPackageGroupName=group)
    _groups.clear()
