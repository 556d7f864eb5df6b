"""Clarify's jobs through boto3 and SDK v3: metrics of bias, explanations by an endpoint of the job's own, and what is left of it."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from botocore.exceptions import ClientError

from course.localaws import images
from course.regression import package_sets
from tests.localaws.sagemaker.job_fixtures import (
    BUCKET,
    ROLE,
    SKLEARN,
    JobFixtures,
    needs_clarify,
    processing_input,
    processing_output,
    targz,
)
from tests.localaws.sagemaker.training.test_training_sdk import session  # noqa: F401
from tests.localaws.server.test_cli_aws import program

CLARIFY = "205585389593.dkr.ecr.us-east-1.amazonaws.com/sagemaker-clarify-processing:1.0"
INPUT, OUTPUT = "/opt/ml/processing/input", "/opt/ml/processing/output"
# Answers a probability for rows of sex, age and income.
INFERENCE = """
import csv, math
def model_fn(folder): return None
def input_fn(body, content_type): return [[float(cell) for cell in row] for row in csv.reader(body.strip().splitlines())]
def predict_fn(rows, model): return [1 / (1 + math.exp(-(0.9 * sex + 0.05 * (age - 40) + income))) for sex, age, income in rows]
def output_fn(scores, accept): return "\\n".join(str(score) for score in scores), "text/csv"
"""
NAMES = ["target", "sex", "age", "income"]


def people(rows: int = 120) -> pd.DataFrame:
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {"sex": random.integers(0, 2, rows), "age": random.integers(20, 70, rows), "income": random.normal(size=rows).round(2)}
    )
    table.insert(0, "target", (score(table) + random.normal(0, 0.1, rows) > 0.5).astype(int))
    return table


def score(table: pd.DataFrame) -> np.ndarray:
    return (1 / (1 + np.exp(-(0.9 * table.sex + 0.05 * (table.age - 40) + table.income)))).to_numpy()


@pytest.fixture(scope="module")
def model(aws: JobFixtures) -> str:
    name = aws.name("income")
    archive = aws.put(f"{name}/model.tar.gz", targz({"code/inference.py": INFERENCE}))
    environment = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
    container = {"Image": SKLEARN, "ModelDataUrl": archive, "Environment": environment}
    aws.sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)
    return name


def predictor(model: str, **more: Any) -> dict[str, Any]:
    return {"model_name": model, "instance_type": "ml.m5.large", "initial_instance_count": 1} | more


def bias_config(**more: Any) -> dict[str, Any]:
    methods = {
        "report": {"name": "report", "title": "People"},
        "pre_training_bias": {"methods": "all"},
        "post_training_bias": {"methods": "all"},
    }
    facet = [{"name_or_index": "sex", "value_or_threshold": [0]}]
    common = {"dataset_type": "text/csv", "headers": NAMES, "label": "target", "label_values_or_threshold": [1], "facet": facet}
    return common | {"methods": methods} | more


def started(
    aws: JobFixtures, config: dict[str, Any] | str, rows: str, more: Sequence[dict[str, Any]] = (), **changes: Any
) -> tuple[str, str]:
    """The name of a new job with ``more`` inputs, and the folder of its results in S3. ``config`` may be the whole input."""
    folder = aws.name("clarify")
    if "S3Input" not in config:
        text = config if isinstance(config, str) else json.dumps(config)
        config = processing_input("analysis_config", aws.put(f"{folder}/analysis_config.json", text), f"{INPUT}/config")
    inputs = [
        processing_input("dataset", aws.put(f"{folder}/data/rows.csv", rows), f"{INPUT}/data"),
        config,
        *more,
    ]
    output = {"Outputs": [processing_output("analysis_result", f"s3://{BUCKET}/{folder}/results", OUTPUT)]}
    specification = {"ImageUri": CLARIFY, "ContainerEntrypoint": None}
    job = aws.process("", AppSpecification=specification, ProcessingInputs=inputs, ProcessingOutputConfig=output, **changes)
    return job, f"{folder}/results"


def analyzed(
    aws: JobFixtures, config: dict[str, Any] | str, rows: str, more: Sequence[dict[str, Any]] = (), **changes: Any
) -> tuple[dict, dict[str, str]]:
    """The job when it has ended, and its results by their paths."""
    name, folder = started(aws, config, rows, more, **changes)
    job = aws.processed(name)
    return job, {key.removeprefix(f"{folder}/"): aws.get(f"s3://{BUCKET}/{key}").decode(errors="replace") for key in aws.keys(f"{folder}/")}


def endpoints(aws: JobFixtures) -> tuple[int, int]:
    """How many endpoints and configurations of Clarify's jobs there are."""
    found = aws.sagemaker.list_endpoints(NameContains="sm-clarify")["Endpoints"]
    return len(found), len(aws.sagemaker.list_endpoint_configs(NameContains="sm-clarify")["EndpointConfigs"])


