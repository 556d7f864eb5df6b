"""LDA and NTM on documents whose topics are known (the bars of Griffiths and Steyvers, 2004), and their hyperparameters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score

from course.localaws.images.algorithms import AlgorithmClientError
from course.localaws.images.algorithms.ntm import topics
from course.localaws.images.algorithms.ntm.stopping import EarlyStopping
from tests.localaws.images.algorithm_fixtures import Trained
from tests.localaws.sagemaker.job_fixtures import needs_torch

SIDE, LENGTH = 5, 60
TOPICS = np.kron(np.eye(SIDE), np.full((1, SIDE), 1 / SIDE))  # a row of a square of words is a topic


def corpus(documents: int, seed: int, concentration: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Counts of shape (documents, 25), and topic mixtures of shape (documents, 5)."""
    random = np.random.default_rng(seed)
    mixtures = random.dirichlet([concentration] * SIDE, documents)
    return np.array([random.multinomial(LENGTH, row) for row in mixtures @ TOPICS]), mixtures


def per_word(counts: np.ndarray, probabilities: np.ndarray) -> float:
    """The mean logarithm of the probability of a word."""
    return float((counts * np.log(np.maximum(probabilities, 1e-12))).sum() / counts.sum())


TRAIN, MIXTURES = corpus(400, 0)
TEST, TEST_MIXTURES = corpus(100, 1)
UNIGRAMS = per_word(TEST, np.tile(TRAIN.sum(axis=0) / TRAIN.sum(), (len(TEST), 1)))  # a model without topics


# --- LDA


def lda(train: np.ndarray = TRAIN, **hyperparameters: object) -> Trained:
    given = {"num_topics": SIDE, "mini_batch_size": len(train), "alpha0": 0.5, "max_restarts": 2}
    return Trained("lda", given | hyperparameters, train=train, test=TEST)


def test_lda_finds_topics_and_mixtures() -> None:
    trained = lda(max_restarts=10)
    beta, alpha = trained.arrays["beta"], trained.arrays["alpha"]
    assert beta.shape == TOPICS.shape and alpha.shape == (SIDE,) and alpha.sum() == pytest.approx(0.5)
    np.testing.assert_allclose(beta.sum(axis=1), 1, rtol=1e-5)
    order = (beta @ TOPICS.T).argmax(axis=0)
    assert sorted(order) == list(range(SIDE))
    assert np.abs(beta[order] - TOPICS).sum(axis=1).max() < 0.15
    found = trained.answers(TEST, "topic_mixture")
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    assert np.abs(found[:, order] - TEST_MIXTURES).mean() < 0.05
    truth = per_word(TEST, TEST_MIXTURES @ TOPICS)
    assert truth - 0.02 < trained.metrics["test pwll"] < truth + 0.05 and trained.metrics["test pwll"] > UNIGRAMS + 0.5


@pytest.mark.nightly  # many fits
def test_more_starts_and_passes_of_lda_are_no_worse() -> None:
    short, long = (lda(max_restarts=1, max_iterations=passes).metrics["test pwll"] for passes in (1, 1000))
    assert short < long and long <= lda().metrics["test pwll"] + 0.01


@pytest.mark.nightly  # two fits
def test_a_small_alpha0_makes_the_mixtures_of_lda_sparse() -> None:
    sparse, even = (lda(alpha0=value, max_restarts=1).answers(TEST[:20], "topic_mixture") for value in (0.1, 50))
    assert sparse.max(axis=1).mean() > even.max(axis=1).mean() + 0.1


def test_a_document_without_words_has_an_even_mixture() -> None:
    [mixture] = lda(max_restarts=1).answers(np.zeros((1, SIDE * SIDE)), "topic_mixture")
    np.testing.assert_allclose(mixture, 1 / SIDE, rtol=1e-5)


@pytest.mark.parametrize("name", ["lda", pytest.param("ntm", marks=needs_torch)])
@pytest.mark.parametrize(
    ("channels", "words"),
    [
        ({"train": -TRAIN}, "The channel 'train' holds the value -"),
        ({"train": TRAIN, "test": TEST - 1}, "The channel 'test' holds the value -1"),
        ({"train": 0 * TRAIN}, "The channel 'train' holds no word"),
    ],
)
def test_what_is_no_count_of_words(name: str, channels: dict, words: str) -> None:
    with pytest.raises(AlgorithmClientError, match=words):
        Trained(name, {"num_topics": 2, **({"mini_batch_size": 10} if name == "lda" else {})}, **channels)


# --- NTM


def ntm(**hyperparameters: object) -> Trained:
    return Trained("ntm", {"num_topics": SIDE, "epochs": 2, **hyperparameters}, train=TRAIN, validation=TEST, test=TEST)


