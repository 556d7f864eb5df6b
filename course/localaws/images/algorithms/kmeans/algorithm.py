"""K-means as in SageMaker: mini-batches move many centres, then Lloyd's algorithm reduces them to k.

Matches the steps of "How K-Means Clustering Works" in the developer guide: ``k * extra_center_factor`` centres from the first batch,
weighted means of a batch's points with decay, Lloyd's algorithm over those centres from several starts. Different: each centre has the
weight of its points; each attempt continues on a sample of 5,000 records, and the best attempt on the whole training data, so that the
result is no worse than that of plain k-means. ``train msd`` is therefore the mean over the whole training data.
"""

from __future__ import annotations

import numpy as np

from course.localaws.images.algorithms import AlgorithmClientError
from course.localaws.images.algorithms.channels import Dataset
from course.localaws.images.algorithms.distances import nearest
from course.localaws.images.algorithms.report import AlgorithmLog

RESPONSE = "predictions"
EXTRA_CENTRES, TRIALS = 10, 10  # AWS's value for "auto"
SAMPLE = 5000  # records, AWS's default size of a mini-batch


def train(configuration: dict, data: dict[str, Dataset], report: AlgorithmLog) -> dict[str, np.ndarray]:
    """``centers`` of shape (k, columns)."""
    random = np.random.default_rng(0)
    points = random.permutation(data["train"].features.astype(float))
    k = configuration["k"]
    if len(points) < k:
        raise AlgorithmClientError(f"k is {k}, and the channel 'train' holds only {len(points)} records.")
    centres, counts = _mini_batches(points, configuration, random, report)
    report.info("shrinking %s centers into %s", len(centres), k)
    centres = _reduced(centres, counts, points[:SAMPLE], configuration, random, report)
    centres, msd = lloyd(points, np.ones(len(points)), centres, configuration["local_lloyd_max_iter"], configuration["local_lloyd_tol"])
    report.quality("train", "msd", msd, "loss")
    if "test" in data:
        _, distances = nearest(data["test"].features.astype(float), centres)
        for name, value in (("msd", distances.mean()), ("ssd", distances.sum())):
            if name in configuration["eval_metrics"]:
                report.score("test", name, value, "loss")
    return {"centers": centres}


class KMeansModel:
    def __init__(self, arrays: dict[str, np.ndarray], configuration: dict) -> None:
        self._centres = arrays["centers"]
        self.columns = self._centres.shape[1]

    def predict(self, features: np.ndarray, verbose: bool) -> list[dict]:
        numbers, distances = nearest(features.astype(float), self._centres)
        return [
            {"closest_cluster": float(number), "distance_to_cluster": float(distance)}
            for number, distance in zip(numbers, np.sqrt(distances), strict=True)
        ]


def _mini_batches(
    points: np.ndarray, configuration: dict, random: np.random.Generator, report: AlgorithmLog
) -> tuple[np.ndarray, np.ndarray]:
    """The centres after all epochs, and the number of points of each. Centres without points are left out."""
    size, half_life, epochs = configuration["mini_batch_size"], configuration["half_life_time_size"], configuration["epochs"]
    factor = EXTRA_CENTRES if configuration["extra_center_factor"] == "auto" else configuration["extra_center_factor"]
    batch = points[: max(size, configuration["k"])]
    wanted = min(configuration["k"] * factor, len(batch))
    centres = start(batch, np.ones(len(batch)), wanted, configuration["init_method"], random)
    counts = np.zeros(len(centres))
    for epoch in range(epochs):
        for first in range(0, len(points), size):
            batch = points[first : first + size]
            if half_life:
                counts *= 0.5 ** (len(batch) / half_life)
            sums, new = _sums(batch, np.ones(len(batch)), nearest(batch, centres)[0], len(centres))
            counts += new
            moved = new > 0
            share = (new[moved] / counts[moved])[:, None]
            centres[moved] = (1 - share) * centres[moved] + share * sums[moved] / new[moved][:, None]
        report.info("processed a total of %s examples", len(points))
        report.progress(epoch + 1, epochs, len(points))
    used = counts > 0
    # With many equal points, fewer than k centres have points. Then the others are kept, with almost no weight.
    return (centres[used], counts[used]) if used.sum() >= configuration["k"] else (centres, np.maximum(counts, 1e-12))


def _reduced(
    centres: np.ndarray, counts: np.ndarray, sample: np.ndarray, configuration: dict, random: np.random.Generator, report: AlgorithmLog
) -> np.ndarray:
    """The k centres of the attempt with the smallest mean squared distance on ``sample``."""
    most, tolerance = configuration["local_lloyd_max_iter"], configuration["local_lloyd_tol"]
    trials = TRIALS if configuration["local_lloyd_num_trials"] == "auto" else configuration["local_lloyd_num_trials"]
    best, least = centres[: configuration["k"]], np.inf
    for trial in range(trials):
        first = start(centres, counts, configuration["k"], configuration["local_lloyd_init_method"], random)
        found, _ = lloyd(centres, counts, first, most, tolerance)
        found, msd = lloyd(sample, np.ones(len(sample)), found, most, tolerance)
        report.info("local kmeans attempt #%s. Current mean square distance %f", trial, msd)
        if msd < least:
            best, least = found, msd
    return best


def start(points: np.ndarray, weights: np.ndarray, k: int, method: str, random: np.random.Generator) -> np.ndarray:
    """k of the points, drawn uniformly or, with ``kmeans++``, by weight times squared distance from the points drawn before."""
    if method == "random":
        return points[random.choice(len(points), k, replace=False)].copy()
    chosen = [random.choice(len(points), p=weights / weights.sum())]
    distances = np.full(len(points), np.inf)
    while len(chosen) < k:
        distances = np.minimum(distances, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
        mass = distances * weights
        chosen.append(random.choice(len(points), p=mass / mass.sum()) if mass.sum() > 0 else len(chosen))
    return points[chosen].copy()


def lloyd(points: np.ndarray, weights: np.ndarray, centres: np.ndarray, most: int, tolerance: float) -> tuple[np.ndarray, float]:
    """Lloyd's algorithm. Returns the centres and the weighted mean of the squared distances to them.

    It ends after ``most`` iterations, or when an iteration reduces the mean by at most the share ``tolerance``.
    """
    centres, before, total = centres.copy(), np.inf, weights.sum()
    numbers, distances = nearest(points, centres)
    for _ in range(most):
        mean = float(distances @ weights / total)
        if before - mean <= tolerance * mean:
            break
        before = mean
        sums, counts = _sums(points, weights, numbers, len(centres))
        used = counts > 0
        centres[used] = sums[used] / counts[used][:, None]
        numbers, distances = nearest(points, centres)
    return centres, float(distances @ weights / total)


def _sums(points: np.ndarray, weights: np.ndarray, numbers: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The weighted sum of each centre's points, of shape (k, columns), and their total weight, of shape (k,)."""
    sums = np.column_stack([np.bincount(numbers, weights * column, k) for column in points.T])
    return sums, np.bincount(numbers, weights, k)


MODEL = KMeansModel
