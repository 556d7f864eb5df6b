"""Bayesian optimisation: a Gaussian process of the loss over the scaled space chooses the combination of highest expected improvement.

Matches AWS's documentation of its Bayesian strategy: it treats tuning as a regression problem, balances exploitation and exploration, and
takes running jobs into account. AWS's implementation is closed. Its published outline (Perrone et al., "Amazon SageMaker Automatic Model
Tuning: Scalable Gradient-Free Optimization", https://arxiv.org/abs/2012.08489) also has a Gaussian process with a Matérn-5/2 kernel and
expected improvement. Differences: inputs are not warped, the kernel's parameters are fitted by maximum likelihood and not sampled, and a
running combination is assumed to have its predicted loss.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from course.localaws.sagemaker.tuning.strategies.sampling import LossObservation, RandomSearch, SearchStrategy
from course.localaws.sagemaker.tuning.strategies.space import Categorical, Space, Values, key

if TYPE_CHECKING:
    import numpy as np
    from sklearn.gaussian_process import GaussianProcessRegressor

FIRST = 4  # least number of random combinations before there is a model; otherwise one more than there are hyperparameters
CANDIDATES = 512  # drawn from the whole space for each suggestion
AROUND = 64  # drawn around each of the best, at each distance
DISTANCES = (0.1, 0.03, 0.01)  # of the unit interval
KEPT = 4  # most promising candidates, around which more are drawn
MOST_OBSERVATIONS = 200  # the model uses the best half and the latest half of them, because its cost grows with the cube of their number


class BayesianSearch(SearchStrategy):
    """Random combinations first, then those of highest expected improvement. The same seed and losses give the same combinations.

    Parameters
    ----------
    space : Space
    seed : int
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._space, self._seed = space, seed
        self._random = RandomSearch(space, seed)
        self._first = max(FIRST, len(space.parameters) + 1)
        self._suggested = 0

    def prepare(self) -> None:
        import sklearn.gaussian_process  # noqa: F401

    def suggest(self, observations: Sequence[LossObservation], pending: Sequence[Values]) -> Values | None:
        self._suggested += 1
        known = [each for each in observations if self._space.coordinates(each.values) is not None]
        if len(known) + len(pending) < self._first or len(known) < 2:
            return self._random.suggest(observations, pending)
        values = _Suggestion(self._space, (self._seed, self._suggested), known, pending).best()
        return self._random.suggest(observations, pending) if values is None else values


class _Suggestion:
    """One suggestion: the model of the observations, and the search for its most promising combination."""

    def __init__(self, space: Space, seed: tuple[int, int], observations: Sequence[LossObservation], pending: Sequence[Values]) -> None:
        import numpy as np

        self._space, self._random = space, np.random.default_rng(seed)
        self._tried = {key(each.values) for each in observations} | {key(values) for values in pending}
        observations = _reduced(observations)
        self._places = np.array([space.units(each.values) for each in observations])
        inputs, losses = np.array([space.coordinates(each.values) for each in observations]), _comparable(observations)
        self._model = _fitted(inputs, losses)
        if pending:
            # A "kriging believer": assume that running combinations get their predicted loss, so that the next suggestion differs.
            believed = np.array([space.coordinates(values) for values in pending])
            losses = np.append(losses, self._model.predict(believed))
            self._model = _conditioned(self._model, np.vstack([inputs, believed]), losses)
        self._best = losses.min()
        self._order = np.argsort(losses[: len(observations)])

    def best(self) -> Values | None:
        """The untried combination of highest expected improvement; None if no untried one was drawn."""
        import numpy as np

        dimensions = len(self._space.parameters)
        near = self._moved(self._places[self._order[:3]], DISTANCES[0])
        found = self._most_promising(np.vstack([self._random.random((CANDIDATES, dimensions)), near]))
        for distance in DISTANCES:
            centres = np.array([place for _, place, _ in found]).reshape(-1, dimensions)
            found = sorted(found + self._most_promising(self._moved(centres, distance)), key=lambda each: -each[0])[:KEPT]
        return found[0][2] if found else None

    def _moved(self, centres: np.ndarray, distance: float) -> np.ndarray:
        """Points around others, each changed in about half of its hyperparameters. A category is drawn at random."""
        import numpy as np

        places = np.repeat(centres, AROUND, axis=0)
        moved = places + self._random.normal(0, distance, places.shape)
        categories = [index for index, parameter in enumerate(self._space.parameters) if parameter.width > 1]
        moved[:, categories] = self._random.random((len(places), len(categories)))
        changed = self._random.random(places.shape) < 0.5
        return np.clip(np.where(changed, moved, places), 0.0, 1.0)

    def _most_promising(self, places: np.ndarray) -> list[tuple[float, np.ndarray, Values]]:
        """``(expected improvement, point, combination)`` of the best untried ones."""
        import numpy as np

        if not len(places):
            return []
        gains = expected_improvement(*self._model.predict(_settled(self._space, places), return_std=True), self._best)
        found: dict[tuple, tuple[float, np.ndarray, Values]] = {}
        for index in np.argsort(-gains):
            values = self._space.values(places[index].tolist())
            if (each := key(values)) not in self._tried and each not in found:
                found[each] = (float(gains[index]), places[index], values)
                if len(found) == KEPT:
                    break
        return list(found.values())


