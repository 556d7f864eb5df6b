"""Measures Clarify's SHAP values of 100 rows, beside ``shap``'s KernelExplainer alone with as many samples, on the same endpoint.

Both run as a program of their own. The image also reads its settings, writes the files of its job, and draws the report.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost

from benchmarks import hosted, systems
from benchmarks.rows import Row, not_measured, seconds
from course.localaws.server import launch

RUNS = 3
ROWS, FEATURES, SAMPLES = 100, 12, 1_000
NAME = f"SHAP of {ROWS} rows of {FEATURES} features, {SAMPLES:,} samples"
BARE = """
import sys
import boto3, numpy as np, pandas as pd, shap
data, endpoint, samples = pd.read_csv(sys.argv[1]).to_numpy(), sys.argv[2], int(sys.argv[3])
runtime = boto3.client("sagemaker-runtime")
def predict(rows):
    body = "\\n".join(",".join(map(str, row)) for row in rows.tolist())
    answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=body)["Body"].read()
    return np.array(answer.decode().replace("\\n", ",").strip(",").split(","), dtype=float)
explainer = shap.KernelExplainer(predict, np.full((1, data.shape[1]), 0.5))
values = explainer.shap_values(data, nsamples=samples, l1_reg=0, silent=True)
pd.DataFrame(values).to_csv(sys.argv[4], index=False)
"""


def measure() -> list[Row]:
    if importlib.util.find_spec("shap") is None or importlib.util.find_spec("smclarify") is None:
        return [not_measured(NAME, "s", "make extra-clarify adds smclarify and shap", optional=True)]
    with systems.folder() as place, launch.temporary() as handle:
        _deploy(systems.client_of(handle))
        data = _prepared(place)
        environment = os.environ | handle.environment() | {"SAGEMAKER_BASE_DIR": str(place / "ml")}
        _explain(environment)  # warm-up
        pairs = [(seconds(lambda: _explain(environment)), seconds(lambda: _bare(data, place, environment))) for _ in range(RUNS)]
        _compare(place)
    ours, theirs = (list(numbers) for numbers in zip(*pairs, strict=True))
    return [Row(NAME, "s", ours, theirs, "KernelExplainer alone", "ratio", 1.3)]


def _deploy(client: systems.Client) -> None:
    random = np.random.default_rng(0)
    rows = random.random((2_000, FEATURES))
    label = (rows[:, 0] + rows[:, 1] * rows[:, 2] + rows.sum(axis=1) / 8 > 1.2).astype(int)
    model = xgboost.train({"max_depth": 4, "objective": "binary:logistic"}, xgboost.DMatrix(rows, label=label), 50)
    s3, sagemaker = client("s3"), client("sagemaker")
    s3.create_bucket(Bucket=systems.BUCKET)
    s3.put_object(Bucket=systems.BUCKET, Key="model.tar.gz", Body=hosted.archive(model))
    container = {"Image": systems.XGBOOST, "ModelDataUrl": f"s3://{systems.BUCKET}/model.tar.gz"}
    sagemaker.create_model(ModelName=hosted.ENDPOINT, ExecutionRoleArn=systems.ROLE, PrimaryContainer=container)
    hosted.configure(sagemaker, hosted.ENDPOINT)
    sagemaker.create_endpoint(EndpointName=hosted.ENDPOINT, EndpointConfigName=hosted.ENDPOINT)
    hosted.in_service(sagemaker)


def _prepared(place: Path) -> Path:
    """The folders of a job, with rows and settings. Returns the path of the rows."""
    config, data = place / "ml/processing/input/config", place / "ml/processing/input/data"
    for folder in (config, data):
        folder.mkdir(parents=True)
    shap = {"baseline": [[0.5] * FEATURES], "num_samples": SAMPLES}
    predictor = {"endpoint_name": hosted.ENDPOINT}
    content = {"dataset_type": "text/csv", "methods": {"shap": shap}, "predictor": predictor}
    (config / "analysis_config.json").write_text(json.dumps(content))
    table = pd.DataFrame(np.random.default_rng(1).random((ROWS, FEATURES)).round(6)).add_prefix("x")
    table.to_csv(data / "rows.csv", index=False)
    return data / "rows.csv"


def _explain(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "course.localaws.images.clarify.analyze"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


def _bare(data: Path, place: Path, environment: dict[str, str]) -> None:
    arguments = [str(data), hosted.ENDPOINT, str(SAMPLES), str(place / "bare.csv")]
    subprocess.run([sys.executable, "-c", BARE, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)


def _compare(place: Path) -> None:
    """Check that both computed the same. They draw other samples."""
    ours = pd.read_csv(io.StringIO((place / "ml/processing/output/explanations_shap/out.csv").read_text())).to_numpy()
    theirs = pd.read_csv(place / "bare.csv").to_numpy()
    if np.abs(ours - theirs).max() > 0.05:
        raise RuntimeError(f"the SHAP values differ by {np.abs(ours - theirs).max()}")
