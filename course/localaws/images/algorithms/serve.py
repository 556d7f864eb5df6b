"""``serve`` of a first-party algorithm: ``python -m course.localaws.images.algorithms.serve kmeans``."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from course.localaws.images.algorithms import ARTEFACT, implementation, payloads
from course.localaws.images.algorithms.train import load as read
from course.localaws.images.shared import serving, serving_script

logger = logging.getLogger("serve")


class AlgorithmModel:
    """A `serving.Model` around a model file. Raises RuntimeError for one that was not written by ``train`` of the same algorithm."""

    def __init__(self, name: str, path: Path) -> None:
        try:
            arrays, self._configuration = read(path)
            self._model = implementation(name).MODEL(arrays, self._configuration)
        except Exception as error:
            raise RuntimeError(f"{path} is no model that the local image of {name} has trained: {error}") from error
        self._columns, self._response = self._model.columns, implementation(name).RESPONSE

    def __call__(self, request: serving.InferenceRequest) -> serving.InferenceResponse:
        try:
            features = payloads.decode(request.body, request.content_type)
            if features.shape[1] != self._columns:
                raise payloads.RefusedError(
                    400,
                    f"unable to evaluate payload provided: its records have {features.shape[1]} features, the model was trained on "
                    f"{self._columns}",
                )
            kind, verbose = payloads.accepted(request.accept)
        except payloads.RefusedError as error:
            logger.error("%s", error)
            return serving.InferenceResponse(str(error).encode(), "text/plain; charset=utf-8", error.status)
        return serving.InferenceResponse(payloads.encode(self._model.predict(features, verbose), kind, self._response), kind)


def load() -> serving.Model:
    return AlgorithmModel(sys.argv[1], serving_script.model_directory() / ARTEFACT)


if __name__ == "__main__":
    serving.serve(load)
