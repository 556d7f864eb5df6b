"""The committed tables of trials: real trainings, each with its hyperparameters and its curve, and a random search replayed on them.

A replay trains nothing. A random search asks for combinations drawn from its ranges; the table holds combinations that were drawn at
random and trained. To replay the search, rows within its ranges are drawn, those more often that its scales would draw more often.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

# What the trials of XGBoost were drawn from, on a logarithmic scale in 2,000 of them, on a linear scale in 500.
RANGES = {
    "eta": (0.001, 1.0),
    "max_depth": (1, 12),
    "min_child_weight": (0.1, 2000.0),
    "gamma": (0.001, 100.0),
    "subsample": (0.05, 1.0),
    "colsample_bytree": (0.1, 1.0),
    "lambda": (0.001, 10_000.0),
    "alpha": (0.001, 200.0),
}
WHOLE = ("max_depth",)  # hyperparameters that are whole numbers
ROUNDS = tuple(range(5, 101, 5))  # after which a trial of XGBoost was scored
ENOUGH = 30  # effective rows: with fewer, a replay is mostly luck
Space = Mapping[str, tuple[float, float, str]]  # name: least, most, "Logarithmic" or "Linear"
WIDE: Space = {name: (least, most, "Logarithmic") for name, (least, most) in RANGES.items()}


def trials(path: Path, rounds: int = 100) -> pd.DataFrame:
    """The trials of XGBoost as they stood after ``rounds`` rounds, one a row, under their numbers.

    Parameters
    ----------
    path : Path
        ``aws.data("tuning_trials")``.
    rounds : int
        One of `ROUNDS`.

    Returns
    -------
    DataFrame
        ``scaling``, the names of `RANGES`, ``auc`` (on the validation flights), ``train_auc``, ``test_auc`` and ``nodes`` (of all trees
        after 100 rounds).
    """
    table = pd.read_parquet(path).set_index("trial")
    place = ROUNDS.index(rounds)
    return table.assign(**{name: table[name].str[place] for name in ("auc", "train_auc", "test_auc")})


def curves(path: Path, score: str = "auc") -> pd.DataFrame:
    """One row a trial, one column for each of `ROUNDS`: how ``auc``, ``train_auc`` or ``test_auc`` went on."""
    table = pd.read_parquet(path, columns=["trial", score]).set_index("trial")
    return pd.DataFrame(np.vstack(table[score].to_numpy()), index=table.index, columns=list(ROUNDS))


def chances(table: pd.DataFrame, space: Space) -> pd.Series:
    """How likely a random search in ``space`` is to draw each row: zero outside its ranges, one in all.

    The rows were drawn on two scales themselves. Each counts as often as the search would draw it, divided by how often it was drawn.
    """
    wanted = np.prod([density(table[name], *space.get(name, WIDE[name])) for name in RANGES], axis=0)
    drawn = np.zeros(len(table))
    for scale, share in table.scaling.value_counts(normalize=True).items():
        drawn += share * np.prod([density(table[name], *bounds, scale) for name, bounds in RANGES.items()], axis=0)
    weights = pd.Series(wanted / drawn, index=table.index)
    return weights / weights.sum() if weights.any() else weights


def density(values: pd.Series, least: float, most: float, scale: str) -> np.ndarray:
    """The density of a draw from ``least`` to ``most``, uniform on its scale, at each value; of whole numbers, before it is rounded."""
    if values.name in WHOLE:
        least, most = least - 0.499, most + 0.499
    inside = (values >= least) & (values <= most)
    return np.where(inside, 1 / (values * np.log(most / least)) if scale == "Logarithmic" else 1 / (most - least), 0.0)


def effective(chance: pd.Series) -> float:
    """How many rows stand behind a replay: as many equally likely ones would say as much."""
    return float(1 / (chance**2).sum()) if chance.any() else 0.0


def replays(table: pd.DataFrame, space: Space, jobs: int, searches: int, seed: int = 0) -> np.ndarray:
    """Random searches in ``space``: the best AUC so far, one row a search, one column a job.

    Raises
    ------
    ValueError
        When fewer rows than `ENOUGH` stand behind it.
    """
    chance = chances(table, space)
    if effective(chance) < ENOUGH:
        raise ValueError(f"Only {(chance > 0).sum()} trials of the table lie within these ranges: too few for a replay. Widen the ranges.")
    tried = np.random.default_rng(seed).choice(table.auc, size=(searches, jobs), p=chance)
    return np.maximum.accumulate(tried, axis=1)


def example(table: pd.DataFrame, seed: int = 0) -> tuple[list[dict], list[dict]]:
    """A first search over all bounds as exercise 6.1.2 has them, with XGBoost's own names: its ranges and its 60 trials."""
    tried = table[table.scaling == "Logarithmic"].sample(60, random_state=seed)
    first = [
        {"Name": name, "MinValue": str(least), "MaxValue": str(most), "ScalingType": "Logarithmic"}
        for name, (least, most) in RANGES.items()
        if name not in WHOLE
    ]
    return first, tried[[*(one["Name"] for one in first), "auc"]].to_dict("records")
