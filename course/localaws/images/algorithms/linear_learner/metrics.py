"""The metrics of the linear learner, and its threshold between two classes.

Names: "Tune a linear learner model" of the SageMaker developer guide, and job logs in public notebooks.
"""

from __future__ import annotations

import numpy as np


class ThresholdSweep:
    """All thresholds of a set of scores. At each, the rows with the highest scores are predicted positive.

    Parameters
    ----------
    scores, labels : array of shape (rows,)
    """

    def __init__(self, scores: np.ndarray, labels: np.ndarray) -> None:
        order = np.argsort(-scores, kind="stable")
        ranked, hits = scores[order], labels[order] > 0.5
        # Equal scores are never separated. Predicting nothing positive, and everything, are thresholds too.
        ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
        found = np.append(0, np.cumsum(hits)[ends]).astype(float)
        called = np.append(0, ends + 1).astype(float)
        self.positives, self.rows = float(hits.sum()), len(ranked)
        # Between the lowest score that is predicted positive and the next one below it.
        lowest = ranked[ends]
        self.thresholds = np.append(ranked[0], (lowest + np.append(lowest[1:], lowest[-1] - 2)) / 2)
        self.accuracy = (found + (self.rows - self.positives) - (called - found)) / self.rows
        self.precision = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
        self.recall = found / self.positives if self.positives else np.zeros_like(found)
        self.false_alarms = (called - found) / max(self.rows - self.positives, 1)

    def best(self, configuration: dict) -> tuple[float, float]:
        """The highest value of ``binary_classifier_model_selection_criteria``, and its threshold."""
        criterion = configuration["binary_classifier_model_selection_criteria"]
        values = {
            "accuracy": lambda: self.accuracy,
            "f1": lambda: f_beta(self.precision, self.recall, 1.0),
            "f_beta": lambda: f_beta(self.precision, self.recall, configuration["f_beta"]),
            "precision_at_target_recall": lambda: np.where(self.recall >= configuration["target_recall"], self.precision, -1),
            "recall_at_target_precision": lambda: np.where(self.precision >= configuration["target_precision"], self.recall, -1),
        }[criterion]()
        place = int(values.argmax())
        if values[place] < 0:  # no threshold reaches the target: take the nearest
            place = int(self.precision.argmax())
        return float(max(values[place], 0)), float(self.thresholds[place])

    def area(self) -> float:
        """The area under the ROC curve. NaN if one class is missing."""
        if self.positives in (0, self.rows):
            return float("nan")
        return float(np.trapezoid(self.recall, self.false_alarms))


def f_beta(precision: np.ndarray, recall: np.ndarray, beta: float) -> np.ndarray:
    weighted = beta**2 * np.asarray(precision) + recall
    return np.divide((1 + beta**2) * np.asarray(precision) * recall, weighted, out=np.zeros(np.shape(weighted)), where=weighted > 0)


def binary(scores: np.ndarray, predicted: np.ndarray, labels: np.ndarray, beta: float) -> dict[str, float]:
    hits = float((predicted * labels).sum())
    precision = hits / predicted.sum() if predicted.any() else 0.0
    recall = hits / labels.sum() if labels.any() else 0.0
    return {
        "binary_classification_accuracy": float(np.mean(predicted == labels)),
        f"binary_f_{beta:.3f}": float(f_beta(precision, recall, beta)),
        "precision": float(precision),
        "recall": float(recall),
        "roc_auc_score": ThresholdSweep(scores, labels).area(),
    }


def multiclass(scores: np.ndarray, labels: np.ndarray, top: int, beta: float) -> dict[str, float]:
    """The metrics of several classes. ``scores`` has shape (rows, classes). Means are over the classes that occur."""
    predicted = scores.argmax(axis=1)
    ranks = (scores > np.take_along_axis(scores, labels.astype(int)[:, None], axis=1)).sum(axis=1)
    hits, actual, called = (
        np.bincount(classes.astype(int), minlength=scores.shape[1]) for classes in (labels[predicted == labels], labels, predicted)
    )
    present = actual > 0
    recall = hits[present] / actual[present]
    precision = hits[present] / np.maximum(called[present], 1)
    return {
        "multiclass_accuracy": float(np.mean(predicted == labels)),
        f"multiclass_top_k_accuracy_{top}": float(np.mean(ranks < top)),
        "dcg": float(np.mean(1 / np.log2(ranks + 2))),
        "macro_recall": float(recall.mean()),
        "macro_precision": float(precision.mean()),
        f"macro_f_{beta:.3f}": float(f_beta(precision, recall, beta).mean()),
    }


def regression(scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    error = scores - labels
    return {"mse": float(np.mean(error**2)), "absolute_loss": float(np.mean(np.abs(error)))}
