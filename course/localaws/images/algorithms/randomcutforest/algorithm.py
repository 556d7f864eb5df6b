"""Random Cut Forest as in SageMaker: trees of random cuts through samples of the data. A point's depth in them gives its score.

Matches "How RCF Works" of the developer guide. The sample has as many records as all trees together, in equal parts (smaller trees if
there are fewer records). A cut chooses a dimension with a probability proportional to the extent of the data in it. The score is the
expected value over all trees that could result with the point in them, as in aws/random-cut-forest-by-aws (``AnomalyScoreVisitor``,
``CommonUtils``: 1 / (depth + 1) for a new point, reduced by its mass for a known one, times the logarithm of the tree's size). A point of
the test channel is anomalous if its score is more than three standard deviations above the mean. Different: the sample is drawn at once,
not by a reservoir; ``precision``, ``recall`` and ``accuracy`` are metrics too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from course.localaws.images.algorithms import AlgorithmClientError
from course.localaws.images.algorithms.channels import Dataset
from course.localaws.images.algorithms.distances import pieces
from course.localaws.images.algorithms.report import AlgorithmLog

RESPONSE = "scores"
SIGMAS = 3
LEAF = -1


def train(configuration: dict, data: dict[str, Dataset], report: AlgorithmLog) -> dict[str, np.ndarray]:
    """The arrays of a `Forest`."""
    rows, trees = data["train"].features, configuration["num_trees"]
    size = min(configuration["num_samples_per_tree"], len(rows) // trees)
    if size == 0:
        raise AlgorithmClientError(
            f"num_trees is {trees}, and the channel 'train' holds only {len(rows)} records: each tree needs at least one."
        )
    random = np.random.default_rng(0)
    report.info("Sampling training data...")
    chosen = random.permutation(len(rows))[: trees * size]
    report.progress(1, 1, len(rows))
    forest = grow(rows[chosen].reshape(trees, size, -1), random)
    report.info(
        "Random Cut Forest built: num_trees: %s, num_samples_in_forest: %s, num_samples_per_tree: %s, sample_dim: %s, num_nodes: %s",
        trees,
        len(chosen),
        size,
        rows.shape[1],
        len(forest.left),
    )
    if "test" in data:
        _evaluate(forest, data["test"], configuration["eval_metrics"], report)
    return forest.arrays()


class RandomCutForestModel:
    def __init__(self, arrays: dict[str, np.ndarray], configuration: dict) -> None:
        self._forest = Forest(**arrays)
        self.columns = self._forest.lower.shape[1]

    def predict(self, features: np.ndarray, verbose: bool) -> list[dict]:
        return [{"score": score} for score in self._forest.scores(features).tolist()]


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees of cuts. The first nodes are the roots. A node's right child follows its left child.

    Attributes
    ----------
    lower, upper : array of shape (nodes, columns)
        The box around a node's points.
    mass : array of shape (nodes,)
        The number of its points.
    left : array of shape (nodes,)
        The number of its left child, `LEAF` if all its points are equal.
    dimension, position : array of shape (nodes,)
        Its cut: points up to the position go left.
    trees : array of shape ()
    """

    lower: np.ndarray
    upper: np.ndarray
    mass: np.ndarray
    left: np.ndarray
    dimension: np.ndarray
    position: np.ndarray
    trees: np.ndarray
    _extent: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_extent", (self.upper - self.lower).sum(axis=1, dtype=float))

    def arrays(self) -> dict[str, np.ndarray]:
        return {name: getattr(self, name) for name in ("lower", "upper", "mass", "left", "dimension", "position", "trees")}

    def scores(self, points: np.ndarray) -> np.ndarray:
        """The anomaly score of each point: the mean over all trees."""
        trees = int(self.trees)
        scores = np.empty(len(points))
        for piece in pieces(len(points), trees * points.shape[1]):
            rows = np.repeat(points[piece], trees, axis=0)
            scores[piece] = self._walk(rows, np.tile(np.arange(trees), len(rows) // trees)).reshape(-1, trees).mean(axis=1)
        return scores

    def _walk(self, points: np.ndarray, nodes: np.ndarray) -> np.ndarray:
        """Scores of points, each in the tree with its root in ``nodes``.

        At every node the score adds the probability that a cut separates the point from the node's box times the score of a leaf there, and
        the probability that none does times the score from below.
        """
        size = self.mass[nodes].astype(float)
        scores, chance, active, depth = np.zeros(len(points)), np.ones(len(points)), np.arange(len(points)), 0
        while len(active):
            here = points[active]
            outside = np.maximum(self.lower[nodes] - here, 0).sum(axis=1) + np.maximum(here - self.upper[nodes], 0).sum(axis=1)
            whole = outside + self._extent[nodes]
            parted = np.divide(outside, whole, out=np.zeros(len(active)), where=whole > 0)
            scores[active] += chance[active] * parted / (depth + 1)
            chance[active] *= 1 - parted
            leaves = self.left[nodes] == LEAF
            if leaves.any():
                mass, known = self.mass[nodes[leaves]], active[leaves]
                scores[known] += chance[known] * (1 - mass / (2 * size[known])) / (depth + np.log2(mass + 1))
            going = ~leaves & (chance[active] > 0)
            active, nodes, here = active[going], nodes[going], here[going]
            right = here[np.arange(len(active)), self.dimension[nodes]] > self.position[nodes]
            nodes, depth = self.left[nodes] + right, depth + 1
        return scores * np.log2(size + 1)


def grow(samples: np.ndarray, random: np.random.Generator) -> Forest:
    """Grow all trees at once, level by level.

    Parameters
    ----------
    samples : array of shape (trees, samples, columns)
    """
    trees, size, columns = samples.shape
    points, nodes = samples.reshape(-1, columns), np.repeat(np.arange(trees), size)
    levels: list[dict[str, np.ndarray]] = []
    first = trees  # number of the next level's first node
    while len(points):
        # The points are sorted by their nodes.
        starts = np.flatnonzero(np.diff(nodes, prepend=-1))
        level = {
            "lower": np.minimum.reduceat(points, starts),
            "upper": np.maximum.reduceat(points, starts),
            "mass": np.diff(starts, append=len(points)),
        }
        dimension, position = _cuts(level["lower"], level["upper"], random)
        parted = dimension != LEAF
        level |= {"dimension": dimension, "position": position, "left": np.full(len(starts), LEAF)}
        level["left"][parted] = first + 2 * np.arange(parted.sum())
        levels.append(level)
        owners = np.repeat(np.arange(len(starts)), level["mass"])
        going = parted[owners]
        points, owners = points[going], owners[going]
        right = points[np.arange(len(points)), dimension[owners]] > position[owners]
        nodes = level["left"][owners] + right
        order = np.argsort(nodes, kind="stable")
        points, nodes = points[order], nodes[order]
        first += 2 * int(parted.sum())
    return Forest(**{name: np.concatenate([level[name] for level in levels]) for name in levels[0]}, trees=np.array(trees))


def _cuts(lower: np.ndarray, upper: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A random cut through each box: its dimension (`LEAF` for a box without extent) and position.

    One uniform random number along the sum of the box's sides gives both.
    """
    ends = np.cumsum(upper.astype(float) - lower, axis=1)
    drawn = np.minimum(random.random(len(lower)) * ends[:, -1], np.nextafter(ends[:, -1], -np.inf))
    dimension = (ends <= drawn[:, None]).sum(axis=1)
    boxes = np.arange(len(lower))
    low, high = lower[boxes, dimension].astype(float), upper[boxes, dimension].astype(float)
    position = np.clip(high - (ends[boxes, dimension] - drawn), low, np.nextafter(high, -np.inf))
    return np.where(high > low, dimension, LEAF), position


def _evaluate(forest: Forest, test: Dataset, wanted: list[str], report: AlgorithmLog) -> None:
    scores = forest.scores(test.features)
    called, labels = scores > scores.mean() + SIGMAS * scores.std(), test.labels > 0.5
    hits = float((called & labels).sum())
    if "accuracy" in wanted:
        report.score("test", "accuracy", np.mean(called == labels), "score")
    if "precision_recall_fscore" in wanted:
        report.score("test", "precision", hits / max(called.sum(), 1), "score")
        report.score("test", "recall", hits / max(labels.sum(), 1), "score")
        report.score("test", "f1", 2 * hits / max(called.sum() + labels.sum(), 1), "score")


MODEL = RandomCutForestModel
