"""``python -m course.localaws.images.clarify.explainer``: the explainer of an endpoint (Clarify online explainability).

It is a container beside the model's. Its contract is a model's: ``GET /ping`` and ``POST /invocations``. ``EXPLAINER_CONFIG`` has the
``ClarifyExplainerConfig`` as JSON; the file in /opt/ml/model, if there is one, is the object of its ``ShapBaselineUri``. A request goes to
the model's container as it is, and then synthetic data does for the records that are explained.

The answer (source: "Invoke the endpoint" in the developer guide; recorded answers in AWS's sample notebook
``tabular_online_explainability_with_sagemaker_clarify``, read 2026-11-29)::

    {"version": "1.0", "predictions": {"content_type": ..., "data": ...}, "label_headers": [...],
     "explanations": {"kernel_shap": [[{"feature_header": ..., "attributions": [{"attribution": [...]}]}, ...], null, ...]}}

``data`` is the model's whole answer as text. ``label_headers`` and ``feature_header`` are there if they are known. ``explanations`` is
empty if no record is explained, and has null for each record that is not. ``feature_type`` belongs to explanations of text, as on AWS.
"""

from __future__ import annotations

import csv
import json
import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jmespath.exceptions import JMESPathError

from course.localaws.images.clarify import payloads, shap_values
from course.localaws.images.clarify.configuration import ConfigError
from course.localaws.images.clarify.explainer_config import EXPLAIN_NONE, ExplainerConfig, ExplainerError, compiled, mime_type, records
from course.localaws.images.clarify.model_container import ModelContainer, ModelFailed, Prediction
from course.localaws.images.clarify.payloads import AnswerError
from course.localaws.images.shared import serving
from course.localaws.images.shared.inference import InferenceRequest, InferenceResponse
from course.localaws.images.shared.script_mode import base_directory

CONFIG = "EXPLAINER_CONFIG"
ENABLE = "x-amzn-sagemaker-enable-explanations"


class Explainer:
    """An `inference.Model` that answers with the predictions of the model's container and their explanations."""

    def __init__(self, config: ExplainerConfig) -> None:
        self._config = config
        self._shap = threading.Lock()  # shap draws from NumPy's global generator

    def __call__(self, request: InferenceRequest) -> InferenceResponse:
        container = ModelContainer.of(request)
        try:
            prediction = container.predict(request.body)
            content = self._explained(request, container, prediction)
        except ModelFailed as error:
            return error.response
        except (ExplainerError, AnswerError, ConfigError) as error:
            print(f"The request cannot be explained: {error}", flush=True)
            return InferenceResponse(str(error).encode(), "text/plain", 400)
        return InferenceResponse(json.dumps(content).encode(), "application/json", headers=prediction.headers)

    def _explained(self, request: InferenceRequest, container: ModelContainer, prediction: Prediction) -> dict[str, Any]:
        """The whole answer. Raises `ModelFailed`, `ExplainerError`, `AnswerError` and `ConfigError`."""
        text = prediction.body.decode(errors="replace")
        content: dict[str, Any] = {"version": "1.0", "predictions": {"content_type": prediction.content_type, "data": text}}
        headers, explanations = self._config.label_headers, {}
        expression = compiled(request.headers.get(ENABLE, self._config.enable))
        if expression.parsed != compiled(EXPLAIN_NONE).parsed:  # with that, any request and any answer of the model will do
            kind = mime_type(request.content_type, "The Content-Type of the request")
            rows = records(request.body.decode(errors="replace"), kind, self._config.features_attribute, "the request")
            answered = mime_type(prediction.content_type, "The Content-Type of the model's answer")
            chosen = [_is_chosen(expression, each) for each in _answered_records(text, answered, len(rows))]
            if any(chosen):
                found = payloads.answers(text, answered, len(rows), self._config.outputs(answered))
                headers = headers or _label_list(found)
                explanations = {"kernel_shap": self._kernel_shap(rows, chosen, _Model(self._config, container, kind), headers)}
        return content | ({"label_headers": headers} if headers else {}) | {"explanations": explanations}

    def _kernel_shap(self, rows: pd.DataFrame, chosen: list[bool], model: _Model, headers: list[str]) -> list[list[dict] | None]:
        """The explanation of each record, None for those that are not chosen."""
        config = self._config
        if len(rows.columns) != len(config.baseline.columns):
            raise ExplainerError(
                f"A record of the request has {len(rows.columns)} features, but the SHAP baseline has {len(config.baseline.columns)}."
            )
        with self._shap:
            local = shap_values.explain(rows[chosen].reset_index(drop=True), config.baseline, config.shap, model.scores, []).local
        if headers and len(headers) != local.shape[2]:
            raise ExplainerError(f"There are {len(headers)} label headers, but the model answers {local.shape[2]} scores.")
        explained = iter(local.tolist())
        return [self._described(next(explained)) if each else None for each in chosen]

    def _described(self, values: list[list[float]]) -> list[dict[str, Any]]:
        """The attributions of one record. ``values`` has those of each feature by output."""
        headers = self._config.feature_headers
        return [
            ({"feature_header": headers[number]} if headers else {}) | {"attributions": [{"attribution": each}]}
            for number, each in enumerate(values)
        ]


