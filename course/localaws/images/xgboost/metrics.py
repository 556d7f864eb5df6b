"""The metrics that the XGBoost container adds to XGBoost's own. As there, scikit-learn computes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def _scikit_learn(name: str, **options: object) -> Callable[[np.ndarray, np.ndarray], float]:
    def score(labels: np.ndarray, predictions: np.ndarray) -> float:
        import sklearn.metrics  # the import takes a second, and few jobs use these metrics

        return float(getattr(sklearn.metrics, name)(labels, predictions, **options))

    return score


# By name: whether it compares classes (else numbers), and the function.
FUNCTIONS: dict[str, tuple[bool, Callable[[np.ndarray, np.ndarray], float]]] = {
    "accuracy": (True, _scikit_learn("accuracy_score")),
    "balanced_accuracy": (True, _scikit_learn("balanced_accuracy_score")),
    "f1": (True, _scikit_learn("f1_score", average="macro")),
    "f1_binary": (True, _scikit_learn("f1_score", average="binary")),
    "f1_macro": (True, _scikit_learn("f1_score", average="macro")),
    "precision": (True, _scikit_learn("precision_score")),
    "precision_macro": (True, _scikit_learn("precision_score", average="macro")),
    "precision_micro": (True, _scikit_learn("precision_score", average="micro")),
    "recall": (True, _scikit_learn("recall_score")),
    "recall_macro": (True, _scikit_learn("recall_score", average="macro")),
    "recall_micro": (True, _scikit_learn("recall_score", average="micro")),
    "mse": (False, _scikit_learn("mean_squared_error")),
    "r2": (False, _scikit_learn("r2_score")),
}


def evaluate(names: Sequence[str]) -> Callable:
    """A ``custom_metric`` for `xgboost.train` that computes all metrics in ``names``."""

    def custom_metric(predictions: np.ndarray, data) -> list[tuple[str, float]]:
        labels = data.get_label()
        return [(name, FUNCTIONS[name][1](labels, _classes(predictions) if FUNCTIONS[name][0] else predictions)) for name in names]

    return custom_metric


def _classes(predictions: np.ndarray) -> np.ndarray:
    """Classes from predictions: the most probable of a row, or a single probability rounded at one half."""
    if predictions.ndim == 2 and predictions.shape[1] > 1:
        return predictions.argmax(axis=1)
    flat = predictions.ravel()
    return np.where(flat > 0.5, 1, 0) if flat.min() >= 0 and flat.max() <= 1 else flat
