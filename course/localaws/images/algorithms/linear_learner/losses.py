"""The losses of the linear learner, for several models at once.

``outputs`` have shape (rows, models) for regression and two classes, (rows, models, classes) for several; ``labels`` shape (rows,).
Source of the losses by type of predictor: "Linear Learner Hyperparameters" of the SageMaker developer guide; the formulas are the
usual ones. Squared loss has no factor of one half, because AWS reports it as ``mse``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

BINARY, MULTICLASS, REGRESSOR = "binary_classifier", "multiclass_classifier", "regressor"
Function = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss function of the linear learner.

    Attributes
    ----------
    objective : str
        AWS's name for its mean in metrics, without ``_objective``.
    value : callable
        ``value(outputs, labels)`` of shape (rows, models).
    gradient : callable
        The derivative with respect to the outputs, of their shape.
    score : callable
        Converts outputs to the model's scores: probabilities, or the outputs themselves.
    """

    objective: str
    value: Function
    gradient: Function
    score: Callable[[np.ndarray], np.ndarray] = lambda outputs: outputs


def choose(configuration: dict) -> Loss | None:
    """The loss of a configuration. None if its type of predictor has no such loss."""
    kind, name = configuration["predictor_type"], configuration["loss"]
    losses = {BINARY: _binary, MULTICLASS: _multiclass, REGRESSOR: _regression}[kind](configuration)
    return next(iter(losses.values())) if name == "auto" else losses.get(name)


def names(configuration: dict) -> list[str]:
    """The values of ``loss`` for the configuration's type of predictor."""
    losses = {BINARY: _binary, MULTICLASS: _multiclass, REGRESSOR: _regression}[configuration["predictor_type"]](configuration)
    return ["auto", *losses]


def sigmoid(outputs: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * outputs))


def softmax(outputs: np.ndarray) -> np.ndarray:
    powers = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _binary(configuration: dict) -> dict[str, Loss]:
    margin = configuration["margin"]

    def logistic(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.logaddexp(0, outputs) - labels[:, None] * outputs

    def hinge(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.maximum(0, margin - (2 * labels - 1)[:, None] * outputs)

    def hinge_gradient(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
        signs = (2 * labels - 1)[:, None]
        return np.where(signs * outputs < margin, -signs, 0)

    return {
        "logistic": Loss("binary_classification_cross_entropy", logistic, lambda z, y: sigmoid(z) - y[:, None], sigmoid),
        "hinge_loss": Loss("hinge_loss", hinge, hinge_gradient),
    }


def _multiclass(configuration: dict) -> dict[str, Loss]:
    margin = configuration["margin"]

    def of_label(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.take_along_axis(outputs, labels.astype(int)[:, None, None], axis=2)

    def cross_entropy(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
        top = outputs.max(axis=2, keepdims=True)
        return (np.log(np.exp(outputs - top).sum(axis=2, keepdims=True)) + top - of_label(outputs, labels))[:, :, 0]

    def hot(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return (np.arange(outputs.shape[2]) == labels[:, None, None]).astype(outputs.dtype)

    def rival(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """The other class with the highest output."""
        return np.where(hot(outputs, labels) > 0, -np.inf, outputs)

    def hinge(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.maximum(0, margin + rival(outputs, labels).max(axis=2) - of_label(outputs, labels)[:, :, 0])

    def hinge_gradient(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
        strongest = np.arange(outputs.shape[2]) == rival(outputs, labels).argmax(axis=2)[:, :, None]
        return (hinge(outputs, labels) > 0)[:, :, None] * (strongest.astype(outputs.dtype) - hot(outputs, labels))

    return {
        "softmax_loss": Loss("multiclass_cross_entropy", cross_entropy, lambda z, y: softmax(z) - hot(z, y), softmax),
        "hinge_loss": Loss("hinge_loss", hinge, hinge_gradient),
    }


def _regression(configuration: dict) -> dict[str, Loss]:
    width, quantile, delta = configuration["loss_insensitivity"], configuration["quantile"], configuration["huber_delta"]

    def of_error(objective: str, value: Callable[[np.ndarray], np.ndarray], gradient: Callable[[np.ndarray], np.ndarray]) -> Loss:
        return Loss(objective, lambda z, y: value(z - y[:, None]), lambda z, y: gradient(z - y[:, None]))

    def beyond(error: np.ndarray) -> np.ndarray:
        return np.maximum(0, np.abs(error) - width)

    return {
        "squared_loss": of_error("mse", lambda e: e**2, lambda e: 2 * e),
        "absolute_loss": of_error("absolute_loss", np.abs, np.sign),
        "eps_insensitive_squared_loss": of_error(
            "eps_insensitive_squared_loss", lambda e: beyond(e) ** 2, lambda e: 2 * beyond(e) * np.sign(e)
        ),
        "eps_insensitive_absolute_loss": of_error("eps_insensitive_absolute_loss", beyond, lambda e: np.sign(e) * (np.abs(e) > width)),
        "quantile_loss": of_error(
            "quantile_loss", lambda e: np.maximum(-quantile * e, (1 - quantile) * e), lambda e: np.where(e < 0, -quantile, 1 - quantile)
        ),
        "huber_loss": of_error(
            "huber_loss",
            lambda e: np.where(np.abs(e) <= delta, e**2 / 2, delta * (np.abs(e) - delta / 2)),
            lambda e: np.clip(e, -delta, delta),
        ),
    }