class _Model:
    """Asks the container for scores of synthetic records, in batches."""

    def __init__(self, config: ExplainerConfig, container: ModelContainer, kind: str) -> None:
        self._config, self._container, self._kind = config, container, kind
        self._predictor, self._most = config.predictor(kind), config.most_records

    def scores(self, table: pd.DataFrame) -> np.ndarray:
        """Scores (rows, outputs). Raises `ModelFailed`, `ExplainerError` and `AnswerError`.

        Without ``MaxRecordCount`` large batches are tried first. "SageMaker Clarify will attempt to send a mini-batch of records to the
        model container first before falling back to single record requests" ("Pre-check the model container").
        """
        try:
            return self._all_scores(table)
        except (ModelFailed, AnswerError):
            if self._most is not None or len(table) == 1:
                raise
            self._most = 1
            return self._all_scores(table)

    def _all_scores(self, table: pd.DataFrame) -> np.ndarray:
        largest = self._config.largest
        parts = []
        for body, count in payloads.requests(table, self._predictor, largest, self._most):
            if len(body) > largest:
                raise ExplainerError(f"A synthetic record has {len(body):,} bytes, more than MaxPayloadInMB, {largest >> 20}, allows.")
            parts.append(self._asked(body, count))
        if len({part.shape[1] for part in parts}) > 1:
            raise AnswerError("The model's answers have different numbers of scores.")
        return np.concatenate(parts)

    def _asked(self, body: bytes, count: int) -> np.ndarray:
        prediction = self._container.predict(body)
        kind = mime_type(prediction.content_type, "The Content-Type of the model's answer")
        outputs = self._config.outputs(kind)
        return payloads.scores(payloads.answers(prediction.body, kind, count, outputs), outputs.settings[1])


def _answered_records(text: str, kind: str, count: int) -> list[Any]:
    """What the model answered about each record, for ``EnableExplanations``. Raises `AnswerError`."""
    try:
        found = payloads.records(text, kind, count)
    except (ValueError, RecursionError, csv.Error) as error:
        raise AnswerError(f"The model's answer cannot be read as {kind}: {error}") from None
    if len(found) != count:
        raise AnswerError(f"The model answered {len(found)} predictions to {count} records: {text[:200]!r}")
    return found


def _is_chosen(expression: Any, record: Any) -> bool:
    """Whether a record is explained. Raises `ExplainerError` if the expression is not true or false."""
    try:
        found = expression.search(record)
    except JMESPathError as error:
        raise ExplainerError(f"EnableExplanations {expression.expression!r} fails on the model's answer {record!r}: {error}") from None
    if not isinstance(found, bool):
        raise ExplainerError(
            f"EnableExplanations {expression.expression!r} is {found!r} for the model's answer {record!r}, not true or false."
        )
    return found


def _label_list(found: payloads.Answers) -> list[str]:
    """The label headers in the model's answer, if it has a list of them."""
    first = found.labels[0] if found.labels else None
    return [str(each) for each in first] if isinstance(first, list) else []


def load() -> Explainer:
    """The explainer that the container's variable and file describe. Exits with a sentence in the log if they cannot be used."""
    variable = os.environ.get(CONFIG)
    if variable is None:
        sys.exit(f"{CONFIG} is not set: this image serves as the explainer of an endpoint, and not as a model.")
    try:
        config = ExplainerConfig.of(json.loads(variable), _baseline(base_directory() / "model"))
    except ExplainerError as error:
        sys.exit(f"The explainer cannot start: {error}")
    import shap  # noqa: F401 - it takes seconds, which are not the first request's

    logging.getLogger("shap").setLevel(logging.WARNING)  # it logs each record's attributions
    return Explainer(config)


def _baseline(folder: Path) -> str | None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    try:
        return files[0].read_text(encoding="utf-8-sig") if files else None
    except ValueError:
        raise ExplainerError("The object of ShapBaselineUri is not text in UTF-8.") from None


if __name__ == "__main__":
    serving.serve(load)
