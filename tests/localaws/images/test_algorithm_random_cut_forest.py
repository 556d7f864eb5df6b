"""Random Cut Forest: trees and scores match their definition, and it finds anomalies as well as an isolation forest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from sklearn.ensemble import IsolationForest
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from course.localaws.images.algorithms import AlgorithmClientError
from course.localaws.images.algorithms.randomcutforest.algorithm import LEAF, Forest, grow
from tests.localaws.images.algorithm_fixtures import CANCER, DIGITS, Trained

CLOSE = 1.02
samples = arrays(np.float32, array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=6), elements=st.integers(-3, 3).map(float))


def leaf_of(forest: Forest, tree: int, point: np.ndarray) -> tuple[int, int]:
    """The node and the depth of a point of the sample."""
    node, depth = tree, 0
    while forest.left[node] != LEAF:
        node, depth = forest.left[node] + (point[forest.dimension[node]] > forest.position[node]), depth + 1
    return node, depth


@settings(deadline=None)
@given(samples, st.integers(0, 1000))
def test_every_point_has_a_leaf_of_its_own_and_every_cut_parts_its_box(given_samples: np.ndarray, seed: int) -> None:
    forest = grow(given_samples, np.random.default_rng(seed))
    for tree, points in enumerate(given_samples):
        assert forest.mass[tree] == len(points)
        for point in points:
            leaf, _ = leaf_of(forest, tree, point)
            assert (forest.lower[leaf] == point).all() and (forest.upper[leaf] == point).all()
            assert forest.mass[leaf] == (points == point).all(axis=1).sum()
    for node in np.flatnonzero(forest.left != LEAF):
        left, right = forest.left[node], forest.left[node] + 1
        dimension, position = forest.dimension[node], forest.position[node]
        assert forest.mass[node] == forest.mass[left] + forest.mass[right]
        assert forest.upper[left, dimension] <= position < forest.lower[right, dimension]
        assert (np.minimum(forest.lower[left], forest.lower[right]) == forest.lower[node]).all()
        assert (np.maximum(forest.upper[left], forest.upper[right]) == forest.upper[node]).all()


def test_cuts_go_through_dimensions_by_their_extent() -> None:
    sample = np.float32([[0, 0, 5], [1, 3, 5]])
    forest = grow(np.repeat(sample[None], 8000, axis=0), np.random.default_rng(0))
    roots = forest.dimension[:8000]
    assert np.bincount(roots, minlength=3)[:3] / 8000 == pytest.approx([0.25, 0.75, 0], abs=0.02)
    assert forest.position[:8000][roots == 1].mean() == pytest.approx(1.5, abs=0.05)


@pytest.mark.parametrize("point", [[0.0, 0.0], [3.0, -1.0], [9.0, 9.0], [0.1, 4.0]])
def test_the_score_is_the_mean_over_the_trees_that_had_come_about_with_the_point(point: list[float]) -> None:
    """By definition, a tree with the point is drawn like a tree without it, into which the point is then inserted."""
    sample = np.random.default_rng(3).normal(size=(7, 2)).astype(np.float32)
    trees = 6000
    without = grow(np.repeat(sample[None], trees, axis=0), np.random.default_rng(0))
    whole = np.vstack([sample, np.float32([point])])
    with_it = grow(np.repeat(whole[None], trees, axis=0), np.random.default_rng(1))
    depths = np.array([leaf_of(with_it, tree, whole[-1])[1] for tree in range(trees)])
    score = without.scores(np.float32([point]))[0] / np.log2(len(sample) + 1)
    assert score == pytest.approx(np.mean(1 / depths), rel=0.03)


def test_a_point_scores_higher_the_farther_it_is_from_the_others() -> None:
    rows = np.random.default_rng(0).normal(size=(5000, 3))
    trained = Trained("randomcutforest", {}, train=rows)
    scores = trained.answers(np.outer([0, 2, 4, 8, 16, 1000], [1, 1, 1]), "score")
    assert (np.diff(scores) > 0).all() and scores[0] < 1 < scores[2]


def test_a_known_point_scores_the_lower_the_more_often_it_comes() -> None:
    """By the formula of AWS's library: (1 - mass / 2 size) / (depth + log2(mass + 1)), times log2(size + 1)."""
    rows = np.append(np.zeros(60), np.ones(4))[:, None]
    forest = grow(np.repeat(rows[None], 50, axis=0), np.random.default_rng(0))
    often, seldom, new = forest.scores(np.array([[0.0], [1.0], [0.5]]))
    scale = np.log2(65)
    assert often == pytest.approx((1 - 60 / 128) / (1 + np.log2(61)) * scale)
    assert seldom == pytest.approx((1 - 4 / 128) / (1 + np.log2(5)) * scale)
    assert often < seldom < new == pytest.approx(scale / 2)


@pytest.mark.parametrize(
    ("rows", "anomalous"),
    [(CANCER.data, CANCER.target == 0), (DIGITS.data, DIGITS.target != 0), (DIGITS.data, DIGITS.target != 6)],
    ids=["cancer", "digit-0", "digit-6"],
)
def test_it_ranks_anomalies_as_well_as_an_isolation_forest(rows: np.ndarray, anomalous: np.ndarray) -> None:
    reference = IsolationForest(random_state=0).fit(rows[~anomalous])
    trained = Trained("randomcutforest", {"num_trees": 50}, train=rows[~anomalous])
    found = roc_auc_score(anomalous, trained.answers(rows, "score"))
    assert found * CLOSE >= roc_auc_score(anomalous, -reference.score_samples(rows))


def test_test_data_are_judged_by_three_standard_deviations() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(3000, 2))
    asked = np.vstack([rows[:980], random.normal(size=(20, 2)) + 12])
    labels = (np.arange(1000) >= 978).astype(float)
    trained = Trained("randomcutforest", {"num_trees": 50}, train=rows, test=(asked, labels))
    scores = trained.answers(asked, "score")
    called = scores > scores.mean() + 3 * scores.std()
    assert called.sum() > 10
    assert trained.metrics == {
        "test accuracy": pytest.approx(np.mean(called == labels)),
        "test precision": pytest.approx(precision_score(labels, called)),
        "test recall": pytest.approx(recall_score(labels, called)),
        "test f1": pytest.approx(f1_score(labels, called)),
    }
    some = Trained("randomcutforest", {"num_trees": 50, "eval_metrics": '["accuracy"]'}, train=rows, test=(asked, labels))
    assert set(some.metrics) == {"test accuracy"}


def test_the_sample_is_as_large_as_all_trees_together_and_no_larger_than_the_data() -> None:
    rows = np.random.default_rng(0).normal(size=(4032, 1))
    few = Trained("randomcutforest", {"num_trees": 50, "num_samples_per_tree": 512}, train=rows)
    assert (few.arrays["mass"][:50] == 80).all()  # as in AWS's log of such a job
    many = Trained("randomcutforest", {"num_trees": 50, "num_samples_per_tree": 30}, train=rows)
    assert (many.arrays["mass"][:50] == 30).all()
    with pytest.raises(AlgorithmClientError, match="num_trees is 100, and the channel 'train' holds only 99 records"):
        Trained("randomcutforest", {}, train=rows[:99])
