"""Searches replayed on the committed tables of trials: what a design of ranges would have found, without training anything."""

import random
from collections.abc import Mapping
from functools import cache

import numpy as np
import pandas as pd

from course import datasets

# What the trials of XGBoost were drawn from: on a logarithmic scale in most of them, on a linear one in the others.
BOUNDS = {
    "eta": (0.001, 1.0),
    "min_child_weight": (0.1, 2000.0),
    "gamma": (0.001, 100.0),
    "subsample": (0.05, 1.0),
    "colsample_bytree": (0.1, 1.0),
    "lambda": (0.001, 10_000.0),
    "alpha": (0.001, 200.0),
}
CLIFF = "min_child_weight"  # from some value on it leaves no split that pays
JOBS, PILOT = 6, 60
RECIPROCAL = "Linear in the reciprocal"
ROUNDED = 1e-4  # digits that were lost on the way
LEAST_ROWS = 30  # effective rows within a design's ranges: with fewer a replay says nothing
Space = Mapping[str, tuple[float, float, str]]
WIDE: Space = {name: (*bounds, "Logarithmic") for name, bounds in BOUNDS.items()}


@cache
def table() -> pd.DataFrame:
    """The trials after their last round; the depth of the trees is searched as it was there."""
    trials = datasets.load("tuning_trials")
    return trials.assign(auc=trials.auc.str[-1])[["scaling", *BOUNDS, "auc"]]


def chances(rows: pd.DataFrame, space: Space) -> np.ndarray:
    """How likely a random search in ``space`` is to draw each row, one in all: how it draws them, divided by how they were drawn."""
    wanted = np.prod([_density(rows[name], *space[name]) for name in BOUNDS], axis=0)
    shares = rows.scaling.value_counts(normalize=True)
    drawn = sum(share * np.prod([_density(rows[name], *BOUNDS[name], scale) for name in BOUNDS], axis=0) for scale, share in shares.items())
    weights = wanted / drawn
    return weights / weights.sum() if weights.any() else weights


def _density(values: pd.Series, least: float, most: float, scale: str) -> np.ndarray:
    inside = (values >= least) & (values <= most)
    if scale == "Logarithmic":
        return np.where(inside, 1 / (values * np.log(most / least)), 0.0)
    if scale == RECIPROCAL:
        return np.where(inside, 1 / (values**2 * (1 / least - 1 / most)), 0.0)
    return np.where(inside, 1 / (most - least), 0.0)


def expected_best(rows: pd.DataFrame, space: Space, jobs: int = JOBS) -> float:
    """The AUC that the best of ``jobs`` random trials in ``space`` has on average; 0 when too few rows lie there to tell."""
    chance = chances(rows, space)
    if not chance.any() or 1 / (chance**2).sum() < LEAST_ROWS:
        return 0.0
    order = np.argsort(rows.auc.to_numpy())
    upto = np.cumsum(chance[order])
    return float(rows.auc.to_numpy()[order] @ np.diff(upto**jobs, prepend=0))


class Brief:
    """A first search of a program whose hyperparameters have other names and units, and what is known of it.

    Each is one of XGBoost's times some number; or its reciprocal, as libraries that have a C for a penalty, so that no side of a range is
    known to be the good one.

    Parameters
    ----------
    rng : random.Random
    linear : collection of str
        Which hyperparameters it searched on a linear scale. When there are none, the range of the one with a cliff begins nearer to it.
    """

    def __init__(self, rng: random.Random, linear: tuple[str, ...] = ()) -> None:
        self.names = dict(zip(BOUNDS, (f"h{number}" for number in rng.sample(range(10, 100), len(BOUNDS))), strict=True))
        self._units = {name: 10 ** rng.uniform(-2, 2) for name in BOUNDS}
        self._reciprocal = {name: rng.random() < 0.5 and name not in linear for name in BOUNDS}
        bounds = BOUNDS if linear else BOUNDS | {CLIFF: (10 ** rng.uniform(0.5, 1.7), BOUNDS[CLIFF][1])}
        self.wide = {name: (*ends, "Logarithmic") for name, ends in bounds.items()}
        asked = {name: (*bounds[name], "Linear" if name in linear else "Logarithmic") for name in BOUNDS}
        rows, draws = table(), np.random.default_rng(rng.getrandbits(32))
        self._tried = draws.choice(len(rows), size=PILOT, replace=False, p=chances(rows, asked))
        order = rng.sample(list(BOUNDS), len(BOUNDS))
        self.first = [self._range(name, *asked[name]) for name in order]
        self.trials = [
            {self.names[name]: float(f"{self._shown(name, row[name]):.5g}") for name in order} | {"auc": row["auc"]}
            for row in rows.iloc[self._tried].to_dict("records")
        ]

    def _shown(self, name: str, value: float) -> float:
        return self._units[name] * (1 / value if self._reciprocal[name] else value)

    def _range(self, name: str, least: float, most: float, scale: str) -> dict:
        low, high = sorted((self._shown(name, least), self._shown(name, most)))
        return {"Name": self.names[name], "MinValue": f"{low:.8g}", "MaxValue": f"{high:.8g}", "ScalingType": scale}

    @property
    def unseen(self) -> pd.DataFrame:
        """The trials that the first search did not try."""
        return table().drop(index=table().index[self._tried])

    def space(self, ranges: list[dict]) -> Space:
        """Ranges in the brief's names and units as a space of the table."""
        given = {each["Name"]: each for each in ranges}
        return {name: self._ends(name, given[covered]) for name, covered in self.names.items()}

    def _ends(self, name: str, given: dict) -> tuple[float, float, str]:
        low, high = (float(given[end]) / self._units[name] for end in ("MinValue", "MaxValue"))
        least, most = (1 / high, 1 / low) if self._reciprocal[name] else (low, high)
        return (
            least * (1 - ROUNDED),
            most * (1 + ROUNDED),
            RECIPROCAL if self._reciprocal[name] and given["ScalingType"] == "Linear" else given["ScalingType"],
        )


NETWORK_JOBS, ROWS_TRAINED, LEAST_TRIALS, TOO_FEW = 3, 10_000, 5, 0.5


@cache
def networks() -> pd.DataFrame:
    return datasets.load("network_trials")[["batch_size", "learning_rate", "auc"]]


class Steps:
    """Networks of some batch sizes after some epochs.

    Parameters
    ----------
    window : tuple of int
        The least and the largest batch size.
    epochs : int
    """

    def __init__(self, window: tuple[int, int], epochs: int) -> None:
        self.window, self.epochs = window, epochs
        rows = networks()
        rows = rows[rows.batch_size.between(*window)]
        self._rates, self._auc = rows.learning_rate.to_numpy(), rows.auc.str[epochs - 1].to_numpy(float)

    def best(self, low: float, high: float) -> float:
        """What the best of three trainings with rates of this range reaches on average; `TOO_FEW` when they are too few to tell."""
        auc = np.sort(self._auc[(self._rates >= low) & (self._rates <= high)])
        if len(auc) < LEAST_TRIALS:
            return TOO_FEW
        return float(auc @ np.diff((np.arange(1, len(auc) + 1) / len(auc)) ** NETWORK_JOBS, prepend=0))

    @property
    def steps(self) -> float:
        """How many there are with a batch size in the middle."""
        return self.epochs * ROWS_TRAINED / (self.window[0] * self.window[1]) ** 0.5
