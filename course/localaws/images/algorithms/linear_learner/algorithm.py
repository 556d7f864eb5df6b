"""The linear learner as in SageMaker: trains several linear models with similar hyperparameters in mini-batches, and keeps the best.

Matches the documented steps and hyperparameters: normalisation from a sample, losses, optimisers and schedules, selection of the model
and the threshold by the given criterion on validation data (or, without any, on training data), early stopping, metrics. As in AWS's logs,
the objective of an epoch is the first model's, on normalised labels for ``train`` and on the original labels for ``validation``.

Different: ``num_models`` "auto" trains up to 12 models instead of 32; AWS's values for "auto" are only partly known (`training.AUTO`);
records are shuffled in every epoch; the model of an epoch has the mean of the parameters over its steps. The model file holds the weights
for data that is not normalised, under MXNet's names: ``fc0_weight`` of shape (outputs, columns), ``fc0_bias`` of shape (outputs,).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np

from course.localaws.images.algorithms import AlgorithmClientError
from course.localaws.images.algorithms.channels import Dataset
from course.localaws.images.algorithms.linear_learner import metrics
from course.localaws.images.algorithms.linear_learner.losses import BINARY, MULTICLASS, REGRESSOR, Loss, choose, names
from course.localaws.images.algorithms.linear_learner.training import GradientDescent, variants
from course.localaws.images.algorithms.report import AlgorithmLog

RESPONSE = "predictions"
LOSS_CRITERIA = ("loss_function", "cross_entropy_loss")
CALIBRATION = 10_000  # records: the value of "auto" for num_calibration_samples (AWS uses a thousand times as many)


@dataclass(frozen=True, slots=True)
class FeatureScaler:
    """The shift and the scale of the features and of the label."""

    shift: np.ndarray
    scale: np.ndarray
    label_shift: float
    label_scale: float

    def unscaled(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The weights, of shape (outputs, columns), and the bias, of shape (outputs,), for data that is not normalised."""
        weights = parameters[:-1] / self.scale[:, None] * self.label_scale
        return weights.T, parameters[-1] * self.label_scale + self.label_shift - self.shift @ weights


@dataclass(slots=True)
class Best:
    """The best model so far. A higher value is better."""

    value: float
    threshold: float
    parameters: np.ndarray
    number: int


def train(configuration: dict, data: dict[str, Dataset], report: AlgorithmLog) -> dict[str, np.ndarray]:
    """``fc0_weight``, ``fc0_bias``, and the ``threshold`` between two classes."""
    loss = _check(configuration, data)
    scaler = _scaler(configuration, data["train"])
    judged = data.get("validation", data["train"])
    size = configuration["num_calibration_samples"]
    calibration = _sample(judged, CALIBRATION if size == "auto" else size)
    models = variants(configuration, _balance(data["train"].labels))
    classes = configuration["num_classes"] if configuration["predictor_type"] == MULTICLASS else 0
    descent = GradientDescent(configuration, loss, models, data["train"].features.shape[1], classes)
    best = _descend(configuration, loss, scaler, descent, data, calibration, report)
    weights, bias = scaler.unscaled(best.parameters)
    arrays = {"fc0_weight": weights, "fc0_bias": bias, "threshold": np.array(best.threshold)}
    model = LinearLearnerModel(arrays, configuration)
    for channel in ("validation" if "validation" in data else "train", "test"):
        if channel in data:
            for (name, kind), value in model.measured(data[channel]).items():
                report.score(channel, name, value, kind)
    report.info("Best model found for hyperparameters: %s", json.dumps(asdict(models[best.number])))
    return arrays


