"""Checkpoints for scripts that call ``xgboost.train``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.images.xgboost import checkpoints
from course.localaws.images.xgboost.checkpoints import KEPT, TRIES
from course.localaws.images.xgboost.checkpoints import NAME as CHECKPOINT_FILENAME

if TYPE_CHECKING:
    import xgboost

__all__ = ["CHECKPOINT_FILENAME", "load_checkpoint", "print_checkpointed_evaluation", "save_checkpoint", "train"]


def train(train_args: dict, checkpoint_dir: str) -> xgboost.Booster:
    """Train with checkpoints. ``train_args`` are the arguments of ``xgboost.train``."""
    return checkpoints.train(train_args, Path(checkpoint_dir))


def load_checkpoint(checkpoint_dir: str | None, max_try: int = TRIES) -> tuple[str | None, int]:
    """The file of the last checkpoint or None, and its number of rounds."""
    return checkpoints.load(Path(checkpoint_dir), max_try) if checkpoint_dir else (None, 0)


def save_checkpoint(
    checkpoint_dir: str,
    start_iteration: int = 0,
    max_to_keep: int = KEPT,
    num_round: int | None = None,
    rank: int = 0,
    iteration: int = 0,
    end_iteration: int | None = None,
) -> xgboost.callback.TrainingCallback:
    """A callback that saves a checkpoint after each round. The folder's files give the number of the round, as in the container."""
    return checkpoints.saving(Path(checkpoint_dir), max_to_keep)


def print_checkpointed_evaluation(
    end_iteration: int | None = None, iteration: int = 0, rank: int = 0, period: int = 1, show_stdv: bool = True, start_iteration: int = 0
) -> xgboost.callback.TrainingCallback:
    """A callback that prints the metrics of each round, counted from ``start_iteration``."""
    return checkpoints.printing(start_iteration)
