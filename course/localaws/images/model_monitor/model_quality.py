"""The metrics of a model's quality: predictions compared with what came true.

Source: "Model Quality Metrics" of the SageMaker developer guide, read 2026-11-28. As in its examples, the best constant classifier always
predicts the last class, and a confusion matrix has the actual classes outside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

REGRESSION, BINARY, MULTICLASS = "Regression", "BinaryClassification", "MulticlassClassification"
SECTIONS = {
    REGRESSION: "regression_metrics",
    BINARY: "binary_classification_metrics",
    MULTICLASS: "multiclass_classification_metrics",
}
FEWEST, SAMPLES, SHARE = 200, 5, 0.8  # rows and samples for a standard deviation, and the share of rows in a sample
BETAS = {"f0_5": 0.5, "f1": 1.0, "f2": 2.0}
MOST_POINTS = 1000  # of a curve, so that its file stays small

Metrics = dict[str, float]


class QualityError(Exception):
    """Predictions or labels that the problem type cannot use."""


@dataclass(frozen=True)
class Outcomes:
    """Labels, and the predictions as classes or numbers. ``scores`` are the probabilities of the positive class, if they are known."""

    labels: np.ndarray
    predictions: np.ndarray
    scores: np.ndarray | None = None

    def of(self, rows: np.ndarray) -> Outcomes:
        return Outcomes(self.labels[rows], self.predictions[rows], None if self.scores is None else self.scores[rows])


def outcomes(table: pd.DataFrame, variables: Mapping[str, str]) -> Outcomes:
    """Labels and predictions of a table of texts.

    Parameters
    ----------
    table : DataFrame
        Columns of texts, None where a value is missing. Rows without a label or a prediction are left out.
    variables : dict
        ``problem_type``, ``ground_truth_attribute``, ``inference_attribute``, ``probability_attribute`` and
        ``probability_threshold_attribute``. An attribute is the name of a column, or its number from 0.

    Raises
    ------
    QualityError
        The problem type is unknown, a column is missing, or a value is no number where one is needed.
    """
    problem = variables.get("problem_type", "")
    if problem not in SECTIONS:
        raise QualityError(f"problem_type is {problem!r}, and must be one of {', '.join(SECTIONS)}.")
    label = _column(table, variables, "ground_truth_attribute")
    inference, probability = (
        _column(table, variables, name) if variables.get(name) else None for name in ("inference_attribute", "probability_attribute")
    )
    if inference is None and (probability is None or problem != BINARY):
        raise QualityError("inference_attribute is missing; for BinaryClassification probability_attribute can take its place.")
    used = pd.concat([column for column in (label, inference, probability) if column is not None], axis=1).notna().all(axis=1)
    if not used.any():
        raise QualityError("No row has both a label and a prediction.")
    labels = label[used]
    scores = _numbers(probability[used], "probability_attribute") if probability is not None and problem == BINARY else None
    if problem == REGRESSION:
        return Outcomes(_numbers(labels, "ground_truth_attribute"), _numbers(inference[used], "inference_attribute"))
    if inference is not None:
        return Outcomes(_classes(labels), _classes(inference[used]), scores)
    threshold = float(variables.get("probability_threshold_attribute") or 0.5)
    return Outcomes(_classes(labels), np.where(scores > threshold, "1", "0").astype(object), scores)


def _column(table: pd.DataFrame, variables: Mapping[str, str], attribute: str) -> pd.Series:
    name = variables.get(attribute, "")
    found = name if name in table else f"_c{name}" if f"_c{name}" in table else None
    if found is None:
        raise QualityError(f"{attribute} is {name!r}, and the dataset has the columns {', '.join(map(repr, table))}.")
    return table[found]


def _numbers(column: pd.Series, attribute: str) -> np.ndarray:
    try:
        return column.astype(float).to_numpy()
    except ValueError as error:
        raise QualityError(f"{attribute} has a value that is no number: {error}.") from None


def _classes(column: pd.Series) -> np.ndarray:
    """Classes as texts: ``1.0`` and ``true`` are the class ``1``."""
    texts = column.str.strip().str.lower().replace({"true": "1", "false": "0"})
    return texts.str.replace(r"^(-?\d+)\.0*$", r"\1", regex=True).to_numpy(dtype=object)


def quality(problem: str, data: Outcomes) -> dict[str, Any]:
    """The metrics of a problem type, as the member of `SECTIONS` in ``statistics.json``."""
    measure: Callable[[Outcomes], Metrics] = {REGRESSION: _regression, BINARY: _binary, MULTICLASS: _multiclass}[problem]
    values, deviations = measure(data), _deviations(measure, data)
    content: dict[str, Any] = {} if problem == REGRESSION else {"confusion_matrix": _confusion(data)}
    for name, value in values.items():
        content[name] = {"value": _plain(value), "standard_deviation": _plain(deviations.get(name, math.nan))}
    if problem == BINARY and data.scores is not None:
        content |= _curves(data)
    return content


def _deviations(measure: Callable[[Outcomes], Metrics], data: Outcomes) -> Metrics:
    if len(data.labels) < FEWEST:
        return {}
    random = np.random.default_rng(0)
    size = int(SHARE * len(data.labels))
    measured = [measure(data.of(random.choice(len(data.labels), size, replace=False))) for _ in range(SAMPLES)]
    return {name: float(np.std([each[name] for each in measured])) for name in measured[0]}


def _plain(value: float) -> float | str:
    return "NaN" if math.isnan(value) else float(value)


def _regression(data: Outcomes) -> Metrics:
    from sklearn import metrics

    squared = metrics.mean_squared_error(data.labels, data.predictions)
    r2 = metrics.r2_score(data.labels, data.predictions) if len(data.labels) > 1 else math.nan
    return {"mae": metrics.mean_absolute_error(data.labels, data.predictions), "mse": squared, "rmse": math.sqrt(squared), "r2": r2}


def _binary(data: Outcomes) -> Metrics:
    from sklearn.metrics import roc_auc_score

    positive, predicted = data.labels == "1", data.predictions == "1"
    constant = np.ones(len(positive), dtype=bool)
    found = _rates(positive, predicted)
    measured = {name: found[name] for name in ("recall", "precision", "accuracy")}
    measured |= {f"{name}_best_constant_classifier": value for name, value in _rates(positive, constant).items() if name in measured}
    measured |= {
        "true_positive_rate": found["recall"],
        "true_negative_rate": found["specificity"],
        "false_positive_rate": 1 - found["specificity"],
        "false_negative_rate": 1 - found["recall"],
    }
    if data.scores is not None:
        measured["auc"] = roc_auc_score(positive, data.scores) if len(set(positive)) == 2 else math.nan
    measured |= {name: found[name] for name in BETAS}
    return measured | {f"{name}_best_constant_classifier": _rates(positive, constant)[name] for name in BETAS}


def _rates(positive: np.ndarray, predicted: np.ndarray) -> Metrics:
    right = positive == predicted
    hits = int((positive & predicted).sum())
    rates = {
        "recall": _ratio(hits, positive.sum()),
        "precision": _ratio(hits, predicted.sum()),
        "accuracy": _ratio(right.sum(), len(right)),
        "specificity": _ratio((right & ~positive).sum(), (~positive).sum()),
    }
    return rates | {name: _f(rates["precision"], rates["recall"], beta) for name, beta in BETAS.items()}


def _multiclass(data: Outcomes) -> Metrics:
    constant = np.full(len(data.labels), _all_classes(data)[-1], dtype=object)
    found, best = _weighted(data.labels, data.predictions), _weighted(data.labels, constant)
    return found | {f"{name}_best_constant_classifier": value for name, value in best.items()}


def _weighted(labels: np.ndarray, predictions: np.ndarray) -> Metrics:
    from sklearn.metrics import precision_recall_fscore_support

    measured = {"accuracy": float((labels == predictions).mean())}
    for name, beta in BETAS.items():
        precision, recall, score, _ = precision_recall_fscore_support(labels, predictions, beta=beta, average="weighted", zero_division=0)
        measured |= {"weighted_recall": recall, "weighted_precision": precision, f"weighted_{name}": score}
    return measured


def _confusion(data: Outcomes) -> dict[str, dict[str, int]]:
    classes = _all_classes(data)
    pairs = pd.Series(list(zip(data.labels, data.predictions, strict=True))).value_counts()
    return {actual: {predicted: int(pairs.get((actual, predicted), 0)) for predicted in classes} for actual in classes}


def _all_classes(data: Outcomes) -> list[str]:
    return sorted(set(data.labels) | set(data.predictions))


def _curves(data: Outcomes) -> dict[str, Any]:
    from sklearn.metrics import precision_recall_curve, roc_curve

    positive = data.labels == "1"
    if len(set(positive)) < 2:
        return {}
    false_positive, true_positive, _ = roc_curve(positive, data.scores)
    precisions, recalls, _ = precision_recall_curve(positive, data.scores)
    return {
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": _thinned(false_positive),
            "true_positive_rates": _thinned(true_positive),
        },
        "precision_recall_curve": {"precisions": _thinned(precisions[::-1]), "recalls": _thinned(recalls[::-1])},
    }


def _thinned(values: np.ndarray) -> list[float]:
    return values[np.unique(np.linspace(0, len(values) - 1, min(len(values), MOST_POINTS)).astype(int))].tolist()


def _ratio(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole else math.nan


def _f(precision: float, recall: float, beta: float) -> float:
    weighted = beta**2 * precision + recall
    return (1 + beta**2) * precision * recall / weighted if weighted else math.nan


def suggested(problem: str, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The content of ``constraints.json``: each metric must be as good as now."""
    values = {name: each["value"] for name, each in metrics.items() if isinstance(each, Mapping) and "value" in each}
    constraints = {name: {"threshold": value, "comparison_operator": _operator(name)} for name, value in values.items() if value != "NaN"}
    return {"version": 0.0, SECTIONS[problem].replace("_metrics", "_constraints"): constraints}


def _operator(name: str) -> str:
    """The comparison that is a violation: errors must not be larger, all other metrics not smaller."""
    return "GreaterThanThreshold" if name in ("mae", "mse", "rmse", "false_positive_rate", "false_negative_rate") else "LessThanThreshold"


def violations(problem: str, metrics: Mapping[str, Any], constraints: Mapping[str, Any]) -> Iterable[dict[str, str]]:
    """The entries of ``violations``: metrics that a constraint forbids."""
    for name, constraint in constraints.get(SECTIONS[problem].replace("_metrics", "_constraints"), {}).items():
        measured = metrics.get(name, {})
        value, limit, operator = measured.get("value", "NaN"), float(constraint["threshold"]), constraint["comparison_operator"]
        if value == "NaN" or not (value < limit if operator == "LessThanThreshold" else value > limit):
            continue
        description = f"Metric {name} with {value} +/- {measured['standard_deviation']} was {operator} '{limit}'"
        yield {"constraint_check_type": operator, "description": description, "metric_name": name}