class LinearLearnerModel:
    def __init__(self, arrays: dict[str, np.ndarray], configuration: dict) -> None:
        self._weights, self._bias, self._threshold = arrays["fc0_weight"], arrays["fc0_bias"], float(arrays["threshold"])
        self._configuration, self._loss, self._kind = configuration, choose(configuration), configuration["predictor_type"]
        self.columns = self._weights.shape[1]

    def predict(self, features: np.ndarray, verbose: bool) -> list[dict]:
        scores = self._scores(self._outputs(features))
        if self._kind == REGRESSOR:
            return [{"score": score} for score in scores.tolist()]
        labels = self._predicted(scores)
        return [{"score": score, "predicted_label": label} for score, label in zip(scores.tolist(), labels.tolist(), strict=True)]

    def measured(self, data: Dataset) -> dict[tuple[str, str], float]:
        """The metrics of a data set, by name and kind. The objective comes first."""
        outputs, labels = self._outputs(data.features), data.labels
        scores, beta = self._scores(outputs), self._configuration["f_beta"]
        if self._kind == REGRESSOR:
            found, kind = metrics.regression(scores, labels), "loss"
        elif self._kind == BINARY:
            found, kind = metrics.binary(scores, self._predicted(scores), labels, beta), "score"
        else:
            found, kind = metrics.multiclass(scores, labels, self._configuration["accuracy_top_k"], beta), "score"
        objective = {(f"{self._loss.objective}_objective", "loss"): float(self._loss.value(outputs, labels).mean())}
        return objective | {(name, kind): value for name, value in found.items()}

    def _outputs(self, features: np.ndarray) -> np.ndarray:
        """The outputs of the model, in the shape that the losses take."""
        outputs = features @ self._weights.T + self._bias
        return outputs[:, None] if self._kind == MULTICLASS else outputs

    def _scores(self, outputs: np.ndarray) -> np.ndarray:
        return self._loss.score(outputs)[:, 0]

    def _predicted(self, scores: np.ndarray) -> np.ndarray:
        return scores.argmax(axis=1) if self._kind == MULTICLASS else (scores > self._threshold).astype(int)


@np.errstate(over="ignore", invalid="ignore")  # a model may diverge, then another one is selected
def _descend(
    configuration: dict,
    loss: Loss,
    scaler: FeatureScaler,
    descent: GradientDescent,
    data: dict[str, Dataset],
    calibration: Dataset,
    report: AlgorithmLog,
) -> Best:
    """Train until the last epoch or early stopping, and return the best model of the best epoch."""
    rows = (data["train"].features - scaler.shift) / scaler.scale
    labels = (data["train"].labels - scaler.label_shift) / scaler.label_scale
    weights = _class_weights(configuration, data["train"].labels)
    judged = (calibration.features - scaler.shift) / scaler.scale
    best, reference, waited = None, -np.inf, 0
    for epoch in range(configuration["epochs"]):
        losses = descent.epoch(rows, labels, weights)
        report.quality(f"epoch={epoch}, train", f"{loss.objective}_objective", losses[0], "loss")
        outputs = descent.outputs(judged, descent.mean) * scaler.label_scale + scaler.label_shift
        objectives = loss.value(outputs, calibration.labels).mean(axis=0)
        if not np.isfinite(objectives).any():
            raise AlgorithmClientError("Training diverged: the loss is no finite number. A smaller learning_rate may help.")
        if "validation" in data:
            report.quality(f"epoch={epoch}, validation", f"{loss.objective}_objective", objectives[0], "loss")
        value, threshold, number = _selected(configuration, loss, outputs, calibration.labels, objectives)
        criterion = configuration["binary_classifier_model_selection_criteria"]
        shown = f"sampled_{criterion}" if configuration["predictor_type"] == BINARY else f"{loss.objective}_objective"
        report.info("#early_stopping_criteria_metric: host=algo-1, epoch=%s, criteria=%s, value=%s", epoch, shown, abs(value))
        if best is None or value > best.value:
            report.info("Epoch %s: Loss improved. Updating best model", epoch)
            best = Best(value, threshold, descent.model(number), number)
        report.progress(epoch + 1, configuration["epochs"], len(rows))
        improved = not np.isfinite(reference) or value - reference > configuration["early_stopping_tolerance"] * abs(reference)
        reference, waited = (value, 0) if improved else (reference, waited + 1)
        if waited >= configuration["early_stopping_patience"]:
            report.info("Early stop condition met. Stopping training.")
            break
    return best


