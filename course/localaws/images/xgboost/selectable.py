"""Selectable inference of the XGBoost container: ``SAGEMAKER_INFERENCE_OUTPUT`` names the contents of an answer.

Source: "How to use SageMaker XGBoost" of the developer guide, and `sagemaker-xgboost-container`.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from course.localaws.images.shared import recordio_protobuf

LABEL = ("predicted_label", "labels")
PROBABILITY = ("probability", "probabilities")
SCORE = ("raw_score", "raw_scores")
REGRESSION = ("predicted_score",)
# The keys that a model supports, by its objective.
SELECTABLE = {
    "reg:squarederror": REGRESSION,
    "reg:logistic": REGRESSION,
    "reg:gamma": REGRESSION,
    "reg:tweedie": REGRESSION,
    "binary:logistic": LABEL + PROBABILITY + SCORE,
    "binary:logitraw": LABEL + SCORE,
    "binary:hinge": LABEL + SCORE,
    "multi:softmax": LABEL + SCORE,
    "multi:softprob": LABEL + PROBABILITY + SCORE,
}
# Above this value a raw binary prediction means class 1.
THRESHOLDS = {"binary:logistic": 0.5, "binary:logitraw": 0.0}


def keys_of(setting: str) -> list[str]:
    """The keys in a text such as ``"predicted_label, Probability"``."""
    return setting.replace(" ", "").lower().split(",")


def select(predictions: np.ndarray, keys: list[str], config: dict) -> list[dict]:
    """One dictionary for each prediction, with a value for each key. NaN if the objective does not support the key.

    Parameters
    ----------
    predictions : array of shape (rows,) or (rows, classes)
    keys : list of str
    config : dict
        `Booster.save_config`, parsed.

    Raises
    ------
    ValueError
        The objective does not support selectable inference.
    """
    objective = config["learner"]["objective"]["name"]
    if objective not in SELECTABLE:
        raise ValueError(f"Objective `{objective}` unsupported for selectable inference predictions.")
    classes = int(config["learner"]["learner_model_param"].get("num_class", 0) or 0) or 2
    values: dict[str, Callable[[np.ndarray], object]] = {
        "predicted_label": lambda raw: _label(objective, raw),
        "labels": lambda raw: list(range(classes)),
        "probability": _top,
        "probabilities": _all,
        "raw_score": _top,
        "raw_scores": _all,
        "predicted_score": _top,
    }
    known = SELECTABLE[objective]
    return [{key: values[key](raw) if key in known else float("nan") for key in keys} for raw in predictions]


def encode(selected: list[dict], keys: list[str], accept: str, batch: bool) -> str | bytes:
    """Write selected predictions as JSON, JSON Lines, CSV or RecordIO-Protobuf. Raises ValueError for another type."""
    if accept == "application/json":
        return json.dumps({"predictions": selected})
    if accept == "application/jsonlines":
        return "".join(f"{json.dumps(row)}\n" for row in selected)
    if accept == "text/csv":
        lines = [",".join(f'"{row[key]}"' if isinstance(row[key], list) else str(row[key]) for key in keys) for row in selected]
        return "\n".join(lines) + ("\n" if batch else "")
    if accept == recordio_protobuf.CONTENT_TYPE:
        return recordio_protobuf.write(
            recordio_protobuf.Record(label={key: recordio_protobuf.Tensor(np.atleast_1d(np.float32(row[key]))) for key in keys})
            for row in selected
        )
    raise ValueError(f"Cannot encode selected predictions into accept type '{accept}'.")


def _label(objective: str, raw: np.ndarray) -> int | float:
    if objective == "multi:softprob":
        return int(np.argmax(raw))
    if objective in THRESHOLDS:
        return int(raw > THRESHOLDS[objective])
    return raw.item()


def _top(raw: np.ndarray) -> float:
    """The prediction itself, or that of the most probable class."""
    return np.max(raw).item()


def _all(raw: np.ndarray) -> list[float]:
    """One value for each class. A binary prediction is that of class 1."""
    return raw.tolist() if np.ndim(raw) else [1.0 - raw.item(), raw.item()]
