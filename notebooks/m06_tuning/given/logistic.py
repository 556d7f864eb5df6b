"""A training program of our own: logistic regression by gradient descent, in NumPy alone.

It reads CSV without a header, the label first, from the channels `train` and, if there is one, `validation`. It fits on the first and
prints how it does on the second.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np


def rows(channel: str) -> np.ndarray:
    """All lines of a channel's files; nothing where there is no such channel."""
    folder = os.environ.get(f"SM_CHANNEL_{channel.upper()}")
    if folder is None:
        return np.empty((0, 1))
    return np.vstack([np.genfromtxt(path, delimiter=",") for path in sorted(Path(folder).glob("*.csv"))])


def area(labels: np.ndarray, scores: np.ndarray) -> float:
    """AUC: how often a flight that came late has a higher score than one that did not; no number when all are of one kind."""
    late, other = scores[labels == 1], scores[labels == 0]
    if not len(late) or not len(other):
        return float("nan")
    both = np.sort(other)
    below = np.searchsorted(both, late, side="left") + np.searchsorted(both, late, side="right")
    return float(below.mean() / 2 / len(other))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=0.1)
    parser.add_argument("--l2", type=float, default=0.001)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--report-every", type=int, default=10)
    given = parser.parse_args()

    train, validation = rows("train"), rows("validation")
    print(f"Read {len(train)} rows to train on, {len(validation)} to validate on", flush=True)
    print(f"{given.epochs} epochs, a report after each {given.report_every}", flush=True)
    means, deviations = np.nanmean(train[:, 1:], axis=0), np.nanstd(train[:, 1:], axis=0) + 1e-9

    def inputs(part: np.ndarray) -> np.ndarray:
        scaled = np.nan_to_num((part[:, 1:] - means) / deviations)
        return np.hstack([scaled, np.ones((len(part), 1))])

    weights = np.zeros(train.shape[1])
    known = inputs(train)
    for epoch in range(1, given.epochs + 1):
        chance = 1 / (1 + np.exp(-known @ weights))
        weights -= given.rate * (known.T @ (chance - train[:, 0]) / len(train) + given.l2 * weights)
        if epoch % given.report_every == 0:
            if len(validation):
                print(f"epoch {epoch}; validation AUC {area(validation[:, 0], inputs(validation) @ weights):.4f}", flush=True)
            print(f"epoch {epoch}; train AUC {area(train[:, 0], known @ weights):.4f}", flush=True)
    Path(os.environ["SM_MODEL_DIR"], "weights.json").write_text(json.dumps(weights.tolist()))


if __name__ == "__main__":
    main()
