"""Trains the models whose scores are the tables `tuning_trials` and `network_trials`. A lesson can look up a trial instead of training it.

Building both takes about half an hour on two cores. The same releases of XGBoost, PyTorch and NumPy give the same rows on the same kind of
processor; others differ in the last digits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

HERE = Path(__file__).resolve().parent
Trial = dict[str, Any]

SEED = 6
ROWS = 10_000  # in each part
COLUMNS = ["weekday", "hour", "origin", "distance", "temp", "wind_speed", "precip", "visib"]
WEATHER = COLUMNS[4:]
DIGITS = 4

# Wide on purpose: ranges that a person might choose without knowing the data. Name, minimum, maximum, whether an integer.
TREES = (
    ("eta", 0.001, 1, False),
    ("max_depth", 1, 12, True),
    ("min_child_weight", 0.1, 2000, False),
    ("gamma", 0.001, 100, False),
    ("subsample", 0.05, 1, False),
    ("colsample_bytree", 0.1, 1, False),
    ("lambda", 0.001, 10_000, False),
    ("alpha", 0.001, 200, False),
)
TREE_TRIALS = {"Logarithmic": 2000, "Linear": 500}
ROUNDS, EVERY = 100, 5

NETWORK = (
    ("layers", 1, 4, True, "Linear"),
    ("width", 8, 256, True, "Logarithmic"),
    ("dropout", 0, 0.7, False, "Linear"),
    ("batch_size", 32, 4096, True, "Logarithmic"),
    ("learning_rate", 1e-5, 1, False, "Logarithmic"),
)
NETWORK_TRIALS, EPOCHS = 400, 10


def tuning_trials() -> list[Trial]:
    """The trials of XGBoost, each trained for `ROUNDS` rounds, with its scores after every `EVERY` rounds."""
    return list(_trained(train_trees, tree_settings()))


def network_trials() -> list[Trial]:
    """The trials of a network, each trained for `EPOCHS` epochs, with its scores after each epoch."""
    return list(_trained(train_network, network_settings()))


def _trained(train: Callable[[Trial], Trial], settings: list[Trial]) -> Iterator[Trial]:
    from rich.progress import track

    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield from track(pool.map(train, settings, chunksize=4), f"{len(settings):,} trials", total=len(settings))


def tree_settings() -> list[Trial]:
    """The hyperparameters of each XGBoost trial; the first ones drawn on a logarithmic scale, the others on a linear one."""
    rng = np.random.default_rng(SEED)
    scales = [scale for scale, count in TREE_TRIALS.items() for _ in range(count)]
    return [
        {"trial": number, "scaling": scale} | {name: _draw(rng, *bounds, scale) for name, *bounds in TREES}
        for number, scale in enumerate(scales)
    ]


def network_settings() -> list[Trial]:
    rng = np.random.default_rng(SEED)
    return [{"trial": number} | {name: _draw(rng, *how) for name, *how in NETWORK} for number in range(NETWORK_TRIALS)]


def _draw(rng: np.random.Generator, least: float, most: float, whole: bool, scale: str) -> float | int:
    """Draw a value from a range; three digits are enough for a hyperparameter."""
    if whole:
        least, most = least - 0.499, most + 0.499
    drawn = float(np.exp(rng.uniform(np.log(least), np.log(most)))) if scale == "Logarithmic" else float(rng.uniform(least, most))
    return round(drawn) if whole else float(f"{drawn:.3g}")


@cache
def parts() -> Mapping[str, pd.DataFrame]:
    """`ROWS` flights for each part, with the schedule and the weather three hours before.

    The training part is from January to June; validation and test are different flights of July.
    """
    flown = pd.read_parquet(HERE / "flights.parquet").dropna(subset=["arr_delay"])
    observed = pd.read_parquet(HERE / "weather.parquet")[["origin", "time_hour", *WEATHER]].drop_duplicates(["origin", "time_hour"])
    observed["time_hour"] += pd.Timedelta(hours=3)
    rows = flown.merge(observed, on=["origin", "time_hour"], how="left")
    rows["late"] = (rows.arr_delay > 15).astype(int)
    rows["weekday"] = pd.to_datetime(rows[["year", "month", "day"]]).dt.dayofweek
    rows["hour"] = rows.sched_dep_time // 100
    rows["origin"] = rows.origin.map(["EWR", "JFK", "LGA"].index)
    first = rows[rows.month <= 6].sample(ROWS, random_state=SEED)
    july = rows[rows.month == 7].sample(2 * ROWS, random_state=SEED)
    return {part: each[["late", *COLUMNS]] for part, each in (("train", first), ("validation", july[:ROWS]), ("test", july[ROWS:]))}


@cache
def matrices() -> Mapping[str, Any]:
    """The parts as XGBoost's quantile matrices, with the bins of the training rows."""
    import xgboost

    train = xgboost.QuantileDMatrix(parts()["train"][COLUMNS], parts()["train"].late)
    others = {part: xgboost.QuantileDMatrix(rows[COLUMNS], rows.late, ref=train) for part, rows in parts().items() if part != "train"}
    return {"train": train} | others


