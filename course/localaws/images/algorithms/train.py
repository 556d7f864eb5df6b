"""The program ``train`` of the first-party algorithms: ``python -m course.localaws.images.algorithms.train kmeans``."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

import numpy as np

from course.localaws.images.algorithms import ARTEFACT, AlgorithmClientError, channels, configuration, declared, implementation, report
from course.localaws.images.shared import script_mode

SUCCESS, FAILED, CLIENT_ERROR = 0, 1, 2


def main(name: str) -> int:
    """Train and write ``model/model_algo-1``. On failure write ``output/failure``; the exit code tells errors of the user from others."""
    base = script_mode.base_directory()
    report.set_up()
    print("Docker entrypoint called with argument(s): train\nRunning default environment configuration script", flush=True)
    try:
        train(name, base)
    except AlgorithmClientError as error:
        return _failed(base, str(error), CLIENT_ERROR)
    except Exception as error:
        traceback.print_exc(file=sys.stdout)
        return _failed(base, f"{type(error).__name__}: {error}", FAILED)
    return SUCCESS


def train(name: str, base: Path) -> None:
    """Train on the channels below ``base``. Raises `AlgorithmClientError` for wrong hyperparameters, channels or data."""
    declaration, config = declared(name), base / "input/config"
    parameters = _parameters(declaration["hyperparameters"], json.loads((config / "hyperparameters.json").read_text()))
    given = json.loads((config / "inputdataconfig.json").read_text())
    channels.check(given, declaration["channels"])
    log = report.AlgorithmLog(declaration["name"])
    data = {
        channel: _read(base / "input/data" / channel, channel, given[channel].get("ContentType", ""), entry, parameters["feature_dim"], log)
        for channel, entry in declaration["channels"].items()
        if channel in given
    }
    arrays = implementation(name).train(parameters, data, log)
    if "test" in declaration["channels"] and "test" not in data:
        log.info("Test data is not provided.")
    save(base / "model" / ARTEFACT, arrays, parameters)


def save(path: Path, arrays: dict[str, np.ndarray], parameters: dict[str, object]) -> None:
    """Write a model file: arrays by name, and the configuration as JSON text."""
    with path.open("wb") as file:
        np.savez(file, configuration=np.array(json.dumps(parameters)), **arrays)


def load(path: Path) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """The arrays and the configuration of a model file. Raises ValueError or OSError for any other file."""
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    return arrays, json.loads(str(arrays.pop("configuration")))


def _read(
    folder: Path, channel: str, content_type: str, entry: dict, columns: int | str, log: report.AlgorithmLog
) -> channels.Dataset | list[str]:
    """The records of a channel, or its words if it is that of a vocabulary. ``entry`` declares the channel."""
    if entry.get("vocabulary"):
        words = channels.vocabulary(folder, channel, content_type, columns)
        log.info("Channel '%s' holds a vocabulary of %s words.", channel, len(words))
        return words
    dataset = channels.read(folder, channel, content_type, columns, entry.get("labelled", False))
    log.info("Channel '%s' holds %s records of %s features.", channel, *dataset.features.shape)
    return dataset


def _parameters(table: dict[str, dict], given: dict[str, str]) -> dict[str, object]:
    defaults = {name: entry["default"] for name, entry in table.items() if "default" in entry}
    report.logger.info("Reading default configuration: %s", defaults)
    report.logger.info("Merging with provided configuration from /opt/ml/input/config/hyperparameters.json: %s", given)
    parameters = configuration.resolve(given, table)
    report.logger.info("Final configuration: %s", parameters)
    for name in given:
        if reason := table.get(name, {}).get("ignored"):
            report.logger.warning("The hyperparameter %s has no effect on the local AWS: %s.", name, reason)
    return parameters


def _failed(base: Path, message: str, exit_code: int) -> int:
    report.logger.error("%s: %s", "Customer Error" if exit_code == CLIENT_ERROR else "Algorithm Error", message)
    (base / "output/failure").write_text(message)
    return exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
