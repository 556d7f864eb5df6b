"""The program ``train`` of the XGBoost image: the built-in algorithm, or script mode if the job names a script (not in image 0.72).

Matches `sagemaker-xgboost-container` 1.7: hyperparameters and their checks, channels, content types, XGBoost's metrics and the container's
additional ones, early stopping that keeps the best model, log lines, the ``xgboost-model`` file, and failure messages. Different: the
course's XGBoost trains the model unless the image's own was added (`images.libraries`); no GPU or k-fold. Several instances train one
model (`hosts`). A Pipe mode channel is read to its end before training, and never as RecordIO-Protobuf (`training_data`).
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import signal
import sys
import traceback
from pathlib import Path

from course.localaws.core.data_files import table
from course.localaws.images.hyperparameters import UserError, validate
from course.localaws.images.shared import script_mode
from course.localaws.images.xgboost import (
    checkpoints as xgboost_checkpoints,
)
from course.localaws.images.xgboost import (
    hosts as xgboost_hosts,
)
from course.localaws.images.xgboost import (
    metrics as xgboost_metrics,
)
from course.localaws.images.xgboost import (
    payloads,
    training_data,
)
from course.localaws.images.xgboost.versions import release, runs_scripts

FRAMEWORK_MODULE = "sagemaker_xgboost_container.training:main"
TABLE = Path(__file__).with_name("algorithm.yaml")
CHANNELS = {"train", "validation", "code"}
# Hyperparameters for the container, not for XGBoost.
OWN = {"num_round", "csv_weights", "early_stopping_rounds", "eval_metric", "_tuning_objective_metric", "save_model_on_termination"}
logger = logging.getLogger(__name__)


class AlgorithmError(Exception):
    """The container's ``AlgorithmError``: a failure inside the algorithm."""


def main(version: str) -> int:
    """Train and return the exit code. ``version`` is the image's, e.g. ``"1.7-1"``."""
    base = script_mode.base_directory()
    config = base / "input/config"
    hyperparameters = json.loads((config / "hyperparameters.json").read_text())
    if runs_scripts(version) and (script_mode.PROGRAM in hyperparameters or os.environ.get("SAGEMAKER_PROGRAM")):
        return script_mode.run(FRAMEWORK_MODULE)
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="[%(asctime)s:%(levelname)s] %(message)s", datefmt="%Y-%m-%d:%H:%M:%S"
    )
    logger.info("Imported framework sagemaker_xgboost_container.training")
    logger.info("Running XGBoost Sagemaker in algorithm mode")
    try:
        train(base, version, hyperparameters, json.loads((config / "inputdataconfig.json").read_text()))
    except Exception as error:
        script_mode.report(base, f"framework error: \n{traceback.format_exc(limit=-1)}\n{error}")
        return 1
    return 0


def train(base: Path, version: str, given: dict[str, str], channels: dict[str, dict]) -> None:
    """Train on the channels and write ``model/xgboost-model``.

    Raises
    ------
    UserError
        Hyperparameters, channels or data are wrong.
    AlgorithmError
        XGBoost failed.
    """
    declared = table(TABLE)
    known = {name: entry for name, entry in declared["hyperparameters"].items() if release(version) <= release(entry.get("until", version))}
    parameters = validate(given, known)
    check_dependencies(parameters, {*declared["metrics"]["maximize"], *declared["metrics"]["minimize"]})
    resources = json.loads((base / "input/config/resourceconfig.json").read_text())
    hosts, current = resources["hosts"], resources["current_host"]
    matrices = read_channels(base / "input/data", channels, bool(parameters.get("csv_weights")), len(hosts) > 1)
    metrics = evaluation_metrics(parameters)
    passed = for_xgboost({name: value for name, value in parameters.items() if passes(name, declared["hyperparameters"])})
    if len(hosts) > 1 and release(version) < [1] and passed.get("tree_method") == "exact":
        passed["tree_method"] = "approx"  # XGBoost before 1.0 did this itself if rows are distributed; later versions refuse
    with xgboost_hosts.collective_training(hosts, current, "train" in matrices) as keeps:
        if "train" not in matrices:
            return
        model = boost(checkpoint_folder(base), passed, parameters, metrics, matrices, declared["metrics"]["maximize"], keeps)
    if model is not None and keeps:
        # aws/sagemaker-xgboost-container#192, "Release 1.3-1": "In older versions, models were save by pickling"
        (base / "model/xgboost-model").write_bytes(pickle.dumps(model) if release(version) < [1, 3] else model.save_raw("ubj"))


def checkpoint_folder(base: Path) -> Path | None:
    """The folder of the job's checkpoints, if the job saves any."""
    config = base / "input/config/checkpointconfig.json"
    if not config.is_file():
        return None
    return base / Path(json.loads(config.read_text())["LocalPath"]).relative_to("/opt/ml")


def passes(name: str, declared: dict[str, dict]) -> bool:
    """Whether to pass a hyperparameter to XGBoost."""
    return name not in OWN and "ignored" not in declared[name]


def check_dependencies(parameters: dict, known_metrics: set[str]) -> None:
    """Check the hyperparameters that depend on each other. Raises UserError."""
    objective = parameters.get("objective", "reg:squarederror")
    if objective.startswith("multi:") and "num_class" not in parameters:
        raise UserError("Require input for parameter 'num_class' for multi-classification")
    for metric in parameters.get("eval_metric", []):
        name, at, threshold = metric.partition("@")
        if at:
            if name not in ("error", "ndcg", "map"):
                raise UserError(
                    f"Metric '{metric}' is not supported. Parameter 'eval_metric' with customized threshold should be one of these "
                    "options: 'error', 'ndcg', 'map'."
                )
            try:
                float(threshold.rstrip("-"))
            except ValueError:
                raise UserError(f"Threshold value 't' in '{name}@t' expects float input.") from None
        elif metric not in known_metrics:
            raise UserError(f"Hyperparameter eval_metric: value {parameters['eval_metric']} not in range {sorted(known_metrics)}")
        if metric == "auc" and not objective.startswith(("binary:", "rank:", "multi:")):
            raise UserError("Metric 'auc' can only be applied for classification and ranking problems.")
        if metric == "aft-nloglik" and objective != "survival:aft":
            raise UserError("Metric 'aft-nloglik' can only be applied for 'survival:aft' objective.")


