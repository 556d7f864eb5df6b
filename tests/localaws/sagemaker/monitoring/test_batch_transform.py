"""Monitors of batch transform jobs: over the manifests and objects that a job of the local AWS captured."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.images.model_monitor.merge import merge
from course.localaws.images.model_monitor.transformed import MergeError
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, needs_clarify
from tests.localaws.sagemaker.monitoring.monitoring_fixtures import EXPLAINED, Monitored, clarified, definition_request, label, next_hour

CAPTURED = f"s3://{BUCKET}/transforms/captured"


def batch_input(**members: object) -> dict:
    given = {
        "DataCapturedDestinationS3Uri": CAPTURED,
        "DatasetFormat": {"Csv": {"Header": False}},
        "LocalPath": "/opt/ml/processing/input",
        **members,
    }
    return {"BatchTransformInput": given}


def transform(monitored: Monitored, name: str, rows: list[str], model: str = "delays", captured: str = CAPTURED) -> list[str]:
    """Run a transform job that captures its data. Returns the rows of its output."""
    aws, source = monitored.aws, monitored.aws.put(f"transforms/{name}/in/rows.csv", "".join(f"{row}\n" for row in rows))
    aws.sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=model,
        TransformInput={
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": source}},
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        TransformOutput={"S3OutputPath": f"s3://{BUCKET}/transforms/{name}/out", "Accept": "text/csv", "AssembleWith": "Line"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        BatchStrategy="SingleRecord",
        DataCaptureConfig={"DestinationS3Uri": captured, "GenerateInferenceId": True},
    )
    ended = ("Completed", "Failed", "Stopped")
    job = aws.until(lambda: aws.sagemaker.describe_transform_job(TransformJobName=name), lambda job: job["TransformJobStatus"] in ended)
    assert job["TransformJobStatus"] == "Completed", job
    return aws.get(f"s3://{BUCKET}/transforms/{name}/out/rows.csv.out").decode().splitlines()


@pytest.mark.nightly  # an endpoint's data by day
def test_what_a_transform_job_captured_is_monitored(monitored: Monitored) -> None:
    """Data quality reads the input; model quality the output with its labels; bias both."""
    aws = monitored.aws
    next_hour(monitored)
    rows = [f"{number}.5,{'UA' if number else 'XX'}" for number in range(20)]
    output = [line.split(",") for line in transform(monitored, aws.name("batch"), rows)]
    labels = {identity: int(number > 4) for number, (_, identity, _) in enumerate(output[:-1])}  # the last one has none
    truth = monitored.label(labels, aws.name("labels"))
    columns = [{"name": "delay", "inferred_type": "Fractional", "completeness": 1.0}]
    columns.append({"name": "carrier", "inferred_type": "String", "completeness": 1.0, "string_constraints": {"domains": ["UA"]}})
    constraints = aws.put("transforms/constraints.json", json.dumps({"features": columns}))
    metric = {"recall": {"threshold": 0.9, "comparison_operator": "LessThanThreshold"}}
    limits = aws.put("transforms/limits.json", json.dumps({"binary_classification_constraints": metric}))
    monitored.advance(seconds=2)
    kinds = {"DataQuality": (constraints, ""), "ModelQuality": (limits, truth), "ModelBias": (constraints, truth)}
    definitions = {
        kind: monitored.definition(kind, batch_input(InferenceAttribute="0"), baseline, uri) for kind, (baseline, uri) in kinds.items()
    }
    schedules = {kind: monitored.monitor(kind, definition) for kind, definition in definitions.items()}
    found = {kind: monitored.ended(schedule, 1)[0] for kind, schedule in schedules.items()}
    assert [each.get("FailureReason") for each in found.values()] == [None] * 3
    assert {found[kind]["MonitoringExecutionStatus"] for kind in ("DataQuality", "ModelQuality")} == {"CompletedWithViolations"}
    assert not any("EndpointName" in each for each in found.values())

    job = monitored.job(found["DataQuality"])
    assert json.loads(job["Environment"]["dataset_format"]) == {"csv": {"header": False}}
    assert "sagemaker_endpoint_name" not in job["Environment"]
    assert job["ProcessingInputs"][0]["S3Input"]["S3DataType"] == "ManifestFile"
    folder = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    assert folder.startswith(f"s3://{BUCKET}/reports/DataQuality/{schedules['DataQuality']}/20")
    [violation] = json.loads(aws.get(f"{folder}/constraint_violations.json"))["violations"]
    assert (violation["feature_name"], violation["constraint_check_type"]) == ("carrier", "categorical_values_check")
    assert json.loads(aws.get(f"{folder}/statistics.json"))["dataset"] == {"item_count": 20}
    metrics = aws.client("cloudwatch").list_metrics(Namespace="aws/sagemaker/ModelMonitoring/data-metrics")["Metrics"]
    assert {"MonitoringSchedule"} == {each["Name"] for metric in metrics for each in metric["Dimensions"]}

    folder = monitored.job(found["ModelQuality"])["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    statistics = json.loads(aws.get(f"{folder}/statistics.json"))
    assert statistics["dataset"]["item_count"] == 19
    assert statistics["binary_classification_metrics"]["confusion_matrix"] == {"0": {"0": 5, "1": 0}, "1": {"0": 5, "1": 9}}

    [key] = aws.keys(f"reports/ModelBias/merge/{schedules['ModelBias']}/")
    merged = [json.loads(line) for line in aws.get(f"s3://{BUCKET}/{key}").splitlines()]
    assert [each["captureData"]["endpointInput"]["data"] for each in merged] == rows[:-1]
    assert [each["groundTruthData"]["data"] for each in merged] == [str(value) for value in labels.values()]

    [shown] = aws.sagemaker.list_model_bias_job_definitions(NameContains=definitions["ModelBias"])["JobDefinitionSummaries"]
    assert shown["EndpointName"] == "batch-transform"  # AWS's model needs a name


@needs_clarify
@pytest.mark.nightly  # Clarify starts an endpoint of the model
def test_explanations_leave_out_no_feature(monitored: Monitored) -> None:
    """InferenceAttribute names a part of the answers, not a column of the rows that were sent."""
    aws, captured = monitored.aws, f"s3://{BUCKET}/transforms/{monitored.aws.name('captured')}"
    next_hour(monitored)
    transform(monitored, aws.name("batch"), [f"{number}.5,{number % 3}" for number in range(20)], captured=captured)
    monitored.advance(seconds=2)
    source = batch_input(InferenceAttribute="0", DataCapturedDestinationS3Uri=captured)
    found = clarified(monitored, "ModelExplainability", EXPLAINED, source)["explanations"]["kernel_shap"]
    [values] = [each["global_shap_values"] for each in found.values()]
    assert set(values) == {"delay", "carrier"} and values["delay"] > 0


def test_without_transform_jobs_there_is_no_data(monitored: Monitored) -> None:
    empty = batch_input(DataCapturedDestinationS3Uri=f"s3://{BUCKET}/nothing")
    [execution] = monitored.ended(monitored.monitor("DataQuality", monitored.definition("DataQuality", empty)), 1)
    assert (execution["MonitoringExecutionStatus"], execution["FailureReason"]) == ("Failed", "Job inputs had no data")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"DatasetFormat": {}}, "exactly one of Csv, Json and Parquet"),
        ({"DatasetFormat": {"Csv": {}, "Parquet": {}}}, "exactly one of Csv, Json and Parquet"),
        ({"LocalPath": "/tmp/data"}, "must begin with /opt/ml/processing/"),
        ({"StartTimeOffset": "1P"}, "Invalid duration '1P'"),
    ],
)
def test_an_input_that_is_refused(monitored: Monitored, members: dict, words: str) -> None:
    request = definition_request("DataQuality", batch_input(**members))
    code, message = refused(monitored.aws.sagemaker.create_data_quality_job_definition, JobDefinitionName="refused", **request)
    assert code == "ValidationException" and words in message


# The merge of one transform job's objects with labels

CELL = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=6)
TIME = "2013-05-01T12:00:00Z"


class Rows:
    """Rows of one object of a transform job: in CSV or JSON, of the input or of the output with ``marks``."""

    def __init__(self, form: str) -> None:
        self.form, self.options = form, {"csv": {"header": False}} if form == "csv" else {"json": {"line": True}}

    def text(self, values: list[str], marks: list[tuple[str, str]] | None = None) -> str:
        rows = [self.row(value, mark) for value, mark in zip(values, marks or [None] * len(values), strict=True)]
        if self.form == "json":
            return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows(rows)
        return written.getvalue()

    def row(self, value: str, mark: tuple[str, str] | None = None) -> list[str] | dict:
        if self.form == "csv":
            return [value, "1", *(mark or ())]
        return {"x": value} | (dict(zip(("SageMakerInferenceId", "SageMakerInferenceTime"), mark, strict=True)) if mark else {})

    def read(self, text: str) -> list[str] | dict:
        return json.loads(text) if self.form == "json" else next(csv.reader(io.StringIO(text, newline="")))


@given(
    values=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5), rows=st.sampled_from([Rows("csv"), Rows("json")]), paired=st.booleans()
)
def test_any_rows_are_merged_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, values: list[tuple[str, str]], rows: Rows, paired: bool
) -> None:
    """Whatever the values are, each prediction gets the label of its id, and its row of the input."""
    folder, marks = tmp_path_factory.mktemp("merge"), [(f"id-{number}", TIME) for number in range(len(values))]
    sides = {"output": rows.text([after for _, after in values], marks)} | (
        {"input": rows.text([before for before, _ in values])} if paired else {}
    )
    for side, text in sides.items():
        path = folder / "data" / side / "2013/05/01/12/0001" / ("rows" + (".out" if side == "output" else ""))
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8", newline="")
    (folder / "labels").mkdir()
    (folder / "labels/labels.jsonl").write_text("\n".join(label(identity, number) for number, (identity, _) in enumerate(marks)))
    folders = {"dataset_source": "data", "ground_truth_source": "labels", "output_path": "merged"}
    variables = {name: str(folder / path) for name, path in folders.items()} | {"dataset_format": json.dumps(rows.options)}
    assert merge(variables) == f"Completed: {len(values)} of {len(values)} captured requests have a ground truth label."
    merged = [json.loads(line) for line in (folder / "merged/2013/05/01/12/0001/rows.out").read_text().split("\n") if line]
    for number, (record, (before, after)) in enumerate(zip(merged, values, strict=True)):
        data = {side: rows.read(value["data"]) for side, value in record["captureData"].items()}
        expected = {"endpointOutput": rows.row(after)} | ({"endpointInput": rows.row(before)} if paired else {})
        assert data == expected and record["groundTruthData"]["data"] == str(number)
        assert record["eventMetadata"] == {"eventId": f"id-{number}", "inferenceTime": TIME}


@pytest.mark.parametrize(
    ("options", "output", "source", "words"),
    [
        ({"csv": {"header": False}}, "1\n0\n", None, "rows.out has no inference ids"),
        ({"json": {"line": True}}, '{"y": 1}\n', None, "rows.out has no inference ids"),
        ({"json": {"line": True}}, "{\n", None, "rows.out is not JSON"),
        ({"parquet": {}}, "x", None, "CSV and JSON only"),
        ({"csv": {"header": False}}, f"1,a,{TIME}\n", "1\n2\n", "rows has 2 rows, and rows.out has 1"),
        ({"csv": {"header": False}}, f"1,a,{TIME}\n", "", "rows has 0 rows"),
    ],
)
def test_objects_that_cannot_be_merged(tmp_path: Path, options: dict, output: str, source: str | None, words: str) -> None:
    for name, text in {"data/output/rows.out": output, "labels/l.jsonl": label("a", 1), "data/input/rows": source}.items():
        if text is not None:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
    folders = {"dataset_source": "data", "ground_truth_source": "labels", "output_path": "merged"}
    with pytest.raises(MergeError, match=words):
        merge({name: str(tmp_path / folder) for name, folder in folders.items()} | {"dataset_format": json.dumps(options)})
