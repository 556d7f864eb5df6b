"""Reads the data of a monitoring execution: requests that an endpoint captured, their answers, and labels that came later."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from course.localaws.images.clarify import bias, datasets, payloads
from course.localaws.images.clarify.configuration import CSV, JSON, JSON_LINES, PARQUET, Analysis
from course.localaws.images.clarify.datasets import PREDICTED, Dataset, DatasetError, query
from course.localaws.images.clarify.payloads import Answers, Outputs
from course.localaws.images.model_monitor import captured
from course.localaws.images.model_monitor.captured import CapturedData, EventData
from course.localaws.images.model_monitor.configuration import SettingError, Settings

LABEL = "label"  # the column of labels, if the settings do not name it


@dataclass
class Captured:
    """What the requests say, by row: features, what the model answered, and the label."""

    rows: list[Any] = field(default_factory=list)
    answers: Answers = field(default_factory=lambda: Answers([], []))
    labels: list[Any] = field(default_factory=list)


def read(settings: Settings, analysis: Analysis, fetch: datasets.Fetch) -> Dataset:
    """The dataset of an execution. Raises `DatasetError`, `captured.CaptureError`, `payloads.AnswerError` and `SettingError`."""
    [(kind, options)] = settings.dataset_format.items()
    if kind.lower() not in ("sagemakercapturejson", "sagemakermergejson"):
        return datasets.read(settings.source, _plain(kind, options, settings.variables, analysis), fetch)
    outputs = Outputs(
        _attribute(settings.variables, "inference_attribute"),
        _attribute(settings.variables, "probability_attribute"),
        analysis.predictor.label_headers if analysis.predictor else (),
    )
    found = Captured()
    features = settings.variables.get("features_attribute", "")
    for path in datasets.files_of(settings.source):
        for record, place in _records(path, settings):
            rows = _rows_of(record, features, place)
            found.rows += rows
            if analysis.post_training is not None:
                _add_answers(found.answers, record, len(rows), outputs, place)
            if analysis.bias:
                found.labels += _labels(record, len(rows), place)
    if not found.rows:
        raise DatasetError("No request was captured in the time of this execution.")
    return _dataset(found, analysis, outputs, _threshold(settings.variables, analysis))


def _plain(kind: str, options: Mapping[str, Any], variables: Mapping[str, str], analysis: Analysis) -> Analysis:
    lines = bool(options.get("lines", options.get("line", True)))
    kinds = {"csv": CSV, "parquet": PARQUET, "json": JSON_LINES if lines else JSON}
    if kind not in kinds:
        raise SettingError(f"The dataset format {kind!r} is not one of csv, json, parquet, sagemakerCaptureJson and sagemakerMergeJson.")
    # `inference_attribute` is not here: it names a part of what the model answered, and these are rows that a transform job was sent.
    features = variables.get("features_attribute") or analysis.features
    return replace(analysis, dataset_type=kinds[kind], features=features)


def _attribute(variables: Mapping[str, str], name: str) -> str | None:
    return variables.get(name) or None


def _threshold(variables: Mapping[str, str], analysis: Analysis) -> float | None:
    text = variables.get("probability_threshold_attribute")
    try:
        return float(text) if text else analysis.probability_threshold
    except ValueError:
        raise SettingError(f"the environment variable probability_threshold_attribute is no number: {text!r}") from None


def _records(path: Path, settings: Settings) -> Iterator[tuple[CapturedData, str]]:
    with path.open(encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            place = f"{path.name}, line {number}"
            if text.strip():
                record = captured.record_of(text, place)
                if captured.inside(record, settings.start, settings.end):
                    yield record, place


def _rows_of(record: CapturedData, features: str, place: str) -> list[Any]:
    if record.endpoint_input is None:
        raise DatasetError(f"{place}: the request itself was not captured. The capture options need the mode Input.")
    return _rows(record.endpoint_input, features, place)


def _add_answers(found: Answers, record: CapturedData, count: int, outputs: Outputs, place: str) -> None:
    if record.endpoint_output is None:
        raise DatasetError(f"{place}: the answer was not captured. The capture options need the mode Output.")
    text = captured.text_of(record.endpoint_output, place)
    part = payloads.answers(text, captured.content_type(record.endpoint_output) or CSV, count, outputs)
    found.labels += part.labels
    found.scores += part.scores


def _labels(record: CapturedData, count: int, place: str) -> list[str]:
    data = record.event_dict.get("groundTruthData")
    if not isinstance(data, dict) or "data" not in data:
        raise DatasetError(f"{place}: the request has no label (groundTruthData). Metrics of bias need merged data.")
    labels = [cell.strip() for row in csv.reader(str(data["data"]).strip().splitlines()) for cell in row]
    if len(labels) != count:
        raise DatasetError(f"{place}: the request has {count} rows, but {len(labels)} labels.")
    return labels


def _rows(data: EventData, features: str, place: str) -> list[Any]:
    """The rows of a request: lists of values, or objects."""
    text, kind = captured.text_of(data, place), captured.content_type(data)
    if kind not in (JSON, JSON_LINES) and data.encoding != "JSON":
        return [row for row in csv.reader(text.splitlines()) if row]
    try:
        contents = [json.loads(line) for line in text.splitlines() if line.strip()] if kind == JSON_LINES else [json.loads(text)]
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{place}: the request is not JSON: {error}") from None
    rows: list[Any] = []
    for content in contents:
        found = query(features, content, place) if features else content
        nested = isinstance(found, list) and bool(found) and all(isinstance(each, (list, dict)) for each in found)
        rows += found if nested else [found]
    if not all(isinstance(row, (list, dict)) for row in rows):
        raise DatasetError(f"{place}: the request has no rows of features. FeaturesAttribute says where they are.")
    return rows


def _dataset(found: Captured, analysis: Analysis, outputs: Outputs, threshold: float | None) -> Dataset:
    table, label = _table(found, analysis)
    if not analysis.bias:
        return datasets.described(table, analysis, "", "")
    described = datasets.described(table.assign(**{label: _typed(pd.Series(found.labels))}), analysis, label, "")
    known = described.table[label]
    if analysis.post_training is not None:
        predicted = payloads.predicted_labels(
            found.answers, outputs, threshold, known.dropna().unique(), bias.continuous(described, analysis)
        )
        described.table[PREDICTED], described.predicted = bias.as_column(predicted, known), PREDICTED
    return described


def _table(found: Captured, analysis: Analysis) -> tuple[pd.DataFrame, str]:
    """The features with their names, and the name of the label. ``headers`` may name the label, too."""
    headers, label = list(analysis.headers or []), analysis.label
    if isinstance(label, int) and label < len(headers):
        label = headers[label]
    names = [name for name in headers if name != label]
    if all(isinstance(row, dict) for row in found.rows):
        table = pd.DataFrame(found.rows)
    elif len({len(row) for row in found.rows}) > 1:
        raise DatasetError("The captured requests have different numbers of features.")
    else:
        table = pd.DataFrame(found.rows)
        if names and len(names) != len(table.columns):
            raise DatasetError(
                f"The captured requests have {len(table.columns)} features, but headers has {len(names)}: {', '.join(names)}."
            )
        table.columns = names or [f"column_{number}" for number in range(len(table.columns))]
    return table.apply(_typed), label if isinstance(label, str) else LABEL


def _typed(column: pd.Series) -> pd.Series:
    """A column of texts as numbers, if all are."""
    try:
        return pd.to_numeric(column.replace("", None))
    except (ValueError, TypeError):
        return column