def read_channels(folder: Path, channels: dict[str, dict], csv_weights: bool, several: bool) -> dict:
    """The DMatrices of ``train`` and, if that channel exists, ``validation``. On one of several hosts, either may have no data."""
    if "train" not in channels:
        raise UserError("Missing required channel: train")
    for name in channels:
        if name not in CHANNELS:
            raise UserError(f"Extraneous channel found: {name}")
    try:
        form = payloads.format_of(channels["train"].get("ContentType", ""))
    except ValueError as error:
        raise UserError(str(error)) from None
    piped = channels["train"]["TrainingInputMode"] == "Pipe"
    if piped and form not in payloads.PIPED:
        raise UserError(f"Channel configuration for 'train' channel is not supported: {channels['train']}")
    matrices = {}
    for name, label in (("train", "training"), ("validation", "validation")):
        if name in channels:
            source = Path(f"{folder / name}_0") if piped else folder / name
            matrix = training_data.read(source, form, csv_weights and name == "train")
            if matrix is not None:
                matrices[name] = matrix
            elif not several:
                raise UserError(f"No data in {label} channel path {folder / name}")
    if not several:
        logger.info("Single node training.")
    for name, matrix in matrices.items():
        logger.info("%s matrix has %s rows and %s columns", name.capitalize(), matrix.num_row(), matrix.num_col())
    return matrices


def evaluation_metrics(parameters: dict) -> list[str]:
    """The metrics to print: the job's, and the one that a tuning job optimises."""
    metrics = list(parameters.get("eval_metric", []))
    objective_metric = parameters.get("_tuning_objective_metric", "").rpartition(":")[2]
    if not objective_metric:
        return metrics
    logger.info("Setting up HPO optimized metric to be : %s", objective_metric)
    # Last, because early stopping uses the last metric.
    return [*(metric for metric in metrics if metric != objective_metric), objective_metric]


def for_xgboost(parameters: dict) -> dict:
    """The hyperparameters in the form that the installed XGBoost takes."""
    parameters = {name: ",".join(value) if isinstance(value, list) else value for name, value in parameters.items()}
    if parameters.get("objective") == "reg:linear":  # the old name of reg:squarederror
        parameters["objective"] = "reg:squarederror"
    if parameters.get("tree_method") == "gpu_hist":
        raise UserError("tree_method 'gpu_hist' needs a GPU: choose an instance type that has one, or tree_method 'hist'.")
    return parameters


def boost(checkpoints: Path | None, passed: dict, parameters: dict, metrics: list[str], matrices: dict, maximised: list[str], prints: bool):
    """Run XGBoost. Returns the model, or None if the job was stopped and does not save one.

    Parameters
    ----------
    checkpoints : Path, optional
        The folder of checkpoints: XGBoost resumes from the last and saves further ones.
    prints : bool
        Whether to print the metrics.
    """
    xgboost = payloads.import_xgboost()
    own_metrics = [metric for metric in metrics if metric in xgboost_metrics.FUNCTIONS]
    theirs = [metric for metric in metrics if metric not in own_metrics]
    if theirs:
        passed["eval_metric"] = theirs
    elif own_metrics:
        passed["disable_default_eval_metric"] = 1
    stopping = _Stopping()
    earlier, done = xgboost_checkpoints.resume(checkpoints) if checkpoints else (None, 0)
    callbacks = [_callback(xgboost, stopping, prints, done)]
    if checkpoints:
        callbacks.append(xgboost_checkpoints.saving(checkpoints))
    if "early_stopping_rounds" in parameters:
        watched = metrics[-1] if metrics else None
        callbacks.append(
            xgboost.callback.EarlyStopping(
                parameters["early_stopping_rounds"],
                metric_name=watched,
                data_name="validation" if "validation" in matrices else "train",
                maximize=watched.partition("@")[0] in maximised if watched else None,
                save_best=True,
            )
        )
    try:
        model = xgboost.train(
            passed,
            matrices["train"],
            num_boost_round=parameters["num_round"] - done,
            xgb_model=earlier,
            evals=[(matrix, name) for name, matrix in matrices.items()],
            custom_metric=xgboost_metrics.evaluate(own_metrics) if own_metrics else None,
            callbacks=callbacks,
            verbose_eval=False,
        )
    except xgboost.core.XGBoostError as error:
        raise AlgorithmError(f"XGB train call failed with exception:\n {error}") from error
    return None if stopping.asked and parameters.get("save_model_on_termination") != "true" else model


class _Stopping:
    """Records SIGTERM. Training then ends after the current round."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True


def _callback(xgboost, stopping: _Stopping, prints: bool, done: int):
    """A callback that prints the metrics of each round and ends training after SIGTERM. ``done`` rounds were done before."""

    class Rounds(xgboost.callback.TrainingCallback):
        def after_iteration(self, model, epoch: int, evals_log: dict) -> bool:
            if evals_log and prints:
                print(xgboost_checkpoints.round_line(done + epoch, evals_log), flush=True)
            return xgboost_hosts.any_host(stopping.asked)

    return Rounds()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
