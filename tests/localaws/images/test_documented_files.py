"""The files of Model Monitor and Clarify have the members that AWS documents, all and no other. `documented_files.yaml` lists them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from course.localaws.images.clarify import analyze as clarify
from course.localaws.images.clarify import dependence, drift, predictor
from course.localaws.images.model_monitor import analyze as monitor
from tests.localaws.sagemaker.job_fixtures import needs_clarify

DOCUMENTED = yaml.safe_load(Path(__file__).with_name("documented_files.yaml").read_text(encoding="utf-8"))
SOURCE, RESULT = "processing/input/data", "processing/output"


def validate(name: str, content: Any) -> None:
    jsonschema.validate(content, DOCUMENTED[name] | {"$defs": DOCUMENTED["$defs"]})


class Job:
    """A processing job in the process of the test."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self._patch = root, monkeypatch
        monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(root))

    def put(self, path: str, body: str) -> Path:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(body)
        return place

    def monitored(self, rows: str, **variables: str) -> dict[str, Any]:
        """The files that Model Monitor's analyzer writes for a CSV file."""
        self.put(f"{SOURCE}/rows.csv", rows)
        given = {"dataset_source": self.root / SOURCE, "output_path": self.root / RESULT, "dataset_format": '{"csv": {"header": true}}'}
        for name, value in (given | variables).items():
            self._patch.setenv(name, str(value))
        assert monitor.main() == 0
        return self.files()

    def analyzed(self, rows: str, config: dict[str, Any]) -> dict[str, Any]:
        """The files that a job of Clarify writes for a CSV file."""
        self.put(f"{SOURCE}/rows.csv", rows)
        self.put("processing/input/config/analysis_config.json", json.dumps(config))
        assert clarify.main({}) == 0
        assert (self.root / RESULT / "report.pdf").read_bytes().startswith(b"%PDF-")
        return self.files()

    def files(self) -> dict[str, Any]:
        return {path.name: json.loads(path.read_text()) for path in (self.root / RESULT).glob("*.json")}


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    return Job(tmp_path, monkeypatch)


def test_a_baseline_and_the_violations_of_each_kind(job: Job) -> None:
    rows = [f"{number},{number + 0.5},{'ab'[number % 2]},,w{number}" for number in range(200)]
    header = "whole,fraction,letter,nothing,words"
    files = job.monitored("\n".join([header, *rows]))
    validate("statistics", files["statistics.json"])
    validate("constraints", files["constraints.json"])
    assert {each["inferred_type"] for each in files["statistics.json"]["features"]} == {"Integral", "Fractional", "String", "Unknown"}
    saved = {name: job.put(f"baseline/{name}.json", json.dumps(files[f"{name}.json"])) for name in ("statistics", "constraints")}
    baseline = {f"baseline_{name}": str(path) for name, path in saved.items()}
    changed = ["x,1e6,z,1,w", ",2e6,z,1,w"] * 100
    found = job.monitored("\n".join([header, *changed]), **baseline)["constraint_violations.json"]
    for more in (["whole,fraction"] + ["1,1.5"] * 9, [f"{header},more"] + ["1,1.5,a,,w1,1"] * 9):
        found["violations"] += job.monitored("\n".join(more), **baseline)["constraint_violations.json"]["violations"]
    validate("violations", found)
    kinds = DOCUMENTED["violations"]["properties"]["violations"]["items"]["properties"]["constraint_check_type"]["enum"]
    assert {each["constraint_check_type"] for each in found["violations"]} == set(kinds)


def config(**more: Any) -> dict[str, Any]:
    methods = {"report": {"name": "report"}, "pre_training_bias": {"methods": "all"}, "post_training_bias": {"methods": "all"}}
    facet = [{"name_or_index": "sex", "value_or_threshold": [0]}]
    labels = {"label": "y", "predicted_label": "p", "label_values_or_threshold": [1]}
    return {"dataset_type": "text/csv", "facet": facet, "methods": methods} | labels | more


@needs_clarify
def test_an_analysis_and_the_drift_of_bias(job: Job) -> None:
    """One metric has no value: CDDL needs a group variable."""
    rows = [f"{number % 2},{number % 3 % 2},{number % 5 % 2}" for number in range(120)]
    analysis = job.analyzed("\n".join(["sex,y,p", *rows]), config())["analysis.json"]
    validate("analysis", analysis)
    assert set(analysis) == {"version", "pre_training_bias_metrics", "post_training_bias_metrics"}
    unfair = [f"{number % 2},{number % 3 % 2},{number % 2}" for number in range(120)]
    worse = job.analyzed("\n".join(["sex,y,p", *unfair]), config())["analysis.json"]
    validate("bias_violations", {"version": "1.0", "violations": drift.violations(worse, analysis)})


class Weighing:
    """A model that weighs ``first`` by 3 and ``second`` by 1, or the other way round."""

    rows = 0

    def __init__(self, first: float, second: float) -> None:
        self._weights = first, second

    def scores(self, table: Any) -> Any:
        numbers = table[["first", "second"]].astype(float)
        return (numbers["first"] * self._weights[0] + numbers["second"] * self._weights[1]).to_numpy().reshape(-1, 1)


@pytest.mark.nightly  # explains forty rows; by day test_clarify.py runs such a job
@needs_clarify
def test_explanations_and_the_drift_of_attributions(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "\n".join(["first,second,comment", *(f"{number % 7},{number % 5},comment {number}" for number in range(40))])
    shap = {"baseline": [[0, 0, "none"]], "num_samples": 20, "agg_method": "mean_abs"}
    pdp = {"features": ["first", "comment"], "grid_resolution": 5}
    settings = {"dataset_type": "text/csv", "predictor": {"endpoint_name": "e"}, "methods": {"shap": shap, "pdp": pdp}}
    found = []
    for model in (Weighing(3, 1), Weighing(0.1, 9)):
        monkeypatch.setattr(predictor, "running", lambda *_, model=model: Running(model))
        found.append(job.analyzed(rows, settings)["analysis.json"])
    validate("analysis", found[0])
    curve, comment = found[0]["explanations"]["pdp"]
    assert len(curve["feature_values"]) == 5 and comment["error"] == dependence.UNSUPPORTED
    validate("attribution_violations", {"version": "1.0", "violations": drift.violations(found[1], found[0])})


class Running:
    """In place of the endpoint of a job."""

    def __init__(self, model: Weighing) -> None:
        self._model = model

    def __enter__(self) -> Weighing:
        return self._model

    def __exit__(self, *error: object) -> None:
        return None
