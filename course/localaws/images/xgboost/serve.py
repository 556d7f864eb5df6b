"""The program ``serve`` of the XGBoost image: algorithm mode, or the functions of a script (`serving_script`).

Matches the requests and answers of `sagemaker-xgboost-container`: the format of predictions (`responses`), selectable inference, the mean
of several model files, 415 for a malformed payload and 400 for one that does not fit the model, with its messages. AWS's container loads
the model at the first request, and answers 500 if it cannot. So does this one for a model that only AWS's XGBoost cannot read: alarms on
errors can roll such a release back. Different: any other model is loaded before the server answers ``/ping``, so that a broken one shows
when the endpoint is created; the number of columns is checked for every format of model file.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course.localaws.images.shared import serving, serving_script
from course.localaws.images.shared.inference import InferenceRequest, InferenceResponse, Model, with_charset
from course.localaws.images.xgboost import payloads, responses, selectable, versions

if TYPE_CHECKING:
    import xgboost

PRELOAD = ("numpy", "xgboost")  # see multi_model
logger = logging.getLogger("serve")


class AlgorithmMode:
    """An `inference.Model` that calls the boosters of a model directory. ``version`` is the image's."""

    def __init__(self, model_dir: Path, version: str) -> None:
        payloads.import_xgboost()
        files = sorted(path for path in model_dir.iterdir() if path.is_file())
        if not files:
            raise RuntimeError(f"There is no model file in {model_dir}; algorithm mode needs one, e.g. xgboost-model.")
        if os.environ.get("SAGEMAKER_INFERENCE_ENSEMBLE", "true").lower() != "true":
            files = files[:1]
        one_of_many = os.environ.get("SAGEMAKER_MULTI_MODEL", "").lower() == "true"
        self._unreadable = ""
        try:
            self._boosters = [payloads.load_booster(path, version) for path in files]
        except versions.UnreadableModelError as error:
            if one_of_many:
                raise
            logger.error("%s", error)
            self._unreadable = f"Unable to load model: {error}"
        self._batch = bool(os.environ.get("SAGEMAKER_BATCH"))
        self._one_of_many = one_of_many
        self._selected = "" if one_of_many else os.environ.get("SAGEMAKER_INFERENCE_OUTPUT", "")
        self._answers = responses.answers(version, one_of_many, bool(self._selected))

    def __call__(self, request: InferenceRequest) -> InferenceResponse:
        if not request.body:
            return InferenceResponse(b"", "text/html", 204)
        try:
            form = payloads.format_of(request.content_type)
            data = self._read(request.body, form, request.content_type)
        except ValueError as error:
            return _failure(415, error)
        if self._unreadable:
            return _failure(500, self._unreadable)
        try:
            predictions = self._predict(data, form)
        except Exception as error:
            return _failure(400, f"Unable to evaluate payload provided: {error}")
        try:
            accept = self._answers.accept(request.accept)
        except ValueError as error:
            return _failure(406, error)
        try:
            return InferenceResponse(self._encode(predictions, accept), accept if self._one_of_many else with_charset(accept))
        except Exception as error:
            return _failure(self._answers.unencodable, error)

    def _read(self, body: bytes, form: str, content_type: str) -> xgboost.DMatrix:
        if form not in payloads.READERS:
            raise ValueError(f"Content-type {content_type} is not supported.")
        try:
            with payloads.without_heavy():
                data = payloads.READERS[form](body)
            if form == payloads.LIBSVM and not data.num_col():
                raise ValueError("cannot infer dimensions from zero sized index arrays")  # the message of scipy, which the container uses
            return data
        except Exception as error:
            raise ValueError(
                f"Loading {form} data failed with Exception, please ensure data is in {form} format:\n {type(error)}\n {error}"
            ) from error

    def _predict(self, data: xgboost.DMatrix, form: str) -> np.ndarray:
        trained, given = self._boosters[0].num_features(), data.num_col()
        if form == payloads.LIBSVM and given > trained + 1:
            raise ValueError(f"Feature size of libsvm inference data {given} is larger than feature size of trained model {trained}.")
        # A model trained on LIBSVM with indices from 1 has one column more than CSV with the same features. So the container
        # accepts one missing column, even if that is a mistake.
        if form != payloads.LIBSVM and given not in (trained, trained - 1):
            raise ValueError(
                f"Feature size of {form} inference data {given} is not consistent with feature size of trained model {trained}."
            )
        return np.mean([_predict(booster, data) for booster in self._boosters], axis=0)

    def _encode(self, predictions: np.ndarray, accept: str) -> bytes:
        if not self._selected:
            return responses.lines(predictions.tolist()) if self._batch else self._answers.encode(predictions.tolist(), accept)
        keys = selectable.keys_of(self._selected)
        selected = selectable.select(predictions, keys, json.loads(self._boosters[0].save_config()))
        encoded = selectable.encode(selected, keys, accept, self._batch)
        return encoded if isinstance(encoded, bytes) else encoded.encode()


def _predict(booster: xgboost.Booster, data: xgboost.DMatrix) -> np.ndarray:
    """The predictions of all iterations, or up to the best one if training stopped early."""
    best = booster.attr("best_iteration")
    rounds = (0, int(best) + 1) if best is not None else (0, 0)
    return booster.predict(data, iteration_range=rounds, validate_features=False)


def _failure(status: int, message: object) -> InferenceResponse:
    logger.error("%s", message)
    return InferenceResponse(str(message).encode(), "text/html; charset=utf-8", status)


def _input(data: str | bytes, content_type: str) -> xgboost.DMatrix:
    return payloads.decode(data, content_type)


def _predict_fn(data: xgboost.DMatrix, model: xgboost.Booster) -> np.ndarray:
    return model.predict(data, validate_features=False)


def load() -> Model:
    version = sys.argv[1]
    if serving_script.program() and versions.runs_scripts(version):
        return serving_script.ScriptModel(serving_script.Defaults(_input, _predict_fn))
    return AlgorithmMode(serving_script.model_directory(), version)


if __name__ == "__main__":
    serving.serve(load)
