"""``python -m course.localaws.images.model_monitor.analyze``: the program of the image, for a baseline and for a monitoring execution.

It writes ``statistics.json`` and ``constraints.json``, with a baseline also ``constraint_violations.json``, and the job's exit message.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course.sandbox import forkserver

with forkserver.imports():  # they take longer than most analyses
    import pandas as pd

    from course.localaws.images.model_monitor import cloudwatch, constraints, datasets, model_quality
    from course.localaws.images.model_monitor.captured import LABEL, CaptureError, function
    from course.localaws.images.model_monitor.configuration import SettingError, Settings
    from course.localaws.images.model_monitor.data_types import STRING
    from course.localaws.images.model_monitor.datasets import DatasetError
    from course.localaws.images.model_monitor.model_quality import QualityError
    from course.localaws.images.model_monitor.statistics import statistics
    from course.localaws.images.shared.script_mode import base_directory

STATISTICS, CONSTRAINTS, VIOLATIONS = "statistics.json", "constraints.json", "constraint_violations.json"
MODEL_QUALITY = "MODEL_QUALITY"
COMPLETED, WITH_VIOLATIONS = "Completed", "CompletedWithViolations"

METRICS = "output/metrics/cloudwatch/cloudwatch_metrics.jsonl"


@dataclass
class Reports:
    """What an analysis found: the content of each file by its name, and metrics for CloudWatch."""

    files: dict[str, Any]
    metrics: list[dict[str, Any]] = field(default_factory=list)


def main() -> int:
    """Analyze what the environment names. Returns the exit code; the reason of a failure is the exit message."""
    try:
        settings = Settings.of()
        reports = _quality(settings) if settings.variables.get("analysis_type") == MODEL_QUALITY else _data(settings)
        for name, content in reports.files.items():
            _write(settings.output / name, json.dumps(content, indent=2))
        if settings.variables.get("publish_cloudwatch_metrics") == "Enabled" and reports.metrics:
            _write(base_directory() / METRICS, "".join(f"{json.dumps(metric)}\n" for metric in reports.metrics))
        if settings.postprocessor:
            _postprocess(settings.postprocessor)
    except (SettingError, DatasetError, CaptureError, QualityError, constraints.ConstraintError) as error:
        _write(base_directory() / "output/message", f"Error: {error}")
        print(f"Error: {error}", file=sys.stderr, flush=True)
        return 1
    found = len(reports.files.get(VIOLATIONS, {}).get("violations", []))
    text = f"{WITH_VIOLATIONS}: Job completed successfully with {found} violations."
    message = text if found else f"{COMPLETED}: Job completed successfully with no violations."
    _write(base_directory() / "output/message", message)
    print(message, flush=True)
    return 0


def _data(settings: Settings) -> Reports:
    baseline, excluded = _json(settings.baseline_constraints), settings.excluded
    features = (baseline or {}).get("features", [])
    names = [feature["name"] for feature in features]
    texts = [feature["name"] for feature in features if feature.get("inferred_type") == STRING]
    content, columns = statistics(lambda: datasets.without(datasets.read(settings, names), excluded), texts)
    suggested = constraints.suggested(columns, settings.variables.get("categorical_drift_method", ""))
    reports = Reports({STATISTICS: content, CONSTRAINTS: suggested})
    if baseline is not None:
        shown = datasets.kept(names, excluded)
        baseline = {**baseline, "features": [feature for feature in features if feature["name"] in shown]}
        known = _json(settings.baseline_statistics)
        found = constraints.violations(columns, baseline, known)
        reports.files[VIOLATIONS] = {"violations": [each.as_json() for each in found]}
        reports.metrics = list(cloudwatch.data_metrics(columns, baseline, known))
    return reports


def _quality(settings: Settings) -> Reports:
    problem, baseline = settings.variables.get("problem_type", ""), _json(settings.baseline_constraints)
    parts = [part.to_pandas() for part in datasets.read(settings)]
    if not parts:
        raise DatasetError("There is no request with a label in the time of this execution.")
    table = pd.concat(parts, ignore_index=True).astype(object)
    variables = {"ground_truth_attribute": LABEL} | settings.variables if LABEL in table else settings.variables
    data = model_quality.outcomes(table.where(table.notna() & (table != ""), None), variables)
    metrics = model_quality.quality(problem, data)
    content = {"version": 0.0, "dataset": {"item_count": len(data.labels)}, model_quality.SECTIONS[problem]: metrics}
    reports = Reports({STATISTICS: content, CONSTRAINTS: model_quality.suggested(problem, metrics)})
    if baseline is not None:
        reports.files[VIOLATIONS] = {"violations": list(model_quality.violations(problem, metrics, baseline))}
    reports.metrics = list(cloudwatch.quality_metrics(metrics))
    return reports


def _json(path: Path | None) -> Mapping[str, Any] | None:
    """The content of a baseline's file, whose path may be its folder."""
    if path is None:
        return None
    files = [each for each in sorted(path.rglob("*")) if each.is_file()] if path.is_dir() else [path]
    try:
        content = json.loads(files[0].read_text(encoding="utf-8"))
    except (OSError, ValueError, IndexError) as error:
        raise SettingError(f"{path.name} of the baseline cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise SettingError(f"{path.name} of the baseline must be a JSON object.")
    return content


def _postprocess(script: Path) -> None:
    handler = function(script, "postprocess_handler")
    try:
        handler()
    except Exception as error:
        raise CaptureError(f"The postprocessing script {script.name} raised {type(error).__name__}: {error}") from error


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
