"""The settings of an endpoint's explainer: a ``ClarifyExplainerConfig`` of CreateEndpointConfig, and its SHAP baseline.

Sources: ``API_ClarifyExplainerConfig`` and what it refers to in the API reference; "Configure and create an endpoint" and "Pre-check the
model container" in the developer guide. Read 2026-11-29.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jmespath
import pandas as pd
from jmespath.exceptions import JMESPathError

from course.localaws.images.clarify.configuration import CSV, JSON_LINES, Predictor, Shap
from course.localaws.images.clarify.datasets import DatasetError, query
from course.localaws.images.clarify.payloads import Outputs

EXPLAIN_ALL, EXPLAIN_NONE = "`true`", "`false`"
DEFAULT_PAYLOAD = 6  # MB
INTEGER, DECIMAL = re.compile(r"-?(0|[1-9]\d*)"), re.compile(r"-?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][-+]?\d+)?")


class ExplainerError(Exception):
    """What the explainer cannot use: a setting, a request, or an answer of the model. One sentence for the person who sees it."""


@dataclass(frozen=True)
class ExplainerConfig:
    """The settings.

    Attributes
    ----------
    enable : str
        A JMESPath expression: which records are explained.
    features_attribute, content_template : str
        Where a JSON record has its features, and how a record is made of them.
    most_records : int or None
        In one request to the model for synthetic data; None if it is tried out.
    largest : int
        Bytes of such a request.
    csv_outputs, json_outputs : Outputs
        Where answers in CSV, and in JSON Lines, have labels and scores.
    label_headers, feature_headers : list of str
        Empty if there are none.
    shap : Shap
    baseline : DataFrame
    """

    enable: str
    features_attribute: str
    content_template: str
    most_records: int | None
    largest: int
    csv_outputs: Outputs
    json_outputs: Outputs
    label_headers: list[str]
    feature_headers: list[str]
    shap: Shap
    baseline: pd.DataFrame

    @classmethod
    def of(cls, content: Mapping[str, Any], baseline: str | None = None) -> ExplainerConfig:
        """The settings in a ``ClarifyExplainerConfig``. ``baseline`` is the content of its ``ShapBaselineUri``. Raises `ExplainerError`."""
        inference, shap = content.get("InferenceConfig", {}), content["ShapConfig"]
        given, attribute = shap["ShapBaselineConfig"], inference.get("FeaturesAttribute", "")
        text = given["ShapBaseline"] if baseline is None else baseline
        table = records(text, given.get("MimeType", CSV), attribute, "the SHAP baseline")
        headers = inference.get("FeatureHeaders", [])
        if headers and len(headers) != len(table.columns):
            raise ExplainerError(f"FeatureHeaders has {len(headers)} names, but the SHAP baseline has {len(table.columns)} features.")
        enable = content.get("EnableExplanations", EXPLAIN_ALL)
        compiled(enable)
        return cls(
            enable,
            attribute,
            inference.get("ContentTemplate", ""),
            inference.get("MaxRecordCount"),
            inference.get("MaxPayloadInMB", DEFAULT_PAYLOAD) << 20,
            Outputs(inference.get("LabelIndex"), inference.get("ProbabilityIndex"), settings=("LabelIndex", "ProbabilityIndex")),
            Outputs(
                inference.get("LabelAttribute"), inference.get("ProbabilityAttribute"), settings=("LabelAttribute", "ProbabilityAttribute")
            ),
            inference.get("LabelHeaders", []),
            headers,
            Shap(num_samples=shap.get("NumberOfSamples"), use_logit=shap.get("UseLogit", False), seed=shap.get("Seed")),
            table,
        )

    def outputs(self, kind: str) -> Outputs:
        """Where an answer of the model of this MIME type has labels and scores."""
        return self.csv_outputs if kind == CSV else self.json_outputs

    def predictor(self, kind: str) -> Predictor:
        """How synthetic records are written as requests of this MIME type. Raises `ExplainerError`."""
        if kind == JSON_LINES and not self.content_template:
            raise ExplainerError("ContentTemplate is missing; requests in application/jsonlines need it.")
        return Predictor(content_type=kind, content_template=self.content_template)


def compiled(expression: str) -> Any:
    """An expression of ``EnableExplanations``. Raises `ExplainerError`."""
    try:
        return jmespath.compile(expression)
    except JMESPathError:
        raise ExplainerError(f"EnableExplanations is {expression!r}, which is not a JMESPath expression.") from None


def mime_type(content_type: str, what: str) -> str:
    """``text/csv`` or ``application/jsonlines``. Raises `ExplainerError` for anything else."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in (CSV, JSON_LINES):
        raise ExplainerError(f"{what} is {content_type or 'not given'}; the explainer reads {CSV} and {JSON_LINES}.")
    return kind


def records(text: str, content_type: str, attribute: str, what: str) -> pd.DataFrame:
    """A table of the records in a request or a baseline, with a column for each feature.

    Parameters
    ----------
    attribute : str
        The JMESPath of the features in a JSON record, ``""`` if a record is a list of features.
    what : str
        Names the text in messages.

    Raises
    ------
    ExplainerError
    """
    kind = mime_type(content_type, f"The MIME type of {what}")
    try:
        rows = (
            _csv_rows(text) if kind == CSV else [_features(json.loads(line), attribute, what) for line in text.splitlines() if line.strip()]
        )
    except (ValueError, RecursionError, csv.Error) as error:
        raise ExplainerError(f"{what[0].upper()}{what[1:]} is not {kind}: {error}") from None
    if not rows:
        raise ExplainerError(f"There are no records in {what}.")
    if len({len(row) for row in rows}) > 1:
        raise ExplainerError(f"The records of {what} have different numbers of features.")
    return pd.DataFrame(rows, dtype=object)


def _csv_rows(text: str) -> list[list[Any]]:
    return [[cell_value(cell) for cell in row] for row in csv.reader(io.StringIO(text)) if row]


def cell_value(cell: str) -> Any:
    """A cell of CSV: a number if it is written as one, so that 1 and 1.0 are the same value, or else its text."""
    if INTEGER.fullmatch(cell):
        return int(cell)
    return float(cell) if DECIMAL.fullmatch(cell) else cell


def _features(record: Any, attribute: str, what: str) -> list[Any]:
    if attribute and isinstance(record, dict):
        try:
            record = query(attribute, record, f"FeaturesAttribute, in a record of {what}")
        except DatasetError as error:
            raise ExplainerError(f"{error}") from None
    if not isinstance(record, list) or any(isinstance(each, (dict, list)) for each in record):
        where = f"FeaturesAttribute {attribute!r} must find one" if attribute else "FeaturesAttribute must say where a record has one"
        raise ExplainerError(f"A record of {what} is no list of features; {where}.")
    return record
