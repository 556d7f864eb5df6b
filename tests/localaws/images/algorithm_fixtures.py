"""Fixtures for the tests of first-party algorithms: training in this process, and scikit-learn's data sets."""

from __future__ import annotations

import numpy as np
from sklearn import datasets
from sklearn.preprocessing import StandardScaler

from course.localaws.images.algorithms import configuration, declared, implementation
from course.localaws.images.algorithms.channels import Dataset
from course.localaws.images.algorithms.report import AlgorithmLog


class Lines(AlgorithmLog):
    """A log that stores its metrics: ``{"test msd": 1.5}``."""

    def __init__(self) -> None:
        super().__init__("test")
        self.values: dict[str, float] = {}

    def quality(self, where: str, name: str, value: float, kind: str) -> None:
        super().quality(where, name, value, kind)
        self.values[f"{where} {name}"] = float(value)


class Trained:
    """A model trained in this process.

    Parameters
    ----------
    name : str
        The algorithm's name.
    hyperparameters : dict
        ``feature_dim`` is added.
    data : arrays or pairs of arrays
        The features, or features and labels, of each channel; the words of a vocabulary.
    """

    def __init__(self, name: str, hyperparameters: dict[str, object], **data: object) -> None:
        sets = {}
        for channel, given in data.items():
            if channel == "auxiliary":
                sets[channel] = given
                continue
            features, labels = given if isinstance(given, tuple) else (given, None)
            sets[channel] = Dataset(np.asarray(features, np.float32), None if labels is None else np.asarray(labels, np.float32))
        given = {"feature_dim": sets["train"].features.shape[1], **hyperparameters}
        parameters = configuration.resolve({key: str(value) for key, value in given.items()}, declared(name)["hyperparameters"])
        report = Lines()
        self.arrays = implementation(name).train(parameters, sets, report)
        self.metrics = report.values
        self.model = implementation(name).MODEL(self.arrays, parameters)

    def answers(self, features: np.ndarray, key: str, verbose: bool = False) -> np.ndarray:
        return np.array([prediction[key] for prediction in self.model.predict(np.asarray(features, np.float32), verbose)])


def halves(loaded: object) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """A scikit-learn data set in two parts, each with features and labels."""
    order = np.random.default_rng(0).permutation(len(loaded.data))
    first, second = order[: len(order) * 2 // 3], order[len(order) * 2 // 3 :]
    return (loaded.data[first], loaded.target[first]), (loaded.data[second], loaded.target[second])


def scaled(loaded: object) -> np.ndarray:
    return StandardScaler().fit_transform(loaded.data)


DIGITS, WINE, DIABETES, CANCER, IRIS = (
    load() for load in (datasets.load_digits, datasets.load_wine, datasets.load_diabetes, datasets.load_breast_cancer, datasets.load_iris)
)
