"""QualityCheck steps as the SDKs write them, with data of the length of abalones, and the baselines that they make."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from tests.localaws.sagemaker.job_fixtures import ROLE
from tests.localaws.sagemaker.pipelines.definitions import get, step
from tests.localaws.sagemaker.pipelines.pipeline_fixtures import BUCKET, PipelineClients
from tests.localaws.sagemaker.pipelines.step_fixtures import CLUSTER

ANALYZER = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
DATASET, OUTPUT = "/opt/ml/processing/input/baseline_dataset_input", "/opt/ml/processing/output"
SKIP = {"SkipCheck": True}
FIRST = {"SkipCheck": True, "RegisterNewBaseline": True}  # a first run has no previous baseline
JSON = "application/json"


def abalones(rows: int = 500, seed: int = 0) -> pd.DataFrame:
    """Rings and sizes of abalones, and their sex."""
    random = np.random.default_rng(seed)
    length = random.normal(0.5, 0.1, rows).clip(0.1).round(3)
    rings = (length * 20 + random.normal(0, 2, rows)).clip(1).round().astype(int)
    return pd.DataFrame({"rings": rings, "length": length, "sex": random.choice(["M", "F", "I"], rows)})


def drifted() -> pd.DataFrame:
    """Abalones that violate a baseline: larger ones, and some of an unknown sex."""
    table = abalones(seed=1)
    return table.assign(length=table.length * 3, sex=table.sex.where(table.index % 5 > 0, "X"))


def table(pipelines: PipelineClients, name: str, rows: pd.DataFrame) -> str:
    return pipelines.put(f"checked/{name}.csv", rows.to_csv(index=False))


def folder(name: str) -> dict:
    """A folder of each execution, as a function of the definition language."""
    return {"Std:Join": {"On": "/", "Values": [f"s3://{BUCKET}", get("Execution.PipelineExecutionId"), name]}}


def quality_check(name: str, data: Any, kind: str = "DATA_QUALITY", environment: dict | None = None, **members: object) -> dict:
    """A step that checks the dataset at the S3 URI ``data``."""
    source = {"S3Uri": data, "LocalPath": DATASET, "S3DataType": "S3Prefix", "S3InputMode": "File"}
    written = {"S3Uri": folder(name), "LocalPath": OUTPUT, "S3UploadMode": "EndOfJob"}
    variables = {
        "dataset_format": json.dumps({"csv": {"header": True, "output_columns_position": "START"}}),
        "dataset_source": DATASET,
        "output_path": OUTPUT,
        "publish_cloudwatch_metrics": "Disabled",
    }
    arguments = {
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": ANALYZER},
        "Environment": variables | (environment or {}),
        "ProcessingInputs": [{"InputName": "baseline_dataset_input", "S3Input": source}],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "quality_check_output", "S3Output": written}]},
        "ProcessingResources": {"ClusterConfig": CLUSTER | {"VolumeSizeInGB": 30}},
        "StoppingCondition": {"MaxRuntimeInSeconds": 1800},
    }
    always = {"ModelPackageGroupName": None, "SkipCheck": False, "FailOnViolation": True, "RegisterNewBaseline": False}
    always |= {"SuppliedBaselineStatistics": None, "SuppliedBaselineConstraints": None}
    return step(name, "QualityCheck", arguments, **{"CheckType": kind} | always | members)


def supplied(baseline: dict[str, str]) -> dict[str, str]:
    """The members that supply a baseline: ``Constraints`` and ``Statistics`` -> S3 URI."""
    return {f"SuppliedBaseline{file}": uri for file, uri in baseline.items()}


def sources(baseline: dict[str, Any]) -> dict[str, dict]:
    """The same as ``ModelMetrics`` and ``DriftCheckBaselines`` have it."""
    return {file: {"S3Uri": uri, "ContentType": JSON} for file, uri in baseline.items()}
