"""Monitoring executions: captured requests with labels to metrics of bias, violations, metrics for CloudWatch and the exit message."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from course.localaws.images.clarify import analyze, bias, captured, configuration
from course.localaws.images.model_monitor.configuration import Settings
from tests.localaws.sagemaker.job_fixtures import needs_clarify

HEADERS = ["target", "sex", "age"]
CONFIG = {
    "headers": HEADERS,
    "label": "target",
    "label_values_or_threshold": [1],
    "facet": [{"name_or_index": "sex", "value_or_threshold": [0]}],
}
SCORED = {"probability_attribute": "0", "probability_threshold_attribute": "0.5"}


def captured_request(features: str, answer: str, label: str | None, kind: str = "text/csv", time: str = "2026-05-01T12:30:00Z") -> str:
    """A line of captured data; BASE64, as for a content type that the capture options do not name."""
    encoding = "CSV" if kind == "text/csv" else "BASE64"

    def side(text: str, mode: str) -> dict[str, str]:
        data = text if encoding == "CSV" else base64.b64encode(text.encode()).decode()
        return {"observedContentType": kind, "mode": mode, "data": data, "encoding": encoding}

    content: dict[str, Any] = {
        "captureData": {"endpointInput": side(features, "INPUT"), "endpointOutput": side(answer, "OUTPUT")},
        "eventMetadata": {"eventId": "1", "inferenceTime": time},
        "eventVersion": "0",
    }
    if label is not None:
        content["groundTruthData"] = {"data": label, "encoding": "CSV"}
    return json.dumps(content)


class Execution:
    """The folders of one execution, in the process of the test."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(root))
        self.configure(CONFIG)
        self.data = root / "processing/input/endpoint/2026/05/01/12/rows.jsonl"
        self.data.parent.mkdir(parents=True)
        self.output = root / "processing/output"

    def configure(self, config: dict[str, Any]) -> None:
        path = self.root / "processing/input/config/analysis_config.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(config))

    def variables(self, **more: str) -> dict[str, str]:
        kind = {"sagemakerMergeJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}}
        window = {"start_time": "2026-05-01T12:00:00Z", "end_time": "2026-05-01T13:00:00Z"}
        places = {"dataset_source": str(self.data.parents[4]), "output_path": str(self.output)}
        return {"dataset_format": json.dumps(kind), **places, **window, **SCORED, **more}

    def run(self, **variables: str) -> tuple[int, str]:
        code = analyze.main(self.variables(**variables))
        return code, (self.root / "output/message").read_text()

    def report(self, name: str) -> dict[str, Any]:
        return json.loads((self.output / name).read_text())

    def dataset(self, **variables: str) -> Any:
        text = (self.root / "processing/input/config/analysis_config.json").read_text()
        return captured.read(Settings.of(self.variables(**variables)), configuration.parse(text, monitoring=True), lambda uri: Path(uri))


@pytest.fixture
def execution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Execution:
    return Execution(tmp_path / "ml", monkeypatch)


def rows(seed: int, share: float, count: int = 200) -> pd.DataFrame:
    """People, of whom the group sex = 0 gets a positive prediction less often, by ``share``."""
    random = np.random.default_rng(seed)
    sex, target = random.integers(0, 2, count), random.integers(0, 2, count)
    score = np.where((sex == 0) & (random.random(count) < share), 0.1, np.where(target == 1, 0.9, 0.2))
    return pd.DataFrame({"target": target, "sex": sex, "age": random.integers(20, 70, count), "score": score})


def lines(table: pd.DataFrame) -> str:
    return "\n".join(captured_request(f"{row.sex},{row.age}\n", f"{row.score}\n", str(row.target)) for row in table.itertuples())


@needs_clarify
def test_bias_drift_of_an_endpoint(execution: Execution) -> None:
    """A baseline of fair predictions, an hour with the same requests, and one in which a group gets fewer positive predictions."""
    execution.data.write_text(lines(rows(0, 0.0)))
    code, message = execution.run()
    assert (code, message) == (0, "Completed: Job completed successfully with no violations.")
    baseline = execution.root / "processing/baseline/constraints/analysis.json"
    baseline.parent.mkdir(parents=True)
    baseline.write_text((execution.output / "analysis.json").read_text())
    assert not (execution.output / "constraint_violations.json").exists()

    code, message = execution.run(baseline_constraints=str(baseline))
    assert (code, execution.report("constraint_violations.json")) == (0, {"version": "1.0", "violations": []})
    execution.data.write_text(lines(rows(0, 0.9)))
    code, message = execution.run(baseline_constraints=str(baseline), publish_cloudwatch_metrics="Enabled")
    found = execution.report("constraint_violations.json")["violations"]
    assert code == 0 and message == f"CompletedWithViolations: Job completed successfully with {len(found)} violations."
    assert {"DPPL", "DI"} <= {each["metric_name"] for each in found} and {each["facet_value"] for each in found} == {"0"}
    assert (execution.output / "report.html").read_text().startswith("<!doctype html>")
    assert (execution.output / "report.ipynb").exists() and not (execution.output / "report.pdf").exists()
    metrics = (execution.root / "output/metrics/cloudwatch/cloudwatch_metrics.jsonl").read_text().splitlines()
    named = {json.loads(line)["MetricName"]: json.loads(line)["Value"] for line in metrics}
    values = {each["name"]: each["value"] for each in execution.report("analysis.json")[bias.POST]["facets"]["sex"][0]["metrics"]}
    assert named["bias_metric_DPPL"] == values["DPPL"] > 0.3


@needs_clarify
def test_the_metrics_are_those_of_the_same_rows_as_a_dataset(execution: Execution, tmp_path: Path) -> None:
    table = rows(3, 0.5)
    execution.data.write_text(lines(table))
    execution.run()
    plain = table.assign(guess=(table.score > 0.5).astype(int)).drop(columns="score")
    (tmp_path / "rows.csv").write_text(plain.to_csv(index=False))
    methods = {"pre_training_bias": {"methods": "all"}, "post_training_bias": {"methods": "all"}}
    text = json.dumps(CONFIG | {"dataset_type": "text/csv", "headers": [*HEADERS, "guess"], "predicted_label": "guess", "methods": methods})
    analysis = configuration.parse(text)
    from course.localaws.images.clarify import datasets

    expected = bias.metrics(datasets.read(tmp_path / "rows.csv", analysis, Path), analysis)
    found = execution.report("analysis.json")
    assert {section: found[section] for section in bias.SECTIONS} == json.loads(json.dumps(expected))


@needs_clarify
@pytest.mark.parametrize(
    ("request_text", "answer", "kind", "variables"),
    [
        ("0,33\n1,44\n", "0.9\n0.1\n", "text/csv", {}),
        ('{"f": [[0, 33], [1, 44]]}', '{"p": [0.9, 0.1]}', "application/json", {"features_attribute": "f", "probability_attribute": "p"}),
        (
            '{"f": [0, 33]}\n{"f": [1, 44]}',
            '{"p": 0.9}\n{"p": 0.1}',
            "application/jsonlines",
            {"features_attribute": "f", "probability_attribute": "p"},
        ),
        ("0,33\n1,44\n", "1\n0\n", "text/csv", {"inference_attribute": "0", "probability_attribute": ""}),
    ],
)
def test_requests_of_each_content_type(execution: Execution, request_text: str, answer: str, kind: str, variables: dict[str, str]) -> None:
    """Of several rows each. A request outside of the window does not count."""
    outside = captured_request("9,9\n", "0.9\n", "1", time="2026-05-01T13:00:00Z")
    execution.data.write_text("\n".join([captured_request(request_text, answer, "1\n0", kind)] * 10 + [outside]))
    found = execution.dataset(**variables)
    assert found.table[["sex", "age", "target", found.predicted]].to_numpy().tolist() == [[0, 33, 1, 1], [1, 44, 0, 0]] * 10
    assert (found.features, found.label) == (["sex", "age"], "target")


def test_requests_without_labels_are_explained(execution: Execution) -> None:
    execution.configure({"headers": ["sex", "age"], "methods": {"shap": {}}, "predictor": {"endpoint_name": "e"}})
    execution.data.write_text(captured_request("0,33\n1,\n", "0.9\n0.1\n", None))
    found = execution.dataset()
    assert found.inputs.fillna(-1).to_numpy().tolist() == [[0, 33], [1, -1]] and found.features == ["sex", "age"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (captured_request("0,33", "0.9", None), "no label (groundTruthData)"),
        (captured_request("0,33", "0.9", "1,0"), "has 1 rows, but 2 labels"),
        (captured_request("0,33\n1,2", "0.9", "1,0"), "1 predictions to 2 rows"),
        (captured_request("0", "0.9", "1"), "1 features, but headers has 2: sex, age"),
        (captured_request("{", "0.9", "1", "application/json"), "is not JSON"),
        (captured_request("3", "0.9", "1", "application/json"), "FeaturesAttribute"),
        ("{}", "no captured request"),
        ("", "No request was captured"),
    ],
)
def test_a_fault_of_the_data_is_the_exit_message(execution: Execution, line: str, words: str) -> None:
    execution.data.write_text(line)
    code, message = execution.run()
    assert code == 1 and message.startswith("ClientError: ") and words in message


def test_the_first_instance_alone_works(execution: Execution) -> None:
    (execution.root / "config").mkdir()
    (execution.root / "config/resourceconfig.json").write_text(json.dumps({"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}))
    assert analyze.main(execution.variables()) == 0 and not execution.output.exists()
