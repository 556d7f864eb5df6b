"""The committed table of a small network's trainings, and one such training, for where PyTorch is installed."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from given.schedule import COLUMNS, ROWS
from sklearn.metrics import roc_auc_score

EPOCHS = 10  # of each training in the table; all were scored after each


def networks(path: Path, epochs: int = EPOCHS) -> pd.DataFrame:
    """The trainings as they stood after ``epochs`` epochs, one a row, under their numbers.

    Parameters
    ----------
    path : Path
        ``aws.data("network_trials")``.
    epochs : int
        From 1 to `EPOCHS`.

    Returns
    -------
    DataFrame
        ``layers``, ``width``, ``dropout``, ``batch_size``, ``learning_rate``, ``auc`` (on the validation flights), ``train_auc``,
        ``test_auc``, and ``steps``, how often the weights were moved until then.
    """
    table = pd.read_parquet(path).set_index("trial")
    scores = {name: table[name].str[epochs - 1] for name in ("auc", "train_auc", "test_auc")}
    return table.assign(**scores, steps=epochs * np.ceil(ROWS / table.batch_size).astype(int))


def expected_best(auc: pd.Series, jobs: int) -> float:
    """The best AUC of ``jobs`` trainings that are drawn from these, on average over all ways to draw them."""
    ranked = np.sort(auc.to_numpy())
    upto = np.arange(1, len(ranked) + 1) / len(ranked)
    return float(ranked @ np.diff(upto**jobs, prepend=0))


def train_network(
    flights: dict[str, pd.DataFrame], layers: int, width: int, dropout: float, batch_size: int, learning_rate: float, epochs: int
) -> list[float]:
    """AUC on the validation flights after each epoch of a real training. Takes PyTorch."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    inputs = {part: torch.tensor(scaled(rows, flights["train"])) for part, rows in flights.items()}
    late = torch.tensor(flights["train"].late.to_numpy(np.float32))
    sizes = [inputs["train"].shape[1], *[width] * layers]
    inner: list[Any] = []
    for before, after in zip(sizes, sizes[1:], strict=False):
        inner += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(dropout)]
    model = nn.Sequential(*inner, nn.Linear(width, 1))
    optimiser, loss_of, found = torch.optim.Adam(model.parameters(), lr=learning_rate), nn.BCEWithLogitsLoss(), []
    for _ in range(epochs):
        model.train()
        for batch in torch.randperm(len(late)).split(batch_size):
            optimiser.zero_grad()
            loss_of(model(inputs["train"][batch]).squeeze(1), late[batch]).backward()
            optimiser.step()
        model.eval()
        with torch.no_grad():
            found.append(float(roc_auc_score(flights["validation"].late, model(inputs["validation"]).squeeze(1).numpy())))
    return found


def scaled(rows: pd.DataFrame, train: pd.DataFrame) -> np.ndarray:
    """Mean 0 and standard deviation 1 by the training rows, 0 where a value is missing, a column for each airport."""
    numbers = ((rows[COLUMNS] - train[COLUMNS].mean()) / train[COLUMNS].std()).fillna(0).drop(columns="origin")
    return numbers.assign(**{f"origin_{code}": (rows.origin == code).astype(float) for code in range(3)}).to_numpy(np.float32)
