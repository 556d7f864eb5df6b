"""PCA as in SageMaker: the singular vectors of the centred data, from sums over mini-batches.

Matches "How PCA Works" of the developer guide in both modes, and AWS's model in its arrays: ``s``, singular values in ascending order,
``v`` of shape (columns, components) in the same order, and ``mean``. Different: ``randomized`` draws random signs, never an FJLT; the
sign of a component is arbitrary, so its largest entry is made positive; for a test channel the log has the share of its variance that
the projection keeps, and no metric (AWS does not document how it scores one).
"""

from __future__ import annotations

import numpy as np

from course.localaws.images.algorithms import AlgorithmClientError
from course.localaws.images.algorithms.channels import Dataset
from course.localaws.images.algorithms.report import AlgorithmLog

RESPONSE = "projections"
LEAST_EXTRA = 10  # the least number of extra components that -1 means


def train(configuration: dict, data: dict[str, Dataset], report: AlgorithmLog) -> dict[str, np.ndarray]:
    """``mean`` of shape (1, columns), ``v`` of shape (columns, components), ``s`` of shape (components,)."""
    rows = data["train"].features.astype(float)
    wanted = configuration["num_components"]
    if wanted > min(rows.shape):
        raise AlgorithmClientError(
            f"num_components is {wanted}; there are at most as many as features ({rows.shape[1]}) and as records ({rows.shape[0]})."
        )
    mean = rows.mean(axis=0) if configuration["subtract_mean"] else np.zeros(rows.shape[1])
    decompose = _regular if configuration["algorithm_mode"] == "regular" else _randomized
    values, vectors = decompose(rows, mean, configuration)
    report.progress(1, 1, len(rows))
    vectors = vectors[:, :wanted]
    vectors *= np.sign(np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0))
    arrays = {"mean": mean[None], "v": vectors[:, ::-1], "s": values[:wanted][::-1]}
    if "test" in data:
        centred = data["test"].features - mean
        total = (centred**2).sum()
        report.info("The projection keeps %f of the variance of the test data.", ((centred @ vectors) ** 2).sum() / total if total else 1.0)
    return arrays


class PcaModel:
    def __init__(self, arrays: dict[str, np.ndarray], configuration: dict) -> None:
        self._mean, self._vectors = arrays["mean"], arrays["v"]
        self.columns = len(self._vectors)

    def predict(self, features: np.ndarray, verbose: bool) -> list[dict]:
        return [{"projection": row} for row in ((features - self._mean) @ self._vectors).tolist()]


def _regular(rows: np.ndarray, mean: np.ndarray, configuration: dict) -> tuple[np.ndarray, np.ndarray]:
    """Singular values, largest first, and singular vectors, from the scatter matrix."""
    scatter = np.zeros((rows.shape[1], rows.shape[1]))
    for batch in _batches(rows, configuration):
        scatter += (batch - mean).T @ (batch - mean)
    values, vectors = np.linalg.eigh(scatter)
    return np.sqrt(np.maximum(values[::-1], 0)), vectors[:, ::-1]


def _randomized(rows: np.ndarray, mean: np.ndarray, configuration: dict) -> tuple[np.ndarray, np.ndarray]:
    """The same, from a sketch: the sum of all batches, each multiplied by a matrix of random signs."""
    wanted, extra = configuration["num_components"], configuration["extra_components"]
    size = wanted + (max(LEAST_EXTRA, wanted) if extra == -1 else extra)
    random, sketch = np.random.default_rng(0), np.zeros((size, rows.shape[1]))
    for batch in _batches(rows, configuration):
        sketch += random.choice([-1.0, 1.0], (size, len(batch))) @ (batch - mean)
    _, values, vectors = np.linalg.svd(sketch / np.sqrt(size), full_matrices=False)
    return values, vectors.T


def _batches(rows: np.ndarray, configuration: dict) -> list[np.ndarray]:
    size = configuration["mini_batch_size"]
    return [rows[first : first + size] for first in range(0, len(rows), size)]


MODEL = PcaModel
