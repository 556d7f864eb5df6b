"""The program ``serve`` of the first-party algorithms: ``python -m course.localaws.images.algorithms.serve kmeans``."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from course.localaws.images.algorithms import ARTEFACT, implementation, payloads
from course.localaws.images.algorithms.train import load as read
from course.localaws.images.shared import serving, serving_script
from course.localaws.images.shared.inference import InferenceRequest, InferenceResponse, Model

logger = logging.getLogger("serve")


class AlgorithmModel:
    """An `inference.Model` that reads a model file. Raises RuntimeError if ``train`` of this algorithm did not write the file."""

    def __init__(self, name: str, path: Path) -> None:
        algorithm = implementation(name)
        try:
            arrays, self._configuration = read(path)
            self._model = algorithm.MODEL(arrays, self._configuration)
        except Exception as error:
            raise RuntimeError(f"{path} is no model that the local image of {name} has trained: {error}") from error
        self._columns, self._response = self._model.columns, algorithm.RESPONSE

    def __call__(self, request: InferenceRequest) -> InferenceResponse:
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
            return InferenceResponse(str(error).encode(), "text/plain; charset=utf-8", error.status)
        return InferenceResponse(payloads.encode(self._model.predict(features, verbose), kind, self._response), kind)


def load() -> Model:
    return AlgorithmModel(sys.argv[1], serving_script.model_directory() / ARTEFACT)


if __name__ == "__main__":
    serving.serve(load)
