"""k-nearest neighbours as in SageMaker: inference searches a sample of the training data, whose dimension may be reduced.

Matches the documented steps, metrics and answers: the most frequent label of the neighbours, or their mean. Different: every index is
searched exhaustively, so ``faiss.IVFFlat`` and ``faiss.IVFPQ`` answer like ``faiss.Flat``; on AWS they are faster approximations of it.
If labels are equally frequent, the one with the nearest neighbour wins (AWS does not document this). ``distances`` are Euclidean, or the
negated inner product or cosine with the other metrics, so that the smallest is always the nearest.
"""

from __future__ import annotations

import numpy as np

from course.localaws.images.algorithms import AlgorithmClientError
from course.localaws.images.algorithms.channels import Dataset
from course.localaws.images.algorithms.distances import pieces, squared
from course.localaws.images.algorithms.report import AlgorithmLog

RESPONSE = "predictions"


def train(configuration: dict, data: dict[str, Dataset], report: AlgorithmLog) -> dict[str, np.ndarray]:
    """``index`` of shape (sample, dimensions), ``labels`` of shape (sample,), and ``projection`` if the dimension is reduced."""
    _check(configuration)
    random = np.random.default_rng(0)
    rows = data["train"]
    chosen = np.sort(random.permutation(len(rows.features))[: configuration["sample_size"]])
    if len(chosen) < configuration["k"]:
        raise AlgorithmClientError(f"k is {configuration['k']}, and the sample of the channel 'train' holds only {len(chosen)} records.")
    index, projection = rows.features[chosen], _projection(configuration, rows.features.shape[1], random)
    report.progress(1, 1, len(rows.features))
    arrays = {"labels": rows.labels[chosen], "index": index if projection is None else (index @ projection).astype(np.float32)}
    if projection is not None:
        arrays["projection"] = projection
    if "test" in data:
        predicted = KnnModel(arrays, configuration).labels(data["test"].features)
        if configuration["predictor_type"] == "classifier":
            report.score("test", "accuracy", np.mean(predicted == data["test"].labels), "score")
        else:
            report.score("test", "mse", np.mean((predicted - data["test"].labels) ** 2), "loss")
    return arrays


class KnnModel:
    def __init__(self, arrays: dict[str, np.ndarray], configuration: dict) -> None:
        self._labels, self._projection = arrays["labels"].astype(float), arrays.get("projection")
        self._metric, self._k = configuration["index_metric"], configuration["k"]
        self._classes = configuration["predictor_type"] == "classifier"
        self._index = self._normalised(arrays["index"].astype(float))
        self.columns = self._index.shape[1] if self._projection is None else len(self._projection)

    def predict(self, features: np.ndarray, verbose: bool) -> list[dict]:
        numbers, distances = self._neighbours(features)
        predictions = [{"predicted_label": value} for value in self._vote(numbers).tolist()]
        if verbose:
            for prediction, number, distance in zip(predictions, numbers, distances, strict=True):
                prediction |= {"distances": distance.tolist(), "labels": self._labels[number].tolist()}
        return predictions

    def labels(self, features: np.ndarray) -> np.ndarray:
        return self._vote(self._neighbours(features)[0])

    def _neighbours(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The numbers and distances of the k nearest points, nearest first, both of shape (rows, k)."""
        rows = self._normalised((features if self._projection is None else features @ self._projection).astype(float))
        numbers, distances = np.empty((len(rows), self._k), np.intp), np.empty((len(rows), self._k))
        for piece in pieces(len(rows), len(self._index)):
            table = squared(rows[piece], self._index) if self._metric == "L2" else -rows[piece] @ self._index.T
            nearest = np.argpartition(table, self._k - 1, axis=1)[:, : self._k]
            order = np.argsort(np.take_along_axis(table, nearest, axis=1), axis=1, kind="stable")
            numbers[piece] = np.take_along_axis(nearest, order, axis=1)
            distances[piece] = np.take_along_axis(table, numbers[piece], axis=1)
        return numbers, np.sqrt(distances) if self._metric == "L2" else distances

    def _vote(self, numbers: np.ndarray) -> np.ndarray:
        labels = self._labels[numbers]
        if not self._classes:
            return labels.mean(axis=1)
        counts = (labels[:, :, None] == labels[:, None, :]).sum(axis=2)
        return np.take_along_axis(labels, counts.argmax(axis=1)[:, None], axis=1)[:, 0]

    def _normalised(self, rows: np.ndarray) -> np.ndarray:
        if self._metric != "COSINE":
            return rows
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / np.where(lengths > 0, lengths, 1)


def _check(configuration: dict) -> None:
    """Check the hyperparameters that depend on each other. Raises `AlgorithmClientError`."""
    kind, target = configuration["dimension_reduction_type"], configuration["dimension_reduction_target"]
    if kind and target is None:
        raise AlgorithmClientError("dimension_reduction_target is required when dimension_reduction_type is specified.")
    if target is not None and target >= configuration["feature_dim"]:
        raise AlgorithmClientError(
            f"dimension_reduction_target is {target}; it must be smaller than feature_dim, {configuration['feature_dim']}."
        )
    if configuration["index_type"] == "faiss.IVFPQ":
        if configuration["index_metric"] != "L2":
            raise AlgorithmClientError(f"index_metric {configuration['index_metric']} is not supported with index_type faiss.IVFPQ.")
        if configuration["faiss_index_pq_m"] is None:
            raise AlgorithmClientError("faiss_index_pq_m is required when index_type is faiss.IVFPQ.")


def _projection(configuration: dict, columns: int, random: np.random.Generator) -> np.ndarray | None:
    """A random projection that roughly preserves distances: random signs, or for ``fjlt`` a sample of a randomised Hadamard transform."""
    kind, target = configuration["dimension_reduction_type"], configuration["dimension_reduction_target"]
    if not kind:
        return None
    if kind == "sign":
        return random.choice([-1.0, 1.0], (columns, target)) / np.sqrt(target)
    hadamard = np.ones((1, 1))
    while len(hadamard) < columns:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    kept = random.permutation(len(hadamard))[:target]
    return random.choice([-1.0, 1.0], (columns, 1)) * hadamard[:columns, kept] / np.sqrt(target)


MODEL = KnnModel
