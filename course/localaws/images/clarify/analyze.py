"""``python -m course.localaws.images.clarify.analyze``: the program of the image, for a job and for a monitoring execution.

It writes ``analysis.json``, the report, and the files of SHAP values; with a baseline also ``constraint_violations.json``.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from course.localaws.images.clarify import (
    bias,
    captured,
    cloudwatch,
    configuration,
    datasets,
    drift,
    notebook,
    page,
    payloads,
    predictor,
    report,
)
from course.localaws.images.clarify.blocks import Report
from course.localaws.images.clarify.configuration import Analysis, ConfigError, Places
from course.localaws.images.clarify.datasets import PREDICTED, Dataset, DatasetError
from course.localaws.images.clarify.document_process import DocumentProcess
from course.localaws.images.clarify.payloads import Outputs
from course.localaws.images.model_monitor.captured import CaptureError
from course.localaws.images.model_monitor.configuration import SettingError, Settings
from course.localaws.images.shared.script_mode import base_directory
from course.sandbox import forkserver

ANALYSIS, VIOLATIONS = "analysis.json", "constraint_violations.json"
METRICS = "output/metrics/cloudwatch/cloudwatch_metrics.jsonl"
ERRORS = (
    ConfigError,
    DatasetError,
    SettingError,
    CaptureError,
    bias.BiasError,
    payloads.AnswerError,
    predictor.PredictorError,
    drift.BaselineError,
)


@dataclass
class Results:
    """What an analysis computes for ``explanations``, and the files of SHAP values."""

    explanations: dict[str, Any]
    write: Callable[[Path], None] = lambda folder: None


def main(variables: Mapping[str, str] = os.environ) -> int:
    """Analyze what the job says. Returns the exit code; the reason of a failure is the exit message."""
    base = base_directory()
    if not _is_first(base):
        print("Clarify runs on the first instance alone; this one is done", flush=True)
        return 0
    try:
        message = _run(base, variables)
    except ERRORS as error:
        _write(base / "output/message", f"ClientError: {error}")
        print(f"ClientError: {error}", file=sys.stderr, flush=True)
        return 1
    if message:
        _write(base / "output/message", message)
        print(message, flush=True)
    return 0


def _is_first(base: Path) -> bool:
    try:
        resources = json.loads((base / "config/resourceconfig.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return True
    return resources["current_host"] == resources["hosts"][0]


def _run(base: Path, variables: Mapping[str, str]) -> str:
    """Analyze, write the files, and return the exit message of an execution, ``""`` for another job."""
    settings = Settings.of(variables) if variables.get("dataset_format") else None
    with contextlib.nullcontext() if settings else DocumentProcess() as document:
        return _analyze(base, variables, settings, document)


def _analyze(base: Path, variables: Mapping[str, str], settings: Settings | None, document: DocumentProcess | None) -> str:
    places = Places.of(base, variables)
    config = configuration.read(places.config)
    analysis = configuration.parse(config, settings is not None)
    with tempfile.TemporaryDirectory() as folder:
        fetch = Fetched(Path(folder))
        dataset = captured.read(settings, analysis, fetch) if settings else datasets.read(places.data, analysis, fetch)
        results = _explained(dataset, analysis, fetch)
    content: dict[str, Any] = {"version": "1.0", **(bias.metrics(dataset, analysis) if analysis.bias else {})}
    if results.explanations:
        content["explanations"] = results.explanations
    content = _plain(content)
    results.write(places.output)
    _write(places.output / ANALYSIS, json.dumps(content, indent=4))
    _report(places.output, analysis, report.report(analysis.report_title, content, config, len(dataset.table)), document)
    return _checked(content, settings, places.output, base) if settings else ""


def _report(output: Path, analysis: Analysis, content: Report, document: DocumentProcess | None) -> None:
    """Write the report in each of its formats."""
    stem = analysis.report_name.removesuffix(".html")
    page.write(output / f"{stem}.html", content)
    notebook.write(output / f"{stem}.ipynb", content)
    if document:
        document.write(output / f"{stem}.pdf", content)
    else:
        print(f"A monitoring execution writes no {stem}.pdf, which would take longer than the analysis", flush=True)


def _explained(dataset: Dataset, analysis: Analysis, fetch: datasets.Fetch) -> Results:
    """Ask the model for what the analysis needs: labels, SHAP values, partial dependence."""
    predicts = analysis.post_training is not None and not dataset.predicted
    if not predicts and not analysis.explains:
        return Results({})
    explaining = _explaining(dataset, analysis, fetch) if analysis.explains else None
    if analysis.shap:
        threading.Thread(target=_import_shap, daemon=True).start()  # it takes three seconds, and the endpoint starts meanwhile
    outputs = Outputs.of(analysis.predictor)
    with predictor.running(analysis.predictor, outputs, client) as model:
        if predicts:
            _predict(dataset, analysis, model, outputs)
        results = explaining(model) if explaining else Results({})
        print(f"The model predicted {model.rows} rows", flush=True)
        return results


def _import_shap() -> None:
    with contextlib.suppress(ImportError), forkserver.imports():  # the import that needs it reports the error
        importlib.import_module("shap")


def _predict(dataset: Dataset, analysis: Analysis, model: predictor.Model, outputs: Outputs) -> None:
    """Add the column with the labels that the model predicts."""
    known = dataset.table[dataset.label]
    threshold, continuous = analysis.probability_threshold, bias.continuous(dataset, analysis)
    labels = payloads.predicted_labels(model.answers(dataset.inputs), outputs, threshold, known.dropna().unique(), continuous)
    dataset.predicted = PREDICTED
    while dataset.predicted in dataset.table:
        dataset.predicted += "_"
    dataset.table[dataset.predicted] = bias.as_column(labels, known)


def _explaining(dataset: Dataset, analysis: Analysis, fetch: datasets.Fetch) -> Callable[[predictor.Model], Results]:
    """A function that explains. What can fail without the model has been done before."""
    from course.localaws.images.clarify import dependence, shap_values

    inputs, shap, pdp = dataset.inputs, analysis.shap, analysis.pdp
    plotted = [datasets.column(dataset.table, name, "methods.pdp.features") for name in (pdp.features or [] if pdp else [])]
    if others := set(plotted) - set(dataset.features):
        raise ConfigError(f"methods.pdp.features has {sorted(others)[0]!r}, but the model gets only {', '.join(dataset.features)}.")
    computed = None
    if shap:
        baseline = shap_values.given_baseline(analysis, dataset.features, fetch)
        if baseline is None:
            baseline = computed = shap_values.clustered_baseline(inputs, shap.num_clusters, shap.seed)

    def explain(model: predictor.Model) -> Results:
        results, features = Results({}), plotted
        if shap:
            headers = analysis.predictor.label_headers
            found = shap_values.explain(inputs, baseline, shap, model.scores, headers)
            results.explanations["kernel_shap"] = found.as_json()
            join = dataset.table[dataset.join] if dataset.join else None
            results.write = lambda folder: shap_values.write(folder, found, computed, shap.save_local_shap_values, join)
            features = plotted or found.largest(pdp.top_k_features if pdp else 0)
        if pdp:
            results.explanations["pdp"] = dependence.dependence(inputs, features, pdp, model.scores)
        return results

    return explain


def _checked(content: dict[str, Any], settings: Settings, output: Path, base: Path) -> str:
    """Compare with the baseline, write violations and metrics, and return the exit message."""
    found: list[dict[str, str]] = []
    if settings.baseline_constraints:
        found = drift.violations(content, drift.read(settings.baseline_constraints))
        _write(output / VIOLATIONS, json.dumps({"version": "1.0", "violations": found}, indent=4))
    if settings.variables.get("publish_cloudwatch_metrics") == "Enabled":
        _write(base / METRICS, "".join(f"{json.dumps(line)}\n" for line in cloudwatch.metrics(content)))
    if found:
        return f"CompletedWithViolations: Job completed successfully with {len(found)} violations."
    return "Completed: Job completed successfully with no violations."


class Fetched:
    """Fetches objects of S3 under the job's role, or names a path of the container.

    Parameters
    ----------
    folder : Path
        For the objects.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0

    def __call__(self, uri: str) -> Path:
        """The folder or file with the data. Raises `DatasetError`."""
        from botocore.exceptions import BotoCoreError, ClientError

        if not uri.startswith("s3://"):
            return base_directory() / Path(uri).relative_to("/opt/ml") if uri.startswith("/opt/ml/") else Path(uri)
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        self._count += 1
        place = self._folder / str(self._count)
        try:
            s3 = client("s3")
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            keys = [each["Key"] for page in pages for each in page.get("Contents", []) if not each["Key"].endswith("/")]
            for number, key in enumerate(keys):
                path = place / f"{number:06}" / key.rpartition("/")[2]
                path.parent.mkdir(parents=True)
                s3.download_file(bucket, key, str(path))
        except (ClientError, BotoCoreError) as error:
            raise DatasetError(f"{uri} cannot be read: {error}") from None
        if not keys:
            raise DatasetError(f"There is no object at {uri}.")
        return place


def client(service: str) -> Any:
    """A client of boto3 under the job's role."""
    import boto3

    return boto3.client(service)


def _plain(content: Any) -> Any:
    """The content without numbers that JSON cannot write."""
    if isinstance(content, dict):
        return {str(key): _plain(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_plain(value) for value in content]
    if hasattr(content, "item"):
        return _plain(content.item())
    if isinstance(content, float) and not math.isfinite(content):
        return None if math.isnan(content) else "Infinity" if content > 0 else "-Infinity"
    return None if content is pd.NA else content


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
