"""Compares Bayesian with random search over 30 trials: on two hard test functions and on a table of a model's real errors.

It runs only the search, no jobs. Wilcoxon's signed-rank test compares the pairs of runs.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
from scipy.stats import wilcoxon

from benchmarks.rows import Row
from course.localaws.sagemaker.tuning.strategies.bayesian import BayesianSearch
from course.localaws.sagemaker.tuning.strategies.process import SearchProcess
from course.localaws.sagemaker.tuning.strategies.sampling import LossObservation, RandomSearch, SearchStrategy
from course.localaws.sagemaker.tuning.strategies.space import Categorical, Numeric, Space, Values

SEEDS, TRIALS = 20, 30
LIKELY = 0.05  # significance level: the largest p-value that counts as significant
Loss = Callable[[Values], float]


def measure() -> list[Row]:
    return [
        *_rows("Branin", *branin()),
        *_rows("Hartmann-6", *hartmann()),
        *_rows("a table of errors", *table_of_errors()),
    ]


def _rows(name: str, space: Space, loss: Loss) -> list[Row]:
    """Two rows: the best losses as distances to the global minimum, and the p-value of the difference."""
    ours = [_best(SearchProcess(BayesianSearch(space, seed)), loss) for seed in range(SEEDS)]
    theirs = [_best(RandomSearch(space, seed), loss) for seed in range(SEEDS)]
    chance = float(wilcoxon(ours, theirs, alternative="less").pvalue)
    return [
        Row(f"{name}: best of {TRIALS} trials", "off", ours, theirs, "random search", "difference", 0.0),
        Row(f"{name}: Wilcoxon's test", "p", [chance], [LIKELY], "what is significant", "measured", LIKELY),
    ]


def _best(search: SearchStrategy, loss: Loss) -> float:
    observations: list[LossObservation] = []
    for _ in range(TRIALS):
        values = search.suggest(observations, [])
        observations.append(LossObservation(values, loss(values)))
    search.close()
    return min(each.loss for each in observations)


def branin() -> tuple[Space, Loss]:
    """Branin's function; formula and minimum, 0.397887: https://www.sfu.ca/~ssurjano/branin.html"""

    def loss(values: Values) -> float:
        x, y = float(values["x"]), float(values["y"])
        valley = (y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6) ** 2
        return valley + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10 - 0.397887

    return Space((Numeric("x", -5.0, 10.0, "Linear"), Numeric("y", 0.0, 15.0, "Linear"))), loss


def hartmann() -> tuple[Space, Loss]:
    """Hartmann's function of six variables; formula and minimum, -3.32237: https://www.sfu.ca/~ssurjano/hart6.html"""
    weights = np.array([1.0, 1.2, 3.0, 3.2])
    steepness = np.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]])
    centres = 1e-4 * np.array(
        [
            [1312, 1696, 5569, 124, 8283, 5886],
            [2329, 4135, 8307, 3736, 1004, 9991],
            [2348, 1451, 3522, 2883, 3047, 6650],
            [4047, 8828, 8732, 5743, 1091, 381],
        ]
    )

    def loss(values: Values) -> float:
        place = np.array([float(values[f"x{axis}"]) for axis in range(6)])
        return 3.32237 - float(weights @ np.exp(-(steepness * (place - centres) ** 2).sum(axis=1)))

    return Space(tuple(Numeric(f"x{axis}", 0.0, 1.0, "Linear") for axis in range(6))), loss


def table_of_errors() -> tuple[Space, Loss]:
    """The relative error of kernel ridge regression on scikit-learn's diabetes data, for every combination of a grid."""
    from sklearn.datasets import load_diabetes
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.model_selection import cross_val_score

    data, target = load_diabetes(return_X_y=True)
    data, target = data[:300] / data[:300].std(axis=0), (target[:300] - target[:300].mean()) / target[:300].std()
    space = Space(
        (
            Numeric("alpha", -12, 6, "Linear", integer=True),  # powers of two
            Numeric("gamma", -14, 2, "Linear", integer=True),
            Categorical("kernel", ("rbf", "laplacian", "poly", "sigmoid")),
        )
    )

    def error(values: Values) -> float:
        model = KernelRidge(alpha=2.0 ** int(values["alpha"]), gamma=2.0 ** int(values["gamma"]), kernel=values["kernel"])
        return -float(cross_val_score(model, data, target, cv=3, scoring="neg_mean_squared_error").mean())

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Singular matrix")  # from the bad combinations
        errors = {tuple(values.values()): error(values) for values in space.every()}
    least = min(errors.values())
    return space, lambda values: errors[tuple(values[parameter.name] for parameter in space.parameters)] - least
