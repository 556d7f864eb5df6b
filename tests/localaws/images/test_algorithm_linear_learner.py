"""Compares the linear learner with scikit-learn, within two per cent, and tests its losses, thresholds and metrics."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import linear_model, metrics
from sklearn.datasets import make_classification, make_regression
from sklearn.preprocessing import StandardScaler

from course.localaws.images.algorithms import AlgorithmClientError, configuration, declared
from course.localaws.images.algorithms.linear_learner import losses, training
from course.localaws.images.algorithms.linear_learner import metrics as learner_metrics
from tests.localaws.images.algorithm_fixtures import CANCER, DIABETES, DIGITS, WINE, Trained, halves

CLOSE = 1.02
PATIENT = {"mini_batch_size": 50, "epochs": 300, "early_stopping_patience": 300, "num_models": 1, "learning_rate": 0.02}
PATIENT |= {"lr_scheduler_step": 100, "lr_scheduler_factor": 0.9}
TABLE = declared("linear-learner")["hyperparameters"]
TYPES = {"binary_classifier": 2, "multiclass_classifier": 4, "regressor": 0}


def resolved(kind: str, **given_values: object) -> dict:
    values = {"predictor_type": kind, "num_classes": 4} | given_values
    return configuration.resolve({name: str(value) for name, value in values.items()}, TABLE)


def normalised(train: tuple, test: tuple) -> tuple[tuple, tuple]:
    scaler = StandardScaler().fit(train[0])
    return (scaler.transform(train[0]), train[1]), (scaler.transform(test[0]), test[1])


@pytest.mark.parametrize("data", [CANCER, DIGITS, WINE], ids=["cancer", "digits", "wine"])
def test_it_finds_the_optimum_that_logistic_regression_finds(data: object) -> None:
    """Both have the same objective: C in scikit-learn is the inverse of the weight decay times the number of records."""
    train, test = halves(data)
    classes = len(set(data.target))
    scaled_train, scaled_test = normalised(train, test)
    reference = linear_model.LogisticRegression(C=1, max_iter=1000).fit(*scaled_train)
    kind = {"predictor_type": "binary_classifier"} if classes == 2 else {"predictor_type": "multiclass_classifier", "num_classes": classes}
    hyperparameters = PATIENT | kind | {"wd": 1 / len(train[0]), "binary_classifier_model_selection_criteria": "loss_function"}
    trained = Trained("linear-learner", hyperparameters, train=train, test=test)
    name = "binary_classification" if classes == 2 else "multiclass"
    loss = metrics.log_loss(scaled_train[1], reference.predict_proba(scaled_train[0]))
    penalty = np.square(reference.coef_).sum() / 2 / len(train[0])
    scale = StandardScaler().fit(train[0]).scale_
    own = trained.metrics[f"train {name}_cross_entropy_objective"] + np.square(trained.arrays["fc0_weight"] * scale).sum() / 2 / len(
        train[0]
    )
    assert own <= CLOSE * (loss + penalty)
    accuracy = trained.metrics[f"test {name}_accuracy"]
    assert accuracy * CLOSE >= reference.score(*scaled_test)
    assert accuracy == np.mean(trained.answers(test[0], "predicted_label") == test[1])
    probabilities = reference.predict_proba(scaled_test[0])
    scores = trained.answers(test[0], "score")
    assert np.abs(scores - (probabilities[:, 1] if classes == 2 else probabilities)).mean() < 0.01


@pytest.mark.parametrize(
    ("rows", "labels"), [(DIABETES.data, DIABETES.target), (WINE.data[:, 1:], WINE.data[:, 0] * 1000)], ids=["diabetes", "wine"]
)
def test_it_regresses_as_least_squares_does(rows: np.ndarray, labels: np.ndarray) -> None:
    train, test = (rows[::2], labels[::2]), (rows[1::2], labels[1::2])
    reference = linear_model.LinearRegression().fit(*train)
    trained = Trained("linear-learner", PATIENT | {"predictor_type": "regressor", "wd": 0}, train=train, test=test)
    assert trained.metrics["train mse"] <= CLOSE * metrics.mean_squared_error(train[1], reference.predict(train[0]))
    assert trained.metrics["test mse"] <= CLOSE * metrics.mean_squared_error(test[1], reference.predict(test[0]))
    assert trained.metrics["test mse"] == pytest.approx(np.mean((trained.answers(test[0], "score") - test[1]) ** 2))


def test_its_defaults_work_for_a_data_set_of_ordinary_size() -> None:
    rows, labels = make_classification(12_000, 20, n_informative=10, flip_y=0.1, random_state=1)
    train, validation, test = ((rows[part], labels[part]) for part in (slice(8000), slice(8000, 10_000), slice(10_000, None)))
    reference = linear_model.LogisticRegression().fit(*train)
    hyperparameters = {"predictor_type": "binary_classifier"}
    trained = Trained("linear-learner", hyperparameters, train=train, validation=validation, test=test)
    assert trained.metrics["test binary_classification_accuracy"] * CLOSE >= reference.score(*test)
    assert "validation roc_auc_score" in trained.metrics and "train roc_auc_score" not in trained.metrics
    hyperparameters |= {"binary_classifier_model_selection_criteria": "loss_function"}
    trained = Trained("linear-learner", hyperparameters, train=train, validation=validation, test=test)
    found = trained.metrics["test binary_classification_cross_entropy_objective"]
    assert found <= CLOSE * metrics.log_loss(test[1], reference.predict_proba(test[0]))
    rows, labels = make_regression(12_000, 20, noise=30, random_state=1)
    train, test = (rows[:10_000], labels[:10_000]), (rows[10_000:], labels[10_000:])
    trained = Trained("linear-learner", {"predictor_type": "regressor"}, train=train, test=test)
    residual = linear_model.LinearRegression().fit(*train).predict(test[0]) - test[1]
    assert trained.metrics["test mse"] <= CLOSE * np.mean(residual**2)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_every_optimizer_descends(optimizer: str) -> None:
    rate = {"sgd": 0.1, "adam": 0.05, "rmsprop": 0.05}[optimizer]
    parameters = {
        "predictor_type": "binary_classifier",
        "optimizer": optimizer,
        "learning_rate": rate,
        "mini_batch_size": 32,
        "momentum": 0.5,
    }
    trained = Trained("linear-learner", parameters, train=(CANCER.data, CANCER.target))
    assert trained.metrics["train binary_classification_cross_entropy_objective"] < 0.1


@pytest.mark.parametrize(("kind", "loss"), [(kind, loss) for kind in TYPES for loss in losses.names(resolved(kind))])
@settings(deadline=None)
@given(data=st.data())
def test_the_gradient_of_every_loss_is_its_slope(kind: str, loss: str, data: st.DataObject) -> None:
    chosen = losses.choose(resolved(kind, loss=loss))
    shape = (3, 2, 4) if kind == "multiclass_classifier" else (3, 2)
    outputs = data.draw(arrays(float, shape, elements=st.floats(-3, 3)))
    label = st.floats(-3, 3) if kind == "regressor" else st.integers(0, TYPES[kind] - 1).map(float)
    labels = np.array(data.draw(st.lists(label, min_size=3, max_size=3)))
    direction = data.draw(arrays(float, shape, elements=st.sampled_from([-1.0, 0.5, 1.0])))
    step = 1e-6
    before, after = (chosen.value(outputs + sign * step * direction, labels) for sign in (-1, 1))
    slopes = (chosen.gradient(outputs, labels) * direction).reshape(3, 2, -1).sum(axis=2)
    middle = chosen.value(outputs, labels)
    assume(np.abs(before + after - 2 * middle).max() < 1e-8)  # not at a kink
    np.testing.assert_allclose((after - before) / (2 * step), slopes, atol=1e-4)
    assert (middle >= -1e-12).all()


ROBUST = {
    "absolute_loss": lambda error: np.abs(error).mean(),
    "huber_loss": lambda error: np.abs(error).mean(),
    "eps_insensitive_absolute_loss": lambda error: np.abs(error).mean(),
    "eps_insensitive_squared_loss": lambda error: np.square(error).mean(),
}


@pytest.mark.parametrize("loss", ROBUST)
def test_each_regression_loss_minimises_what_it_says(loss: str) -> None:
    reference = linear_model.LinearRegression() if "squared" in loss else linear_model.QuantileRegressor(alpha=0)
    error = reference.fit(DIABETES.data, DIABETES.target).predict(DIABETES.data) - DIABETES.target
    trained = Trained(
        "linear-learner", PATIENT | {"predictor_type": "regressor", "loss": loss, "wd": 0}, train=(DIABETES.data, DIABETES.target)
    )
    own = trained.answers(DIABETES.data, "score") - DIABETES.target
    assert ROBUST[loss](own) <= (CLOSE if loss != "huber_loss" else 1.05) * ROBUST[loss](error)


def test_a_quantile_has_that_share_of_the_labels_below_it() -> None:
    hyperparameters = PATIENT | {"predictor_type": "regressor", "loss": "quantile_loss", "quantile": 0.9}
    trained = Trained("linear-learner", hyperparameters, train=(DIABETES.data, DIABETES.target))
    assert np.mean(DIABETES.target < trained.answers(DIABETES.data, "score")) == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize("data", [CANCER, WINE], ids=["binary", "multiclass"])
def test_hinge_loss_scores_by_distance(data: object) -> None:
    classes = len(set(data.target))
    kind = {"predictor_type": "binary_classifier"} if classes == 2 else {"predictor_type": "multiclass_classifier", "num_classes": classes}
    trained = Trained("linear-learner", PATIENT | kind | {"loss": "hinge_loss", "epochs": 50}, train=(data.data, data.target))
    scores = trained.answers(data.data, "score")
    assert scores.min() < 0 and scores.max() > 1 and np.mean(trained.answers(data.data, "predicted_label") == data.target) > 0.97


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=30), st.floats(0.3, 3))
def test_a_threshold_gives_what_it_promises_and_no_other_gives_more(scored: list[tuple[int, bool]], beta: float) -> None:
    scores, labels = np.array([score / 6 for score, _ in scored]), np.array([float(label) for _, label in scored])
    for criterion in ("accuracy", "f_beta", "precision_at_target_recall", "recall_at_target_precision"):
        settings = resolved("binary_classifier", binary_classifier_model_selection_criteria=criterion, f_beta=beta)
        value, threshold = learner_metrics.ThresholdSweep(scores, labels).best(settings)
        found = learner_metrics.binary(scores, (scores > threshold).astype(int), labels, beta)
        every = [learner_metrics.binary(scores, (scores > cut).astype(int), labels, beta) for cut in np.arange(-1, 14) / 12]
        if criterion == "accuracy":
            assert found["binary_classification_accuracy"] == pytest.approx(max(it["binary_classification_accuracy"] for it in every))
        elif criterion == "f_beta":
            assert found[f"binary_f_{beta:.3f}"] == pytest.approx(max(it[f"binary_f_{beta:.3f}"] for it in every))
            assert value == pytest.approx(found[f"binary_f_{beta:.3f}"])
        elif criterion == "precision_at_target_recall" and labels.any():
            assert found["recall"] >= 0.8
            assert found["precision"] == pytest.approx(max(it["precision"] for it in every if it["recall"] >= 0.8))
        elif criterion == "recall_at_target_precision" and any(it["precision"] >= 0.8 for it in every):
            assert found["precision"] >= 0.8
            assert found["recall"] == pytest.approx(max(it["recall"] for it in every if it["precision"] >= 0.8))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_binary_metrics_are_scikit_learns(scored: list[tuple[int, bool]]) -> None:
    scores, labels = np.array([score / 5 for score, _ in scored]), np.array([float(label) for _, label in scored])
    predicted = (scores > 0.5).astype(int)
    found = learner_metrics.binary(scores, predicted, labels, 2.0)
    assert found["precision"] == pytest.approx(metrics.precision_score(labels, predicted, zero_division=0))
    assert found["recall"] == pytest.approx(metrics.recall_score(labels, predicted, zero_division=0))
    assert found["binary_f_2.000"] == pytest.approx(metrics.fbeta_score(labels, predicted, beta=2, zero_division=0))
    if len(set(labels)) == 2:
        assert found["roc_auc_score"] == pytest.approx(metrics.roc_auc_score(labels, scores))


def test_multiclass_metrics_are_scikit_learns() -> None:
    random = np.random.default_rng(0)
    scores, labels = random.random((200, 5)), random.integers(0, 5, 200).astype(float)
    predicted, found = scores.argmax(axis=1), learner_metrics.multiclass(scores, labels, 2, 1.0)
    assert found["multiclass_accuracy"] == pytest.approx(metrics.accuracy_score(labels, predicted))
    assert found["multiclass_top_k_accuracy_2"] == pytest.approx(metrics.top_k_accuracy_score(labels, scores, k=2))
    assert found["macro_recall"] == pytest.approx(metrics.recall_score(labels, predicted, average="macro"))
    assert found["macro_precision"] == pytest.approx(metrics.precision_score(labels, predicted, average="macro"))
    assert found["macro_f_1.000"] == pytest.approx(metrics.f1_score(labels, predicted, average="macro"))
    assert found["dcg"] == pytest.approx(metrics.dcg_score(np.eye(5)[labels.astype(int)], scores))


def test_the_models_are_those_of_close_hyperparameters() -> None:
    def of(**given_values: object) -> list:
        return training.variants(resolved("binary_classifier", **given_values), 4.0)

    assert len(of()) == 12 and of()[0] == training.HyperparameterSet(0.1, 0.0001, 0.0, 1.0)
    assert of(learning_rate=0.3, wd=0, l1=0) == [training.HyperparameterSet(0.3, 0, 0, 1.0)]
    assert [model.learning_rate for model in of(learning_rate=0.3, wd=0, l1=0, num_models=3)] == pytest.approx([0.3, 0.1, 0.9])
    assert len(of(num_models=5)) == 5 and len(of(_tuning_objective_metric="validation:recall")) == 1
    assert {model.positive_weight for model in of(positive_example_weight_mult="balanced")} == {4.0}
    assert {model.positive_weight for model in of(positive_example_weight_mult="auto")} == {1.0, 4.0}


def test_early_stopping_ends_training_and_keeps_the_best_model(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    train, validation = halves(CANCER)
    hyperparameters = {"predictor_type": "binary_classifier", "epochs": 200, "mini_batch_size": 20, "early_stopping_patience": 4}
    hyperparameters |= {"binary_classifier_model_selection_criteria": "loss_function"}
    trained = Trained("linear-learner", hyperparameters, train=train, validation=validation)
    values = [float(line.rpartition("value=")[2]) for line in caplog.messages if line.startswith("#early_stopping_criteria_metric")]
    assert len(values) < 200 and "Early stop condition met. Stopping training." in caplog.messages
    assert trained.metrics["validation binary_classification_cross_entropy_objective"] == pytest.approx(min(values), rel=1e-4)


def test_l1_makes_weights_small_and_class_weights_raise_the_recall_of_the_rare_class() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(2000, 6))
    labels = (rows[:, 0] + random.normal(size=2000) > 2.4).astype(float)
    plain = Trained("linear-learner", PATIENT | {"predictor_type": "binary_classifier", "epochs": 30}, train=(rows, labels))
    lasso = Trained("linear-learner", PATIENT | {"predictor_type": "binary_classifier", "epochs": 30, "l1": 0.05}, train=(rows, labels))
    assert np.abs(lasso.arrays["fc0_weight"][0, 1:]).max() < 0.02 < np.abs(plain.arrays["fc0_weight"][0, 1:]).max()
    balanced = PATIENT | {"predictor_type": "binary_classifier", "epochs": 30, "positive_example_weight_mult": "balanced"}
    found = Trained("linear-learner", balanced, train=(rows, labels)).answers(rows, "score")
    assert found.mean() > 2 * plain.answers(rows, "score").mean()
    several = {"predictor_type": "multiclass_classifier", "num_classes": 3}
    three = labels + (rows[:, 1] > 1.8)
    recalls = [
        Trained("linear-learner", PATIENT | several | {"epochs": 30, "balance_multiclass_weights": on}, train=(rows, three)).metrics[
            "train macro_recall"
        ]
        for on in ("false", "true")
    ]
    assert recalls[1] > recalls[0]


def test_without_bias_the_plane_goes_through_the_origin() -> None:
    trained = Trained(
        "linear-learner", PATIENT | {"predictor_type": "regressor", "use_bias": "false"}, train=(DIABETES.data, DIABETES.target)
    )
    assert not trained.arrays["fc0_bias"].any()
    assert trained.answers(np.zeros((1, 10)), "score") == [0]


@pytest.mark.parametrize(
    ("hyperparameters", "labels", "words"),
    [
        (
            {"predictor_type": "binary_classifier", "loss": "squared_loss"},
            [0, 1],
            "accepts one of the following: 'auto', 'logistic', 'hinge_loss'",
        ),
        ({"predictor_type": "multiclass_classifier"}, [0, 1], "num_classes is required"),
        ({"predictor_type": "multiclass_classifier", "num_classes": 3}, [0, 3], "the channel 'train' holds the label 3"),
        (
            {"predictor_type": "binary_classifier"},
            [0, 2],
            "Labels of a binary_classifier are 0 to 1; the channel 'train' holds the label 2",
        ),
        ({"predictor_type": "regressor", "learning_rate": 1e300, "optimizer": "sgd"}, [0, 5], "Training diverged"),
        ({"predictor_type": "regressor", "positive_example_weight_mult": "0"}, [0, 1], "'balanced'; or 'auto'; or a number in"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(hyperparameters: dict, labels: list, words: str) -> None:
    with pytest.raises(AlgorithmClientError, match=words):
        Trained("linear-learner", hyperparameters, train=([[0.0, 1.0], [1.0, 0.0]], labels))


def test_answers_are_plain_numbers() -> None:
    trained = Trained("linear-learner", {"predictor_type": "multiclass_classifier", "num_classes": 3}, train=(WINE.data, WINE.target))
    [answer] = json.loads(json.dumps(trained.model.predict(WINE.data[:1], False)))
    assert len(answer["score"]) == 3 and sum(answer["score"]) == pytest.approx(1) and answer["predicted_label"] in (0, 1, 2)
