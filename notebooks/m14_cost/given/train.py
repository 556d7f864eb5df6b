"""A training script that can be interrupted: logistic regression, a step of gradient descent each round.

It saves its weights every `save_every` rounds, and goes on from the last that are saved.
"""

import json
import time
from pathlib import Path

import numpy as np

OPT = Path("/opt/ml")
CHECKPOINTS = OPT / "checkpoints"
SECONDS = 0.01  # that a round waits: on a real table it would compute


def latest() -> tuple[int, np.ndarray | None]:
    """The rounds that are done, and the weights after them."""
    saved = sorted(CHECKPOINTS.glob("round-*.npy"))
    if not saved:
        return 0, None
    return int(saved[-1].stem.removeprefix("round-")), np.load(saved[-1])


def save(done: int, weights: np.ndarray) -> None:
    """Write beside, and rename: a file that is half written has no name of a checkpoint."""
    CHECKPOINTS.mkdir(parents=True, exist_ok=True)
    with (CHECKPOINTS / "unfinished").open("wb") as file:
        np.save(file, weights)
    (CHECKPOINTS / "unfinished").replace(CHECKPOINTS / f"round-{done:06d}.npy")


def main() -> None:
    given = json.loads((OPT / "input/config/hyperparameters.json").read_text())
    rounds, every = int(given["rounds"]), int(given["save_every"])
    rows = np.loadtxt(OPT / "input/data/rows/rows.csv", delimiter=",", ndmin=2)
    labels, features = rows[:, 0], rows[:, 1:]
    done, weights = latest()
    weights = np.zeros(features.shape[1]) if weights is None else weights
    print(f"begins after round {done} of {rounds}", flush=True)
    while done < rounds:
        chances = 1 / (1 + np.exp(-features @ weights))
        weights = weights - 0.1 * features.T @ (chances - labels) / len(labels)
        done += 1
        time.sleep(SECONDS)
        if done % every == 0 and done < rounds:
            save(done, weights)
    print(f"ends after round {done}", flush=True)
    np.save(OPT / "model/weights.npy", weights)


main()
