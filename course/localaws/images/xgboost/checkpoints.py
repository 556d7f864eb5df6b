"""Checkpoints of XGBoost: files with the model after each of the last rounds, named by round. Training resumes from the last.

Matches ``checkpointing`` of `sagemaker-xgboost-container` 1.7 (read 2026-11-25): the file names, the number of files kept, and the round at
which training resumes. Different: `train` prints the metrics of each round, as image 1.2 did, because MetricDefinitions need them; a file
that holds no model is skipped. In image 1.7 the built-in algorithm does not find its own checkpoints again; here it resumes from them, as
the developer guide says ("Checkpoints in Amazon SageMaker AI").
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
ROUNDS = 10  # the default of xgboost.train
logger = logging.getLogger(__name__)


def found(folder: Path) -> list[tuple[int, Path]]:
    """The rounds and files of a folder's checkpoints, sorted by round."""
    paths = folder.glob(f"{NAME}.*")
    return sorted((int(number), path) for path in paths if (number := path.suffix.removeprefix(".")).isdecimal())


def load(folder: Path, tries: int = TRIES) -> tuple[str | None, int]:
    """The file of the last checkpoint or None, and the number of rounds done."""
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
    """The same as `load`, and log it."""
    model, done = load(folder)
    if model:
        logger.info("Checkpoint loaded from %s", model)
        logger.info("Resuming from iteration %s", done)
    return model, done


def saving(folder: Path, kept: int = KEPT) -> xgboost.callback.TrainingCallback:
    """A callback that saves a checkpoint after each round and removes its own old ones. Only one host saves."""
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
    """A callback that prints the metrics of each round. ``first`` is the number of the first round."""
    package = import_xgboost()

    class Printing(package.callback.TrainingCallback):
        def after_iteration(self, model: xgboost.Booster, epoch: int, evals_log: dict) -> bool:
            if evals_log and package.collective.get_rank() == 0:
                print(round_line(first + epoch, evals_log), flush=True)
            return False

    return Printing()


def train(arguments: dict, folder: Path) -> xgboost.Booster:
    """Run ``xgboost.train`` with ``arguments``. It resumes from the folder's last checkpoint and saves further checkpoints there."""
    model, done = resume(folder)
    callbacks = [*(arguments.get("callbacks") or []), printing(done), saving(folder)]
    rounds = arguments.get("num_boost_round", ROUNDS) - done
    return import_xgboost().train(
        **arguments | {"num_boost_round": rounds, "xgb_model": model, "callbacks": callbacks, "verbose_eval": False}
    )


def round_line(number: int, evals_log: dict) -> str:
    """A round's metrics in XGBoost's format, which the image's metric definitions match."""
    values = [f"{data}-{name}:{history[-1]:.5f}" for data, metrics in evals_log.items() for name, history in metrics.items()]
    return "\t".join([f"[{number}]", *values])


def _write(model: xgboost.Booster, path: Path) -> None:
    unfinished = path.with_name(path.name + UNFINISHED)
    unfinished.write_bytes(model.save_raw("ubj"))
    unfinished.replace(path)