def train_trees(setting: Trial) -> Trial:
    """The setting with its scores and the number of nodes in all trees, which determines nearly all of the training time."""
    import xgboost

    given = {name: setting[name] for name, *_ in TREES} | {"objective": "binary:logistic", "eval_metric": "auc", "nthread": 1, "seed": SEED}
    booster = xgboost.Booster(given, list(matrices().values()))
    curves: dict[str, list[float]] = {part: [] for part in matrices()}
    for done in range(1, ROUNDS + 1):
        booster.update(matrices()["train"], done - 1)
        if done % EVERY == 0:
            said = booster.eval_set([(matrix, part) for part, matrix in matrices().items()])
            for part, score in (each.rsplit(":", 1) for each in said.split("\t")[1:]):
                curves[part.removesuffix("-auc")].append(round(float(score), DIGITS))
    nodes = sum(tree.count("\n") for tree in booster.get_dump())
    return setting | {"auc": curves["validation"], "train_auc": curves["train"], "test_auc": curves["test"], "nodes": nodes}


def train_network(setting: Trial) -> Trial:
    """The setting with its scores after each epoch and the number of steps. A network that diverges gets an AUC of 0.5."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(SEED + setting["trial"])
    tensors = {part: torch.tensor(scaled(rows).to_numpy(np.float32)) for part, rows in parts().items()}
    labels = torch.tensor(parts()["train"].late.to_numpy(np.float32))
    model = network(tensors["train"].shape[1], setting["layers"], setting["width"], setting["dropout"])
    optimiser = torch.optim.Adam(model.parameters(), lr=setting["learning_rate"])
    loss_of = torch.nn.BCEWithLogitsLoss()
    curves: dict[str, list[float]] = {part: [] for part in tensors}
    steps = 0
    for _ in range(EPOCHS):
        model.train()
        for batch in torch.randperm(ROWS).split(setting["batch_size"]):
            optimiser.zero_grad()
            loss_of(model(tensors["train"][batch]).squeeze(1), labels[batch]).backward()
            optimiser.step()
            steps += 1
        model.eval()
        for part, tensor in tensors.items():
            with torch.no_grad():
                logits = model(tensor).squeeze(1).numpy()
            curves[part].append(_auc(parts()[part].late, logits))
    return setting | {"auc": curves["validation"], "train_auc": curves["train"], "test_auc": curves["test"], "steps": steps}


def network(columns: int, layers: int, width: int, dropout: float) -> Any:
    """Fully connected layers of one width, each with ReLU and dropout, and one output: a logit."""
    from torch import nn

    inner = [part for number in range(layers) for part in (nn.Linear(width if number else columns, width), nn.ReLU(), nn.Dropout(dropout))]
    return nn.Sequential(*inner, nn.Linear(width, 1))


def scaled(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows scaled to mean 0 and standard deviation 1 of the training rows; 0 for a missing value; the airport one-hot encoded."""
    train = parts()["train"][COLUMNS]
    numbers = ((rows[COLUMNS] - train.mean()) / train.std()).fillna(0).drop(columns="origin")
    return numbers.assign(**{f"origin_{code}": (rows.origin == code).astype(float) for code in range(3)})


def _auc(late: pd.Series, logits: np.ndarray) -> float:
    return round(float(roc_auc_score(late, logits)), DIGITS) if np.isfinite(logits).all() else 0.5


TABLES = {"tuning_trials": tuning_trials, "network_trials": network_trials}
