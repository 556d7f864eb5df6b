"""The program ``serve`` of the scikit-learn image: the functions of a script (`serving_script`) with the container's defaults."""

from __future__ import annotations

import numpy as np

from course.localaws.images.shared import codecs, serving, serving_script
from course.localaws.images.shared.inference import Model

PRELOAD = ("joblib", "pandas", "sklearn.pipeline")  # see multi_model


def input_fn(data: str | bytes, content_type: str) -> np.ndarray:
    """Decode a request. CSV and JSON become float32, NPY keeps its type."""
    array = codecs.decode(data, content_type)
    return array.astype(np.float32) if content_type in codecs.UTF8_TYPES else array


def predict_fn(data: np.ndarray, model: object) -> object:
    return model.predict(data)


def load() -> Model:
    if not serving_script.program():
        raise RuntimeError("The scikit-learn image serves a script: set SAGEMAKER_PROGRAM and put it into code/ of model.tar.gz.")
    return serving_script.ScriptModel(serving_script.Defaults(input_fn, predict_fn))


if __name__ == "__main__":
    serving.serve(load)