def expected_improvement(mean: np.ndarray, deviation: np.ndarray, best: float) -> np.ndarray:
    """The mean improvement of a normally distributed loss over the best one.

    Formula (35) of Jones, Schonlau and Welch, "Efficient Global Optimization of Expensive Black-Box Functions", 1998.
    """
    import numpy as np
    from scipy.special import ndtr

    deviation = np.maximum(deviation, 1e-9)
    gap = (best - mean) / deviation
    return deviation * (gap * ndtr(gap) + np.exp(-0.5 * gap**2) / math.sqrt(2 * math.pi))


def _reduced(observations: Sequence[LossObservation]) -> list[LossObservation]:
    if len(observations) <= MOST_OBSERVATIONS:
        return list(observations)
    half = MOST_OBSERVATIONS // 2
    return sorted(observations[:-half], key=lambda each: each.loss)[:half] + list(observations[-half:])


def _comparable(observations: Sequence[LossObservation]) -> np.ndarray:
    """The losses on one scale: standardised for each source, because another data set may have very different losses.

    Bad outliers are clipped, because they would flatten the model of the good combinations.
    """
    import numpy as np

    losses = np.array([each.loss for each in observations])
    sources = np.array([each.source for each in observations])
    for source in sorted(set(sources.tolist())):
        mine = sources == source
        lower, middle = np.quantile(losses[mine], [0.1, 0.5])
        limit = middle + 2 * max(middle - lower, 1e-12)
        excess = np.maximum(losses[mine] - limit, 0.0)
        drawn_in = np.minimum(losses[mine], limit) + (limit - middle) * np.log1p(excess / (limit - middle))
        losses[mine] = (drawn_in - drawn_in.mean()) / (drawn_in.std() or 1.0)
    return losses


def _settled(space: Space, places: np.ndarray) -> np.ndarray:
    """The coordinates of the combinations at some points, rounded to the values of integers and categories."""
    import numpy as np

    columns = []
    for parameter, units in zip(space.parameters, places.T, strict=True):
        if isinstance(parameter, Categorical):
            chosen = np.minimum((units * parameter.count).astype(int), parameter.count - 1)
            columns.append(np.eye(parameter.count)[chosen])
        elif parameter.integer:
            columns.append(np.array([[parameter.unit(parameter.value(unit))] for unit in units.tolist()]))
        else:
            columns.append(units[:, None])
    return np.hstack(columns)


def _fitted(inputs: np.ndarray, losses: np.ndarray) -> GaussianProcessRegressor:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    shape = Matern([0.5] * inputs.shape[1], length_scale_bounds=(0.05, 10.0), nu=2.5)
    kernel = ConstantKernel(1.0, (0.05, 20.0)) * shape + WhiteKernel(1e-3, (1e-6, 0.3))
    model = GaussianProcessRegressor(kernel, normalize_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a hyperparameter without effect gets a length scale at its bound
        return model.fit(inputs, losses)


def _conditioned(model: GaussianProcessRegressor, inputs: np.ndarray, losses: Iterable[float]) -> GaussianProcessRegressor:
    """The same model with its fitted kernel and more observations."""
    from sklearn.gaussian_process import GaussianProcessRegressor

    return GaussianProcessRegressor(model.kernel_, optimizer=None, normalize_y=True).fit(inputs, losses)