@needs_clarify
def test_the_configuration_may_be_one_object_of_any_name(aws: JobFixtures) -> None:
    place, text = aws.name("config"), json.dumps(bias_config(methods={"pre_training_bias": {"methods": ["CI"]}}))
    rows = people().to_csv(index=False, header=False)
    config = processing_input("analysis_config", aws.put(f"{place}/one/settings.json", text), f"{INPUT}/config")
    job, files = analyzed(aws, config, rows)
    assert job["ProcessingJobStatus"] == "Completed" and "analysis.json" in files, job
    aws.put(f"{place}/one/second.json", text)
    job, _ = analyzed(aws, processing_input("analysis_config", f"s3://{BUCKET}/{place}/one", f"{INPUT}/config"), rows)
    assert any("nor one file of another name" in line for line in aws.lines(job["ProcessingJobName"], "ProcessingJobs"))


@needs_clarify
def test_bias_and_explanations_by_an_endpoint_of_the_jobs_own(aws: JobFixtures, model: str) -> None:
    rows = people()
    shap = {"baseline": [[0, 40, 0.0]], "num_samples": 20, "seed": 1}
    config = bias_config(predictor=predictor(model, content_type="text/csv"))
    config["methods"] |= {"shap": shap, "pdp": {"grid_resolution": 5, "top_k_features": 2}}
    job, files = analyzed(aws, config, rows.to_csv(index=False, header=False))
    assert job["ProcessingJobStatus"] == "Completed", job
    assert set(files) == {"analysis.json", "report.html", "report.ipynb", "report.pdf", "explanations_shap/out.csv"}
    assert endpoints(aws) == (0, 0)
    found = json.loads(files["analysis.json"])
    metrics = {each["name"]: each["value"] for each in found["post_training_bias_metrics"]["facets"]["sex"][0]["metrics"]}
    predicted = score(rows) > 0.5
    assert metrics["DPPL"] == pytest.approx(predicted[rows.sex == 1].mean() - predicted[rows.sex == 0].mean())
    local = pd.read_csv(io.StringIO(files["explanations_shap/out.csv"]))
    assert list(local.columns) == ["sex_label0", "age_label0", "income_label0"] and len(local) == len(rows)
    explained = found["explanations"]["kernel_shap"]["label0"]
    np.testing.assert_allclose(local.sum(axis=1) + explained["expected_value"], score(rows), atol=1e-6)
    assert explained["expected_value"] == pytest.approx(0.5)
    values = explained["global_shap_values"]
    assert values["age"] == pytest.approx(local["age_label0"].abs().mean())
    assert {each["feature_name"] for each in found["explanations"]["pdp"]} == set(sorted(values, key=values.get)[-2:])
    assert "People" in files["report.html"] and "People" in files["report.ipynb"] and files["report.pdf"].startswith("%PDF-")


@needs_clarify
@pytest.mark.nightly  # a job; test_bias.py covers the metrics by day
def test_predictions_may_come_with_the_data(aws: JobFixtures) -> None:
    """No endpoint is made. The baseline of a monitor is such a job, too."""
    rows = people().assign(guess=lambda table: (score(table) > 0.5).astype(int))
    config = bias_config(headers=None, predicted_label="guess")
    job, files = analyzed(aws, {name: value for name, value in config.items() if value is not None}, rows.to_csv(index=False))
    assert job["ProcessingJobStatus"] == "Completed", job
    assert set(json.loads(files["analysis.json"])) == {"version", "pre_training_bias_metrics", "post_training_bias_metrics"}


