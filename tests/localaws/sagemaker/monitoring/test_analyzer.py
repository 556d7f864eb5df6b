"""Model Monitor's analyzer as a processing job: by boto3 with the container's contract, and by the SDK's monitors."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, JobFixtures, processing_input, processing_output
from tests.localaws.sagemaker.training.test_training_sdk import processing_shapes, session  # noqa: F401

ANALYZER = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
DATA, RESULT = "/opt/ml/processing/input/data", "/opt/ml/processing/output"
CSV = {"csv": {"header": True}}
CAPTURED = {"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}}


def flights(rows: int = 2_000, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    delay = random.normal(10, 30, rows).round(2)
    carriers = random.choice(["UA", "DL", "B6"], rows, p=[0.5, 0.3, 0.2])
    return pd.DataFrame({"late": (delay > 15).astype(int), "hour": random.integers(5, 23, rows), "delay": delay, "carrier": carriers})


def analyzed(aws: JobFixtures, data: str, form: dict, baseline: dict[str, str] | None = None, **variables: str) -> tuple[dict, dict]:
    """Runs the analyzer. Returns the job and its reports by file name."""
    inputs = [processing_input("data", data, DATA)]
    environment = {"dataset_format": json.dumps(form), "dataset_source": DATA, "output_path": RESULT, **variables}
    for name, uri in (baseline or {}).items():
        folder = f"/opt/ml/processing/baseline/{name}"
        inputs.append(processing_input(name, uri, folder))
        environment[f"baseline_{name}"] = f"{folder}/{name}.json"
    output = f"s3://{BUCKET}/{aws.name('reports')}"
    job = aws.processed(
        aws.process(
            "",
            AppSpecification={"ImageUri": ANALYZER, "ContainerEntrypoint": None},
            ProcessingInputs=inputs,
            Environment=environment,
            ProcessingOutputConfig={"Outputs": [processing_output("result", output, RESULT)]},
        )
    )
    keys = aws.keys(output.removeprefix(f"s3://{BUCKET}/"))
    return job, {key.rpartition("/")[2]: json.loads(aws.get(f"s3://{BUCKET}/{key}")) for key in keys}


@pytest.fixture(scope="module")
def baseline(aws: JobFixtures) -> dict[str, str]:
    """URIs of the constraints and statistics of a month of flights."""
    data = aws.put("monitor/baseline/flights.csv", flights().to_csv(index=False))
    job, reports = analyzed(aws, data, CSV)
    assert job["ProcessingJobStatus"] == "Completed" and set(reports) == {"statistics.json", "constraints.json"}
    assert job["ExitMessage"] == "Completed: Job completed successfully with no violations."
    return {name: aws.put(f"monitor/baseline/{name}.json", json.dumps(reports[f"{name}.json"])) for name in ("constraints", "statistics")}


def test_a_baseline_suggests_constraints(aws: JobFixtures, baseline: dict[str, str]) -> None:
    suggested = json.loads(aws.get(baseline["constraints"]))
    features = {feature.pop("name"): feature for feature in suggested["features"]}
    assert features["hour"] == {"inferred_type": "Integral", "completeness": 1.0, "num_constraints": {"is_non_negative": True}}
    assert features["delay"]["inferred_type"] == "Fractional" and features["delay"]["num_constraints"] == {"is_non_negative": False}
    assert features["carrier"]["string_constraints"] == {"domains": ["UA", "DL", "B6"]}
    assert suggested["monitoring_config"]["distribution_constraints"] == {
        "perform_comparison": "Enabled",
        "comparison_threshold": 0.1,
        "comparison_method": "Robust",
    }


def changed(table: pd.DataFrame) -> pd.DataFrame:
    """A table with one fault of each kind."""
    broken = table.assign(hour=table.hour.astype(float) + 0.5, delay=table.delay * 60, extra=1)
    broken["carrier"] = np.where(table.index % 10 == 0, "ZZ", table.carrier)
    broken.loc[broken.index % 5 == 0, "late"] = None
    return broken.assign(late=broken.late.astype("Int64"))


def test_each_violation_has_its_kind(aws: JobFixtures, baseline: dict[str, str]) -> None:
    good = aws.put("monitor/good/flights.csv", flights(seed=1).to_csv(index=False))
    job, reports = analyzed(aws, good, CSV, baseline)
    assert reports["constraint_violations.json"] == {"violations": []} and "no violations" in job["ExitMessage"]
    bad = aws.put("monitor/bad/flights.csv", changed(flights(seed=1)).to_csv(index=False))
    job, reports = analyzed(aws, bad, CSV, baseline)
    found = {
        (each["feature_name"], each["constraint_check_type"]): each["description"]
        for each in reports["constraint_violations.json"]["violations"]
    }
    assert set(found) == {
        ("Extra columns", "extra_column_check"),
        ("hour", "data_type_check"),
        ("late", "completeness_check"),
        ("carrier", "categorical_values_check"),
        ("delay", "baseline_drift_check"),
    }
    assert job["ExitMessage"] == f"CompletedWithViolations: Job completed successfully with {len(found)} violations."
    assert (
        "Expected data type: Integral, Expected match: 100.0%. Observed: Only 0.0% of data is Integral." in found["hour", "data_type_check"]
    )
    assert found["late", "completeness_check"].startswith("Value: 0.8 ")


def test_excluded_columns_are_not_analyzed(aws: JobFixtures, baseline: dict[str, str]) -> None:
    """By name or by number, in the data and in the baseline."""
    bad = aws.put("monitor/excluded/flights.csv", changed(flights(300, seed=1)).drop(columns="delay").to_csv(index=False))
    _, reports = analyzed(aws, bad, CSV, baseline, exclude_features_attribute="carrier, 0, delay")
    found = {each["feature_name"] for each in reports["constraint_violations.json"]["violations"]}
    assert found == {"hour", "Extra columns"}
    assert [feature["name"] for feature in reports["statistics.json"]["features"]] == ["hour", "extra"]


def captured(row: list[object], output: str, time: str = "2013-05-01T12:00:00Z", encoding: str = "CSV") -> str:
    sides = {
        "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "data": ",".join(map(str, row)), "encoding": encoding},
        "endpointOutput": {"observedContentType": "text/csv; charset=utf-8", "mode": "OUTPUT", "data": output, "encoding": encoding},
    }
    return json.dumps({"captureData": sides, "eventMetadata": {"eventId": "1", "inferenceTime": time}, "eventVersion": "0"})


def test_captured_requests_have_the_baselines_columns(aws: JobFixtures, baseline: dict[str, str]) -> None:
    """The output comes first, as the label did in the baseline. A request outside of the window is not read."""
    rows = flights(300, seed=2)
    lines = [captured(list(row[1:]), f"0.{row[0]}\n") for row in rows.itertuples(index=False)]
    outside = captured([1, 2, "XX"], "1", time="2013-05-01T13:00:00Z")
    data = aws.put("monitor/captured/2013/05/01/12/requests.jsonl", "\n".join([*lines, outside]))
    window = {"start_time": "2013-05-01T12:00:00Z", "end_time": "2013-05-01T13:00:00Z"}
    job, reports = analyzed(aws, data, CAPTURED, baseline, **window)
    assert reports["statistics.json"]["dataset"]["item_count"] == 300
    assert [feature["name"] for feature in reports["statistics.json"]["features"]] == ["late", "hour", "delay", "carrier"]
    kinds = {(each["feature_name"], each["constraint_check_type"]) for each in reports["constraint_violations.json"]["violations"]}
    assert ("late", "data_type_check") in kinds and not {feature for feature, _ in kinds} - {"late"}


SCRIPTS = """
def preprocess_handler(inference_record):
    hour, delay, carrier = inference_record.endpoint_input.data.split(",")
    return {"hour": int(hour), "late": inference_record.endpoint_output.data.strip() == "1"}