def _selected(configuration: dict, loss: Loss, outputs: np.ndarray, labels: np.ndarray, objectives: np.ndarray) -> tuple[float, float, int]:
    """The value, threshold and number of the best model."""
    by_loss = configuration["binary_classifier_model_selection_criteria"] in LOSS_CRITERIA
    if configuration["predictor_type"] != BINARY or by_loss:
        number = int(np.nanargmin(objectives))
        return -float(objectives[number]), float(loss.score(np.zeros(1))[0]), number
    scores = loss.score(outputs)
    found = {
        number: metrics.ThresholdSweep(scores[:, number], labels).best(configuration) for number in np.flatnonzero(np.isfinite(objectives))
    }
    # If the criterion is equal, the model with the smaller loss wins.
    number = max(found, key=lambda it: (found[it][0], -objectives[it]))
    return *found[number], int(number)


def _check(configuration: dict, data: dict[str, Dataset]) -> Loss:
    """Check hyperparameters and labels that depend on each other, and return the loss. Raises `AlgorithmClientError`."""
    kind = configuration["predictor_type"]
    loss = choose(configuration)
    if loss is None:
        listed = ", ".join(f"'{name}'" for name in names(configuration))
        raise AlgorithmClientError(
            f"The value '{configuration['loss']}' is not valid for the 'loss' hyperparameter, which with predictor_type {kind} accepts one "
            f"of the following: {listed}"
        )
    if kind == MULTICLASS and (configuration["num_classes"] or 0) < 3:
        raise AlgorithmClientError("num_classes is required with predictor_type multiclass_classifier and must be at least 3.")
    if kind == REGRESSOR:
        return loss
    allowed = 2 if kind == BINARY else configuration["num_classes"]
    for channel, dataset in data.items():
        wrong = dataset.labels[(dataset.labels % 1 != 0) | (dataset.labels < 0) | (dataset.labels >= allowed)]
        if len(wrong):
            raise AlgorithmClientError(f"Labels of a {kind} are 0 to {allowed - 1}; the channel '{channel}' holds the label {wrong[0]:g}.")
    return loss


def _scaler(configuration: dict, train: Dataset) -> FeatureScaler:
    sample = _sample(train, configuration["num_point_for_scaler"])
    rows, regression = sample.features.astype(float), configuration["predictor_type"] == REGRESSOR
    shift, scale = np.zeros(rows.shape[1]), np.ones(rows.shape[1])
    if _switched(configuration["unbias_data"], configuration["use_bias"]):
        shift = rows.mean(axis=0)
    if _switched(configuration["normalize_data"], True):
        scale = _positive(rows.std(axis=0))
    label_shift, label_scale = 0.0, 1.0
    if regression and configuration["use_bias"] and _switched(configuration["unbias_label"], True):
        label_shift = float(sample.labels.mean(dtype=float))
    if regression and _switched(configuration["normalize_label"], True):
        label_scale = float(_positive(sample.labels.std(dtype=float)))
    return FeatureScaler(shift, scale, label_shift, label_scale)


def _switched(value: bool | str, automatic: bool) -> bool:
    return automatic if value == "auto" else value


def _positive(deviation: np.ndarray) -> np.ndarray:
    """The deviation, or 1 where it is 0: a constant is not scaled."""
    return np.where(deviation > 0, deviation, 1.0)


def _sample(data: Dataset, size: int) -> Dataset:
    if size >= len(data.labels):
        return data
    chosen = np.random.default_rng(0).permutation(len(data.labels))[:size]
    return Dataset(data.features[chosen], data.labels[chosen])


def _balance(labels: np.ndarray) -> float:
    positives = max(float((labels > 0.5).sum()), 1.0)
    return max(len(labels) - positives, 1.0) / positives


def _class_weights(configuration: dict, labels: np.ndarray) -> np.ndarray | None:
    """A weight for each row, so that all classes have the same total weight. None if all rows have the same weight."""
    if configuration["predictor_type"] != MULTICLASS or not configuration["balance_multiclass_weights"]:
        return None
    _, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return len(labels) / (len(counts) * counts[places])


MODEL = LinearLearnerModel
