"""Compares k-means, PCA and k-NN with scikit-learn, within two per cent, and tests their hyperparameters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from course.localaws.images.algorithms import AlgorithmClientError
from course.localaws.images.algorithms.kmeans import algorithm as kmeans
from tests.localaws.images.algorithm_fixtures import DIABETES, DIGITS, WINE, Trained, halves, scaled

CLOSE = 1.02


@pytest.mark.parametrize(
    ("rows", "k"),
    [
        pytest.param(DIGITS.data, 10, id="digits", marks=pytest.mark.nightly),  # ten times the rows of the others
        pytest.param(scaled(WINE), 3, id="wine"),
        pytest.param(scaled(WINE), 12, id="wine-12"),
    ],
)
@pytest.mark.parametrize(
    "hyperparameters",
    [{}, {"init_method": "kmeans++", "mini_batch_size": 100, "epochs": 3}, {"half_life_time_size": 50}],
    ids=["defaults", "batches", "decay"],
)
def test_kmeans_is_as_tight_as_scikit_learns(rows: np.ndarray, k: int, hyperparameters: dict) -> None:
    reference = KMeans(k, n_init=10, random_state=0).fit(rows)
    trained = Trained("kmeans", {"k": k, "eval_metrics": '["ssd"]', **hyperparameters}, train=rows, test=rows)
    assert trained.metrics["test ssd"] <= CLOSE * reference.inertia_
    assert trained.metrics["train msd"] == pytest.approx(trained.metrics["test ssd"] / len(rows), rel=1e-4)
    assert "test msd" not in trained.metrics
    distances = trained.answers(rows, "distance_to_cluster")
    assert np.square(distances).sum() == pytest.approx(trained.metrics["test ssd"], rel=1e-4)
    centres = trained.arrays["centers"][trained.answers(rows, "closest_cluster").astype(int)]
    np.testing.assert_allclose(np.linalg.norm(rows - centres, axis=1), distances, rtol=1e-3, atol=1e-3)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 6), st.lists(st.integers(-2, 2), min_size=6, max_size=30), st.sampled_from(["random", "kmeans++"]))
def test_kmeans_of_any_points_has_finite_centres_inside_them(k: int, values: list[int], method: str) -> None:
    hyperparameters = {"k": k, "mini_batch_size": 5, "init_method": method, "local_lloyd_init_method": method}
    trained = Trained("kmeans", hyperparameters, train=np.c_[values])
    centres = trained.arrays["centers"]
    assert centres.shape == (k, 1) and min(values) - 1e-6 <= centres.min() and centres.max() <= max(values) + 1e-6
    assert trained.metrics["train msd"] <= np.var(values) + 1e-6


@given(st.integers(1, 5), st.lists(st.floats(-100, 100), min_size=5, max_size=40))
def test_an_iteration_of_lloyd_never_loosens_the_clusters(k: int, values: list[float]) -> None:
    points, weights = np.c_[values], np.arange(1.0, len(values) + 1)
    means = [kmeans.lloyd(points, weights, points[:k], most, 0)[1] for most in range(6)]
    assert all(after <= before + 1e-9 * (1 + before) for before, after in zip(means, means[1:], strict=False))


@pytest.mark.parametrize("rows", [DIGITS.data, scaled(WINE)], ids=["digits", "wine"])
def test_pca_finds_scikit_learns_components(rows: np.ndarray) -> None:
    reference = PCA(5).fit(rows)
    trained = Trained("pca", {"num_components": 5, "mini_batch_size": 64}, train=rows, test=rows)
    projections = trained.answers(rows, "projection")
    assert projections.var(axis=0).sum() >= reference.explained_variance_.sum() * (len(rows) - 1) / len(rows) / CLOSE
    np.testing.assert_allclose(trained.arrays["s"], reference.singular_values_[::-1], rtol=1e-3)
    cosines = np.linalg.svd(trained.arrays["v"].T @ reference.components_.T, compute_uv=False)
    np.testing.assert_allclose(cosines, 1, atol=1e-3)  # of the angles between the two subspaces
    assert (np.take_along_axis(trained.arrays["v"], np.abs(trained.arrays["v"]).argmax(axis=0)[None], axis=0) > 0).all()


def test_pca_without_subtracting_the_mean() -> None:
    rows = DIGITS.data
    trained = Trained("pca", {"num_components": 3, "mini_batch_size": 500, "subtract_mean": "False"}, train=rows)
    assert not trained.arrays["mean"].any()
    np.testing.assert_allclose(trained.arrays["s"], np.linalg.svd(rows, compute_uv=False)[2::-1], rtol=1e-3)


def test_randomized_pca_finds_the_subspace_of_data_that_lie_in_one_and_comes_near_it_in_others() -> None:
    random = np.random.default_rng(0)
    low = random.normal(size=(2000, 4)) @ random.normal(size=(4, 30)) + 5
    parameters = {"num_components": 4, "mini_batch_size": 300, "algorithm_mode": "randomized"}
    vectors = Trained("pca", parameters, train=low).arrays["v"]
    centred = low - low.mean(axis=0)
    np.testing.assert_allclose(centred @ vectors @ vectors.T, centred, atol=1e-3)
    rows = DIGITS.data
    share = PCA(5).fit(rows).explained_variance_.sum()
    shares = []
    for extra in (0, -1, 60):
        trained = Trained("pca", parameters | {"num_components": 5, "extra_components": extra}, train=rows)
        shares.append(trained.answers(rows, "projection").var(axis=0).sum() / share)
    assert shares == sorted(shares) and shares[-1] > 0.9


def test_pca_has_no_more_components_than_features() -> None:
    with pytest.raises(AlgorithmClientError, match="num_components is 14; there are at most as many as features"):
        Trained("pca", {"num_components": 14, "mini_batch_size": 500}, train=WINE.data)


@pytest.mark.parametrize("data", [DIGITS, WINE], ids=["digits", "wine"])
@pytest.mark.parametrize(
    "index", [{}, {"index_type": "faiss.IVFFlat"}, {"index_type": "faiss.IVFPQ", "faiss_index_pq_m": 8}], ids=["flat", "ivf", "pq"]
)
def test_knn_classifies_as_well_as_scikit_learn(data: object, index: dict) -> None:
    train, test = halves(data)
    reference = KNeighborsClassifier(5).fit(*train).score(*test)
    parameters = {"k": 5, "sample_size": 10_000, "predictor_type": "classifier", **index}
    trained = Trained("knn", parameters, train=train, test=test)
    assert trained.metrics["test accuracy"] * CLOSE >= reference
    assert trained.metrics["test accuracy"] == np.mean(trained.answers(test[0], "predicted_label") == test[1])


def test_knn_regresses_as_scikit_learn_does() -> None:
    for data in (DIABETES, WINE):
        train, test = halves(data)
        predictions = KNeighborsRegressor(5).fit(*train).predict(test[0])
        trained = Trained("knn", {"k": 5, "sample_size": 10_000, "predictor_type": "regressor"}, train=train, test=test)
        assert trained.metrics["test mse"] <= CLOSE * np.mean((predictions - test[1]) ** 2)


@pytest.mark.parametrize("metric", ["L2", "COSINE", "INNER_PRODUCT"])
def test_knn_finds_the_nearest_by_each_metric(metric: str) -> None:
    (rows, labels), (asked, _) = halves(WINE)
    trained = Trained("knn", {"k": 4, "sample_size": 1000, "predictor_type": "classifier", "index_metric": metric}, train=(rows, labels))
    if metric == "L2":
        table = np.linalg.norm(asked[:, None] - rows, axis=2)
    else:
        table = -asked @ rows.T
        if metric == "COSINE":
            table /= np.linalg.norm(asked, axis=1)[:, None] * np.linalg.norm(rows, axis=1)
    np.testing.assert_allclose(trained.answers(asked, "distances", verbose=True), np.sort(table, axis=1)[:, :4], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", ["sign", "fjlt"])
def test_knn_in_fewer_dimensions_keeps_distances_roughly(kind: str) -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(50, 200))
    parameters = {"k": 50, "sample_size": 50, "predictor_type": "regressor", "dimension_reduction_type": kind}
    trained = Trained("knn", parameters | {"dimension_reduction_target": 120}, train=(rows, np.arange(50)))
    assert trained.arrays["index"].shape == (50, 120)
    order = trained.answers(rows, "labels", verbose=True).astype(int)
    found = trained.answers(rows, "distances", verbose=True)
    exact = np.linalg.norm(rows[:, None] - rows[order], axis=2)
    assert (order[:, 0] == np.arange(50)).all() and np.abs(found[:, 1:] / exact[:, 1:] - 1).mean() < 0.1


def test_knn_takes_a_sample_of_its_training_data() -> None:
    trained = Trained("knn", {"k": 1, "sample_size": 60, "predictor_type": "classifier"}, train=(WINE.data, WINE.target))
    assert trained.arrays["index"].shape == (60, 13) and len(set(trained.arrays["labels"])) == 3


@pytest.mark.parametrize(
    ("hyperparameters", "words"),
    [
        ({"k": 200}, "k is 200, and the sample of the channel 'train' holds only 178 records"),
        ({"dimension_reduction_type": "sign"}, "dimension_reduction_target is required"),
        ({"dimension_reduction_type": "sign", "dimension_reduction_target": 13}, "must be smaller than feature_dim, 13"),
        ({"index_type": "faiss.IVFPQ", "index_metric": "COSINE"}, "index_metric COSINE is not supported with index_type faiss.IVFPQ"),
        ({"index_type": "faiss.IVFPQ"}, "faiss_index_pq_m is required"),
        ({"faiss_index_pq_m": 5}, "accepts one of the following: '1', '2'"),
    ],
)
def test_knn_refuses_hyperparameters_that_contradict_each_other(hyperparameters: dict, words: str) -> None:
    with pytest.raises(AlgorithmClientError, match=words):
        Trained("knn", {"k": 1, "sample_size": 1000, "predictor_type": "classifier"} | hyperparameters, train=(WINE.data, WINE.target))