def postprocess_handler():
    print("the last word of the script")
"""


def test_scripts_run_before_and_after(aws: JobFixtures) -> None:
    data = aws.put("monitor/scripted/data/requests.jsonl", "\n".join(captured([hour, 1.5, "UA"], "1") for hour in range(24)))
    script = aws.put("monitor/scripted/code/scripts.py", SCRIPTS)
    place = "/opt/ml/processing/baseline/scripts/scripts.py"
    job, reports = analyzed(
        aws, data, CAPTURED, {"scripts": script}, record_preprocessor_script=place, post_analytics_processor_script=place
    )
    assert job["ProcessingJobStatus"] == "Completed", job
    assert {feature["name"]: feature["inferred_type"] for feature in reports["statistics.json"]["features"]} == {
        "hour": "Integral",
        "late": "String",
    }


@pytest.mark.parametrize(
    ("body", "form", "variables", "words"),
    [
        ("a,b\n1,2\n1,2,3\n", CSV, {}, "is not CSV"),
        ('{"a": {"b": 1}}\n', {"json": {"lines": True}}, {}, "nested values"),
        ("[1, 2]\n", {"json": {"lines": True}}, {}, "a record must be a JSON object"),
        ("a\n1\n", {"avro": {}}, {}, "not one of csv"),
        ("a\n1\n", CSV, {"analysis_type": "MODEL_QUALITY", "problem_type": "Ranking"}, "problem_type is 'Ranking'"),
        ('{"x": 1}\n', CAPTURED, {}, "no captured request"),
        ("a\n1\n", CSV, {"start_time": "yesterday"}, "start_time is no time"),
    ],
)
def test_what_cannot_be_analyzed_says_why(aws: JobFixtures, body: str, form: dict, variables: dict[str, str], words: str) -> None:
    job, reports = analyzed(aws, aws.put(f"{aws.name('monitor-wrong')}/data.txt", body), form, **variables)
    assert job["ProcessingJobStatus"] == "Failed" and words in job["ExitMessage"] and not reports


@pytest.mark.nightly  # two jobs, and the SDK looks at each every few seconds
def test_the_sdk_suggests_a_baseline(aws: JobFixtures, session: object) -> None:  # noqa: F811
    from sagemaker.core.model_monitor import DefaultModelMonitor, ModelQualityMonitor
    from sagemaker.core.model_monitor.dataset_format import DatasetFormat

    rows = flights(seed=3)
    data = aws.put("monitor/sdk/flights.csv", rows.assign(predicted=rows.late, score=rows.late * 0.8 + 0.1).to_csv(index=False))
    settings = {"role": ROLE, "instance_count": 1, "instance_type": "ml.m5.large", "sagemaker_session": session}
    monitor = DefaultModelMonitor(**settings)
    monitor.suggest_baseline(data, DatasetFormat.csv(header=True), output_s3_uri=f"s3://{BUCKET}/monitor/sdk/data", wait=True, logs=False)
    assert monitor.baseline_statistics().body_dict["dataset"] == {"item_count": 2_000}
    assert {feature["name"] for feature in monitor.suggested_constraints().body_dict["features"]} == {*rows, "predicted", "score"}
    quality = ModelQualityMonitor(**settings)
    quality.suggest_baseline(
        data,
        DatasetFormat.csv(header=True),
        problem_type="BinaryClassification",
        inference_attribute="predicted",
        probability_attribute="score",
        ground_truth_attribute="late",
        output_s3_uri=f"s3://{BUCKET}/monitor/sdk/quality",
        wait=True,
        logs=False,
    )
    suggested = quality.suggested_constraints().body_dict["binary_classification_constraints"]
    assert suggested["recall"] == {"threshold": 1.0, "comparison_operator": "LessThanThreshold"}
