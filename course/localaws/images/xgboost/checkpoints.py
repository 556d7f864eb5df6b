"""Checkpoints of XGBoost: the model after each of the last rounds, in a file with the number of the round, from which training goes on.

Matches ``checkpointing`` of `sagemaker-xgboost-container` 1.7 (read 2026-11-25): names of the files, how many are kept, where training
begins. Different: `train` prints the metrics of each round, as image 1.2 did, without which no MetricDefinition finds them; a file that
holds no model is passed over. Image 1.7 has the algorithm itself write checkpoints under names that it does not find again; here it goes on
from them, as the developer guide says ("Checkpoints in Amazon SageMaker AI").
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.images.xgboost.payloads import import_xgboost

if TYPE_CHECKING:
    import xgboost

NAME = "xgboost-checkpoint"
KEPT, TRIES = 5, 5
UNFINISHED = ".sagemaker-ignore"
ROUNDS = 10  # of xgboost.train when it is not told
logger = logging.getLogger(__name__)


def found(folder: Path) -> list[tuple[int, Path]]:
    """The rounds and files of a folder's checkpoints, in the order of the rounds."""
    paths = folder.glob(f"{NAME}.*")
    return sorted((int(number), path) for path in paths if (number := path.suffix.removeprefix(".")).isdecimal())


def load(folder: Path, tries: int = TRIES) -> tuple[str | None, int]:
    """The file of the last checkpoint, None without one, and the number of rounds that are done with it."""
    core = import_xgboost().core
    for number, path in reversed(found(folder)[-tries:]):
        try:
            core.Booster().load_model(bytearray(path.read_bytes()))
        except core.XGBoostError:
            logger.warning("%s holds no model", path)
            continue
        return str(path), number + 1
    return None, 0


def resume(folder: Path) -> tuple[str | None, int]:
    """What `load` finds, which the log tells."""
    model, done = load(folder)
    if model:
        logger.info("Checkpoint loaded from %s", model)
        logger.info("Resuming from iteration %s", done)
    return model, done


def saving(folder: Path, kept: int = KEPT) -> xgboost.callback.TrainingCallback:
    """A callback that leaves a checkpoint after each round and removes those of its own that are too old; one host writes them."""
    package = import_xgboost()
    folder.mkdir(parents=True, exist_ok=True)
    earlier = found(folder)

    class Saving(package.callback.TrainingCallback):
        def after_iteration(self, model: xgboost.Booster, epoch: int, evals_log: dict) -> bool:
            if package.collective.get_rank() == 0:
                present = found(folder)
                _write(model, folder / f"{NAME}.{present[-1][0] + 1 if present else 0}")
                for old in found(folder)[:-kept]:
                    if old not in earlier:
                        old[1].unlink()
            return False

    return Saving()


def printing(first: int) -> xgboost.callback.TrainingCallback:
    """A callback that prints the metrics of each round; ``first`` is the number of the first."""
    package = import_xgboost()

    class Printing(package.callback.TrainingCallback):
        def after_iteration(self, model: xgboost.Booster, epoch: int, evals_log: dict) -> bool:
            if evals_log and package.collective.get_rank() == 0:
                print(round_line(first + epoch, evals_log), flush=True)
            return False

    return Printing()


def train(arguments: dict, folder: Path) -> xgboost.Booster:
    """``xgboost.train`` with ``arguments``, going on from the folder's last checkpoint and leaving more of them there."""
    model, done = resume(folder)
    callbacks = [*(arguments.get("callbacks") or []), printing(done), saving(folder)]
    rounds = arguments.get("num_boost_round", ROUNDS) - done
    return import_xgboost().train(
        **arguments | {"num_boost_round": rounds, "xgb_model": model, "callbacks": callbacks, "verbose_eval": False}
    )


def round_line(number: int, evals_log: dict) -> str:
    """A round's metrics as XGBoost prints them, where the image's metric definitions find them."""
    values = [f"{data}-{name}:{history[-1]:.5f}" for data, metrics in evals_log.items() for name, history in metrics.items()]
    return "\t".join([f"[{number}]", *values])


def _write(model: xgboost.Booster, path: Path) -> None:
    unfinished = path.with_name(path.name + UNFINISHED)
    unfinished.write_bytes(model.save_raw("ubj"))
    unfinished.replace(path)