@needs_clarify
@pytest.mark.nightly  # two jobs and an endpoint
def test_a_baseline_in_s3_and_an_endpoint_that_is_there(aws: JobFixtures, model: str) -> None:
    """It stays. Without a baseline the job makes one, and stores it."""
    name = aws.name("ready")
    variant = {"VariantName": "AllTraffic", "ModelName": model, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    aws.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    aws.until(lambda: aws.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"], lambda status: status == "InService")
    rows = people(10)
    baseline = aws.put(f"{name}/baseline.csv", "sex,age,income\n0,40,0\n")
    common = {"dataset_type": "text/csv", "label": "target", "predictor": {"endpoint_name": name}}
    for shap, made in (({"baseline": baseline}, False), ({"num_clusters": 3, "seed": 0}, True)):
        job, files = analyzed(aws, common | {"methods": {"shap": shap | {"num_samples": 10}}}, rows.to_csv(index=False))
        assert job["ProcessingJobStatus"] == "Completed", job
        assert ("explanations_shap/baseline.csv" in files) == made
        if made:
            assert len(pd.read_csv(io.StringIO(files["explanations_shap/baseline.csv"]))) == 3
    assert aws.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService"
    aws.sagemaker.delete_endpoint(EndpointName=name)


@needs_clarify
@pytest.mark.nightly  # two jobs and endpoints; test_executions.py reads captured requests by day
def test_attribution_drift_of_captured_requests(aws: JobFixtures, model: str) -> None:
    """A baseline, and an execution with requests in which income has become constant. Nothing is left of the endpoints."""
    rows = people(40)
    config = {"methods": {"shap": {"baseline": [[0, 40, 0.0]], "num_samples": 10}}, "predictor": predictor(model)}
    job, files = analyzed(aws, config | {"dataset_type": "text/csv", "label": "target"}, rows.to_csv(index=False))
    assert job["ProcessingJobStatus"] == "Completed", job
    made = json.loads(files["analysis.json"])
    values = made["explanations"]["kernel_shap"]["label0"]["global_shap_values"]
    values |= {"income": 9.0, "sex": 0.1, "age": 0.01}
    baseline = aws.put(f"{aws.name('drift')}/analysis.json", json.dumps(made))
    side = {"observedContentType": "text/csv", "mode": "INPUT", "encoding": "CSV"}
    lines = [
        json.dumps({"captureData": {"endpointInput": side | {"data": f"{row.sex},{row.age},0.0"}}, "eventMetadata": {"eventId": "1"}})
        for row in rows.itertuples()
    ]
    variables = {
        "dataset_format": json.dumps({"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}}),
        "dataset_source": f"{INPUT}/data",
        "output_path": OUTPUT,
        "baseline_constraints": f"{INPUT}/baseline/analysis.json",
        "publish_cloudwatch_metrics": "Enabled",
    }
    known = processing_input("constraints", baseline, f"{INPUT}/baseline")
    job, files = analyzed(aws, config | {"headers": NAMES[1:]}, "\n".join(lines), [known], Environment=variables)
    assert job["ProcessingJobStatus"] == "Completed", job
    assert job["ExitMessage"] == "CompletedWithViolations: Job completed successfully with 1 violations."
    [found] = json.loads(files["constraint_violations.json"])["violations"]
    assert (found["label"], found["constraint_check_type"]) == ("label0", "feature_attribution_drift_check")
    assert json.loads(files["analysis.json"])["explanations"]["kernel_shap"]["label0"]["global_shap_values"]["income"] == pytest.approx(0)
    assert endpoints(aws) == (0, 0)


@needs_clarify
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label": "income_"}, "label is 'income_', but the dataset has"),
        ({"predictor": {"model_name": "nobody", "instance_type": "ml.m5.large", "initial_instance_count": 1}}, "nobody"),
        ({"dataset_type": "application/x-image"}, "Clarify of AWS does"),
    ],
)
def test_a_fault_is_the_exit_message(aws: JobFixtures, change: dict[str, Any], words: str) -> None:
    job, files = analyzed(aws, bias_config(**{"predictor": predictor("any")} | change), people(40).to_csv(index=False))
    assert job["ProcessingJobStatus"] == "Failed" and not files
    assert job["ExitMessage"].startswith("ClientError: ") and words in job["ExitMessage"]
    assert endpoints(aws) == (0, 0)


@needs_clarify
@pytest.mark.nightly  # a job and an endpoint; the next test removes one, too
def test_a_model_that_fails_leaves_no_endpoint(aws: JobFixtures, model: str) -> None:
    """The dataset has a column too many, so that the model raises."""
    config = bias_config(headers=[*NAMES, "more"], predictor=predictor(model, endpoint_name_prefix="sm-clarify-mine"))
    job, files = analyzed(aws, config, people(40).assign(more=1).to_csv(index=False))
    assert job["ProcessingJobStatus"] == "Failed" and "did not predict" in job["ExitMessage"] and not files
    assert endpoints(aws) == (0, 0)


@needs_clarify
def test_a_job_that_is_stopped_leaves_no_endpoint(aws: JobFixtures, model: str) -> None:
    config = bias_config(predictor=predictor(model))
    config["methods"] |= {
        "shap": {"baseline": [[0, 40, 0.0]], "num_samples": 2000},
        "pdp": {"grid_resolution": 1000, "features": ["income"]},
    }
    name, _ = started(aws, config, people(5_000).to_csv(index=False))
    aws.until(lambda: aws.sagemaker.list_endpoints(NameContains="sm-clarify", StatusEquals="InService")["Endpoints"])
    aws.sagemaker.stop_processing_job(ProcessingJobName=name)
    assert aws.processed(name)["ProcessingJobStatus"] == "Stopped"
    assert endpoints(aws) == (0, 0)


def test_without_its_libraries_the_image_is_refused(aws: JobFixtures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images.importlib.util, "find_spec", lambda name: None)
    assert images.missing(CLARIFY) == "smclarify: make extra-clarify"
    monkeypatch.undo()
    if images.missing(CLARIFY):
        with pytest.raises(ClientError, match="make extra-clarify"):
            started(aws, bias_config(), people(5).to_csv(index=False))


@needs_clarify
@pytest.mark.nightly  # two jobs and endpoints; the first test has the same requests
def test_the_sdks_processor(aws: JobFixtures, model: str, session: object) -> None:  # noqa: F811
    """The calls of the notebook "Fairness and Explainability with SageMaker Clarify" of amazon-sagemaker-examples."""
    from sagemaker.core import clarify

    rows = people()
    data = aws.put("clarify-sdk/data/rows.csv", rows.to_csv(index=False, header=False))
    processor = clarify.SageMakerClarifyProcessor(role=ROLE, instance_count=1, instance_type="ml.m5.large", sagemaker_session=session)
    model_config = clarify.ModelConfig(
        model_name=model, instance_type="ml.m5.large", instance_count=1, accept_type="text/csv", content_type="text/csv"
    )

    def data_config(folder: str) -> clarify.DataConfig:
        return clarify.DataConfig(
            s3_data_input_path=data,
            s3_output_path=f"s3://{BUCKET}/clarify-sdk/{folder}",
            label="target",
            headers=NAMES,
            dataset_type="text/csv",
        )

    processor.run_bias(
        data_config=data_config("bias"),
        bias_config=clarify.BiasConfig(label_values_or_threshold=[1], facet_name="sex", facet_values_or_threshold=[0], group_name="age"),
        model_config=model_config,
        model_predicted_label_config=clarify.ModelPredictedLabelConfig(probability_threshold=0.8),
        pre_training_methods="all",
        post_training_methods="all",
        wait=False,
        logs=False,
    )
    bias_job = processor.latest_job.processing_job_name
    shap = clarify.SHAPConfig(baseline=[[0, 40, 0.0]], num_samples=15, agg_method="mean_abs", save_local_shap_values=True)
    processor.run_explainability(
        data_config=data_config("shap"), model_config=model_config, explainability_config=shap, wait=False, logs=False
    )
    for job in (bias_job, processor.latest_job.processing_job_name):
        ended = aws.processed(job)
        assert ended["ProcessingJobStatus"] == "Completed", ended
    found = json.loads(aws.get(f"s3://{BUCKET}/clarify-sdk/bias/analysis.json"))
    values = {each["name"]: each["value"] for each in found["post_training_bias_metrics"]["facets"]["sex"][0]["metrics"]}
    predicted = score(rows) > 0.8
    assert values["DPPL"] == pytest.approx(predicted[rows.sex == 1].mean() - predicted[rows.sex == 0].mean())
    assert isinstance(values["CDDPL"], float)
    local = pd.read_csv(io.BytesIO(aws.get(f"s3://{BUCKET}/clarify-sdk/shap/explanations_shap/out.csv")))
    assert local.shape == (len(rows), 3)


@needs_clarify
@pytest.mark.nightly  # installs the SDK, which takes minutes
@pytest.mark.timeout(1200)
def test_a_program_of_sdk_v2(local_aws, tmp_path: Path) -> None:
    python = package_sets.clean(tmp_path / "venv", ["sagemaker==2.257.0", "pandas<3"])
    code = (Path(__file__).parents[2] / "programs" / "clarify_v2.py").read_text()
    found = program(local_aws.state, code, python, seconds=900)
    assert found == {
        "bias": ["post_training_bias_metrics", "pre_training_bias_metrics", "version"],
        "shap": ["age", "income", "sex"],
        "rows": 60,
        "online": {"sex": 0.3, "age": 0.05, "income": 0.05},
        "none": {},
    }
