"""Stochastic gradient descent of several linear models at once, each with its own step size and regularisation."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from course.localaws.images.algorithms.linear_learner.losses import Loss

# Values for "auto": the first model's, then the other models'. AWS's logs show the choice of one of 32 models, with a learning rate of
# 0.1 and a weight decay of 0.0001.
AUTO = {"learning_rate": (0.1, 0.01, 0.03), "wd": (0.0001, 0.001, 0.0, 0.01), "l1": (0.0,)}
CLOSE = (1.0, 1 / 3, 3.0)  # factors on a given value, if there are several models
AUTO_MODELS = 12
# From AWS's defaults and logs.
SCHEDULE = {"lr_scheduler_step": 100, "lr_scheduler_factor": 0.99, "lr_scheduler_minimum_lr": 1e-5}
MOMENTS = {"beta_1": 0.9, "beta_2": 0.999, "momentum": 0.0, "bias_lr_mult": 10.0, "bias_wd_mult": 0.0}
TINY = 1e-8


@dataclass(frozen=True, slots=True)
class HyperparameterSet:
    """The hyperparameters in which the models differ."""

    learning_rate: float
    wd: float
    l1: float
    positive_weight: float


def variants(configuration: dict, balanced: float) -> list[HyperparameterSet]:
    """The models to train. The first has the job's hyperparameters, the others have similar ones.

    Parameters
    ----------
    configuration : dict
    balanced : float
        The weight of positive examples that gives both classes the same total weight.
    """
    automatic = configuration["num_models"] == "auto"
    wanted = AUTO_MODELS if automatic else configuration["num_models"]
    if configuration.get("_tuning_objective_metric"):  # a tuning job turns the internal tuning off
        wanted = 1
    choices = [_choices(configuration[name], name, automatic) for name in ("learning_rate", "wd", "l1")]
    weight = configuration["positive_example_weight_mult"]
    choices.append({"auto": (1.0, balanced), "balanced": (balanced,)}.get(weight, (weight,)))
    combined = sorted(itertools.product(*(enumerate(values) for values in choices)), key=lambda items: sum(place for place, _ in items))
    return [HyperparameterSet(*(value for _, value in items)) for items in combined[:wanted]]


def _choices(value: float | str, name: str, automatic: bool) -> tuple[float, ...]:
    if value == "auto":
        return AUTO[name]
    return (value,) if automatic or not value else tuple(value * factor for factor in CLOSE)


class GradientDescent:
    """The parameters of all models, and the steps that change them.

    Parameters
    ----------
    columns, classes : int
        ``classes`` is 0 for one output.
    """

    def __init__(self, configuration: dict, loss: Loss, models: list[HyperparameterSet], columns: int, classes: int) -> None:
        self._configuration, self._loss, self._classes = configuration, loss, classes
        self._random, self._steps, self._models = np.random.default_rng(0), 0, models
        shape = (columns, len(models) * max(classes, 1))
        if configuration["init_method"] == "uniform":
            weights = self._random.uniform(-configuration["init_scale"], configuration["init_scale"], shape)
        else:
            weights = self._random.normal(0, configuration["init_sigma"], shape)
        # The last row is the bias.
        self.parameters = np.vstack([weights, np.full(shape[1], configuration["init_bias"] if configuration["use_bias"] else 0.0)])
        self._first, self._second, self.mean = (np.zeros_like(self.parameters) for _ in range(3))
        settings = {name: value if configuration[name] == "auto" else configuration[name] for name, value in (MOMENTS | SCHEDULE).items()}
        self._settings = settings
        rows = np.ones((columns + 1, 1))
        self._rate_of_row, self._decay_of_row = rows.copy(), rows.copy()
        self._rate_of_row[-1] = settings["bias_lr_mult"] if configuration["use_bias"] else 0.0
        self._decay_of_row[-1] = settings["bias_wd_mult"]
        self._rates = self._spread([model.learning_rate for model in models])
        self._decays = self._spread([model.wd for model in models])
        self._lasso = self._spread([model.l1 for model in models])
        self._positive = np.array([model.positive_weight for model in models])

    def outputs(self, rows: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """The outputs, of shape (rows, models) or (rows, models, classes)."""
        flat = rows @ parameters[:-1] + parameters[-1]
        return flat.reshape(len(rows), -1, self._classes) if self._classes else flat

    def epoch(self, rows: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
        """One pass over the data in random order. Returns the mean loss of each model during the pass, without regularisation.

        Afterwards ``mean`` holds the mean of the parameters over the steps, which the noise of single batches moves less.

        Parameters
        ----------
        weights : array of shape (rows,), optional
        """
        total, self.mean, batches = np.zeros(len(self._models)), np.zeros_like(self.parameters), list(self._batches(len(rows)))
        for batch in batches:
            batch_labels = labels[batch]
            outputs = self.outputs(rows[batch], self.parameters)
            scale = np.ones((len(batch), 1)) if weights is None else weights[batch][:, None]
            if (self._positive != 1).any():
                scale = scale * np.where(batch_labels[:, None] > 0.5, self._positive, 1.0)
            total += (scale * self._loss.value(outputs, batch_labels)).sum(axis=0)
            gradient = self._loss.gradient(outputs, batch_labels) * (scale if not self._classes else scale[:, :, None])
            self._step(rows[batch], gradient.reshape(len(batch), -1) / len(batch))
            self.mean += self.parameters / len(batches)
        return total / len(rows)

    def model(self, number: int) -> np.ndarray:
        """The mean parameters of one model, of shape (columns + 1, outputs)."""
        width = max(self._classes, 1)
        return self.mean[:, number * width : (number + 1) * width].copy()

    def _batches(self, count: int) -> Iterator[np.ndarray]:
        order, size = self._random.permutation(count), self._configuration["mini_batch_size"]
        return (order[first : first + size] for first in range(0, count, size))

    def _step(self, rows: np.ndarray, of_outputs: np.ndarray) -> None:
        gradient = np.vstack([rows.T @ of_outputs, of_outputs.sum(axis=0)])
        gradient += self._decays * self._decay_of_row * self.parameters
        gradient[:-1] += self._lasso * np.sign(self.parameters[:-1])
        self._steps += 1
        self.parameters -= self._rate() * self._rate_of_row * self._direction(gradient)

    def _rate(self) -> np.ndarray:
        if not self._configuration["use_lr_scheduler"]:
            return self._rates
        lowered = self._rates * self._settings["lr_scheduler_factor"] ** (self._steps // self._settings["lr_scheduler_step"])
        return np.maximum(lowered, np.minimum(self._rates, self._settings["lr_scheduler_minimum_lr"]))

    def _direction(self, gradient: np.ndarray) -> np.ndarray:
        optimizer, settings = self._configuration["optimizer"], self._settings
        if optimizer == "sgd":
            self._first = settings["momentum"] * self._first + gradient
            return self._first
        if optimizer == "rmsprop":
            self._second = settings["beta_1"] * self._second + (1 - settings["beta_1"]) * gradient**2
            return gradient / np.sqrt(self._second + TINY)
        self._first = settings["beta_1"] * self._first + (1 - settings["beta_1"]) * gradient
        self._second = settings["beta_2"] * self._second + (1 - settings["beta_2"]) * gradient**2
        first, second = (self._first / (1 - settings["beta_1"] ** self._steps), self._second / (1 - settings["beta_2"] ** self._steps))
        return first / (np.sqrt(second) + TINY)

    def _spread(self, values: list[float]) -> np.ndarray:
        """One value a model, as one a column of the parameters."""
        return np.repeat(np.array(values), max(self._classes, 1))