@pytest.mark.nightly  # test_training_topic_models.py trains one by day
@needs_torch
def test_ntm_learns_the_topics_of_documents() -> None:
    trained = ntm(epochs=60, mini_batch_size=32, num_patience_epochs=60, optimizer="adam", learning_rate=0.01)
    losses = [value for name, value in trained.metrics.items() if name.endswith("validation total_loss")]
    assert len(losses) == 60 and min(losses) < losses[0]
    assert trained.metrics["test total_loss"] == pytest.approx(min(losses), rel=1e-4)  # the best epoch's parameters are kept
    assert min(losses) < -UNIGRAMS - 0.5
    weights = trained.answers(TEST, "topic_weights")
    assert weights.shape == (len(TEST), SIDE)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    assert adjusted_mutual_info_score(TEST_MIXTURES.argmax(axis=1), weights.argmax(axis=1)) > 0.5
    assert trained.arrays["projection_weight"].shape == (SIDE * SIDE, SIDE)


@needs_torch
@pytest.mark.parametrize(
    "hyperparameters",
    [
        {"optimizer": "adam", "learning_rate": 0.01},
        *(
            pytest.param(each, marks=pytest.mark.nightly)  # each trains three models
            for each in (
                *({"optimizer": name, "learning_rate": 0.01} for name in ("sgd", "adagrad", "adadelta", "rmsprop")),
                *({"encoder_layers_activation": name} for name in ("sigmoid", "tanh", "relu")),
                {"encoder_layers": "[9, 8, 7]", "batch_norm": "True"},
                {"clip_gradient": 0.001, "rescale_gradient": 0.5, "weight_decay": 0.1},
                {"sub_sample": 0.0, "mini_batch_size": 1},
            )
        ),
    ],
    ids=str,
)
def test_the_hyperparameters_of_ntm_change_its_model_which_is_always_the_same(hyperparameters: dict) -> None:
    first, second, plain = (ntm(**each) for each in (hyperparameters, hyperparameters, {}))
    for name, array in first.arrays.items():
        np.testing.assert_array_equal(second.arrays[name], array)
    if hyperparameters in ({"optimizer": "adadelta", "learning_rate": 0.01}, {"encoder_layers_activation": "sigmoid"}):  # the defaults
        np.testing.assert_array_equal(first.arrays["projection_weight"], plain.arrays["projection_weight"])
    else:
        assert not np.array_equal(first.arrays["projection_weight"], plain.arrays["projection_weight"])
    np.testing.assert_allclose(first.answers(TEST, "topic_weights").sum(axis=1), 1, rtol=1e-5)


@needs_torch
def test_ntm_stops_early_on_the_validation_data_or_on_the_training_data() -> None:
    for channels in ({"train": TRAIN, "validation": TEST}, {"train": TRAIN}):
        trained = Trained("ntm", {"num_topics": 2, "epochs": 500, "tolerance": 0.1}, **channels)
        assert 4 <= sum(name.endswith("train total_loss") for name in trained.metrics) < 100


@needs_torch
def test_what_ntm_refuses() -> None:
    with pytest.raises(AlgorithmClientError, match="batch_norm is true, so a mini-batch needs at least two documents"):
        ntm(batch_norm="true", mini_batch_size=1)
    with pytest.raises(AlgorithmClientError, match="Training diverged"):
        Trained("ntm", {"num_topics": 2, "optimizer": "sgd", "learning_rate": 1.0}, train=TRAIN * 1e37)


@given(st.lists(st.floats(0.1, 5), min_size=1, max_size=30), st.integers(1, 5), st.floats(1e-6, 0.1))
def test_early_stopping_ends_after_patient_epochs_without_gain(losses: list[float], patience: int, tolerance: float) -> None:
    stopping, gains = EarlyStopping(patience, tolerance), []
    for number, loss in enumerate(losses):
        before = losses[max(0, number - patience) : number]
        gains.append(not before or loss <= min(before) * (1 - tolerance) + 1e-12)
        ends = number >= patience - 1 and not any(gains[-patience:])
        if abs(min(before, default=1) * (1 - tolerance) - loss) > 1e-9:  # not where rounding decides
            assert stopping.after(loss) == ends
        else:
            return
        assert stopping.best == min(losses[: number + 1]) == losses[stopping.best_epoch - 1]


def test_topics_are_shown_by_their_words() -> None:
    weights = np.zeros((50, 2))
    weights[:20, 0] = np.arange(20, 0, -1)
    weights[20:40, 1] = np.arange(20, 0, -1)
    documents = np.zeros((4, 50))
    documents[:2, :20] = 1  # the words of the first topic are always together, those of the second never
    documents[2:, 20:22] = np.eye(2)
    vocabulary = [f"word{number}" for number in range(50)]
    first, second = topics.describe(weights, documents, vocabulary)
    assert first.words == vocabulary[:20] and second.words == vocabulary[20:40]
    assert (first.uniqueness, second.uniqueness) == (1, 1)
    assert (first.coherence, second.coherence) == pytest.approx((1, 0))
    same = topics.describe(weights[:, [0, 0]], documents, None)
    assert [(topic.words[:2], topic.uniqueness, topic.coherence) for topic in same] == [(["0", "1"], 0.5, None)] * 2
